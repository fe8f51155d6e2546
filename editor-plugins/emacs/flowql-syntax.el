;;; flowql-syntax.el --- Syntax and colours of FlowQL -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; How FlowQL's words, strings and comments are told apart, and the faces that
;; they get.  The words are those of the generated `flowql-words'.
;;
;; What only the compiler knows has no colour of its own here: whether a plain
;; number is an AS number, and what is a column when no operator follows it and
;; the default schema does not have it.  The language server's semantic tokens
;; tell that.

;;; Code:

(require 'flowql-words)

(defgroup flowql-faces nil
  "Faces of FlowQL."
  :group 'flowql)

(defface flowql-keyword '((t :inherit font-lock-keyword-face))
  "Face of AND, OR and NOT.")

(defface flowql-operator
  `((t :inherit ,(if (facep 'font-lock-operator-face)
                     'font-lock-operator-face
                   'font-lock-builtin-face)))
  "Face of operators, words and symbols alike.")

(defface flowql-column '((t :inherit font-lock-variable-name-face))
  "Face of columns.")

(defface flowql-number
  `((t :inherit ,(if (facep 'font-lock-number-face)
                     'font-lock-number-face
                   'font-lock-constant-face)))
  "Face of numbers and ranges of numbers.")

(defface flowql-as-number '((t :inherit flowql-number))
  "Face of AS numbers.")

(defface flowql-address '((t :inherit font-lock-constant-face))
  "Face of IP addresses, subnets and MAC addresses.")

(defface flowql-community '((t :inherit font-lock-constant-face))
  "Face of BGP communities.")

(defface flowql-constant '((t :inherit font-lock-type-face))
  "Face of the words that a column can be, and of names of bits.")

(defface flowql-saved-filter '((t :inherit font-lock-function-name-face))
  "Face of references to saved filters.")

(defface flowql-name '((t :inherit font-lock-function-name-face))
  "Face of the name in the line that begins a filter.")

(defface flowql-punctuation
  `((t ,@(and (facep 'font-lock-punctuation-face)
              '(:inherit font-lock-punctuation-face))))
  "Face of parentheses and commas.")

(defface flowql-invalid '((t :inherit font-lock-warning-face))
  "Face of characters that have no place in a filter.")

;;; Syntax

(defconst flowql-syntax-header "^[ \t]*-- name:[ \t]*\\(.*?\\)[ \t\r]*$"
  "Matches the line that begins a named filter.")

(defconst flowql-syntax--typographic "“”„‟«»‘’‚‛"
  "Quotes as word processors write them.")

(defvar flowql-mode-syntax-table
  (let ((table (make-syntax-table)))
    ;; A word is a run of anything but blanks, quotes and operators.
    (modify-syntax-entry '(#x80 . #x3FFF7F) "w" table)
    (dolist (char (string-to-list "-+*/\\.:@#$%?[]^_`{}~"))
      (modify-syntax-entry char "_" table))
    (dolist (char (string-to-list (concat ",=<>!&|;" flowql-syntax--typographic)))
      (modify-syntax-entry char "." table))
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?' "\"" table)
    (modify-syntax-entry ?\r " " table)
    (modify-syntax-entry ?\n "> b" table)
    table)
  "Syntax table of `flowql-mode'.
Where comments begin and end, and what a backslash means, is said by
`flowql-syntax-propertize', since the two characters that open a comment
are also parts of words.")

(defun flowql-syntax--put (position syntax)
  "Give the character at POSITION the SYNTAX, a descriptor."
  (put-text-property position (1+ position)
                     'syntax-table (string-to-syntax syntax)))

(defun flowql-syntax--end-comment (end)
  "Mark the end of the block comment that point is in, before END.
Beside the two characters that close it, the line that names the next
filter ends it."
  (if (re-search-forward "\\*/\\|^[ \t]*-- name:" end 'move)
      (if (eq (char-before) ?/)
          (flowql-syntax--put (1- (point)) ">")
        (forward-line 0)
        (flowql-syntax--put (1- (point)) ">"))))

(defun flowql-syntax--string (quote)
  "Mark the string that begins with QUOTE, the character before point.
It ends with its line, at the latest."
  (let ((start (1- (point)))
        (stop (format "^%c\\\\\n\r" quote)))
    (while (progn
             (skip-chars-forward stop)
             (eq (char-after) ?\\))
      (when (memq (char-after (1+ (point))) (list ?\\ quote))
        (flowql-syntax--put (point) "\\")
        (forward-char))
      (forward-char))
    (cond
     ((eq (char-after) quote) (forward-char))
     (t (flowql-syntax--put start "|")
        (unless (eobp)
          (flowql-syntax--put (point) "|")
          (forward-char))))))

(defun flowql-syntax--typographic-string ()
  "Mark the string that begins with the typographic quote before point.
It ends at the next quote of that kind, or with its line."
  (flowql-syntax--put (1- (point)) "|")
  (skip-chars-forward (concat "^\"\n\r" flowql-syntax--typographic))
  (unless (eobp)
    (flowql-syntax--put (point) "|")
    (forward-char)))

(defun flowql-syntax-propertize (start end)
  "Mark the strings and comments between START and END."
  (goto-char start)
  (when (nth 4 (syntax-ppss))
    (flowql-syntax--end-comment end))
  (let ((opening (concat "--\\|/\\*\\|[\"'" flowql-syntax--typographic "]")))
    (while (re-search-forward opening end t)
      (let ((first (match-beginning 0)))
        (pcase (char-after first)
          (?- (flowql-syntax--put first "< b")
              (forward-line 1))
          (?/ (flowql-syntax--put first "<")
              (flowql-syntax--end-comment end))
          ((and (or ?\" ?') quote) (flowql-syntax--string quote))
          ;; In the middle of a word such a quote is a part of it.
          (_ (unless (memq (syntax-class (syntax-after (1- first))) '(2 3))
               (flowql-syntax--typographic-string))))))))

(defun flowql-syntax-extend-region (start end)
  "Move START of a region up to END before the line break that is in question.
The line break before a header ends a comment that was left open, and
does no longer when there is no header any more."
  (save-excursion
    (goto-char start)
    (when (and (bolp) (not (bobp))
               (or (looking-at flowql-syntax-header)
                   (get-text-property (1- start) 'syntax-table)))
      (cons (line-beginning-position 0) end))))

;;; Colours

(defvar flowql-syntax--words
  (let ((faces (make-hash-table :test #'equal)))
    (dolist (entry `((flowql-constant . ,flowql-words-constants)
                     (flowql-community . ,flowql-words-communities)
                     ,@(mapcar (lambda (columns) (cons 'flowql-column (cdr columns)))
                               flowql-words-columns)
                     (flowql-operator . ,flowql-words-operators)
                     (flowql-keyword . ,flowql-words-keywords)))
      (dolist (word (cdr entry))
        (puthash (downcase word) (car entry) faces)))
    faces)
  "The faces of the words, which are in lower case.")

(defconst flowql-syntax--operator-follows
  (concat "[ \t]*\\(?:[=<>]\\|![=<>~]\\|\\(?:not[ \t]+\\)?"
          (regexp-opt (mapcar #'downcase flowql-words-operators))
          "\\_>\\)")
  "Matches what makes the word before it a column.")

(defconst flowql-syntax--values
  (let* ((v4 "[0-9]\\{1,3\\}\\(?:\\.[0-9]\\{1,3\\}\\)\\{3\\}")
         (v6 "[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*")
         (number (concat "\\(?:0x[0-9a-f]+\\|[0-9]+\\(?:_[0-9]+\\)*\\(?:\\.[0-9]+\\)?"
                         "\\(?:[kmgt]i?b?\\|b\\|ms\\|s\\|min\\|h\\|d\\)?\\)"))
         (as "as[0-9]+\\(?:\\.[0-9]+\\)?")
         (whole (lambda (&rest forms)
                  (concat "\\`\\(?:" (mapconcat #'identity forms "\\|") "\\)\\'"))))
    `((,(funcall whole "\\(?:[0-9]+\\(?:-[0-9]+\\)?\\|\\*\\)\\(?::\\(?:[0-9]+\\(?:-[0-9]+\\)?\\|\\*\\)\\)\\{1,2\\}")
       . flowql-community)
      (,(funcall whole
                 "[0-9a-f]\\{2\\}\\(?:-[0-9a-f]\\{2\\}\\)\\{5\\}\\(?:/[0-9]+\\)?"
                 "[0-9a-f]\\{4\\}\\(?:\\.[0-9a-f]\\{4\\}\\)\\{2\\}\\(?:/[0-9]+\\)?"
                 "[0-9a-f]\\{2\\}\\(?:[:-][0-9a-f]\\{2\\}\\)\\{0,4\\}[:-]\\*"
                 "[0-9a-f]\\{4\\}\\(?:\\.[0-9a-f]\\{4\\}\\)?\\(?:\\.[0-9a-f]\\{2\\}\\)?\\*"
                 (concat v4 "\\(?:/[0-9]+\\|-" v4 "\\)?")
                 (concat v6 "\\(?:/[0-9]+\\|-" v6 "\\)?"))
       . flowql-address)
      (,(funcall whole
                 (concat as "\\(?:-\\(?:" as "\\|[0-9]+\\)\\)?")
                 (concat "[0-9]+-" as))
       . flowql-as-number)
      (,(funcall whole (concat number "\\(?:-" number "\\)?"))
       . flowql-number)))
  "The forms of values, and their faces.")

(defun flowql-syntax--face (word)
  "The face of WORD, in lower case, which ends at point."
  (let ((known (gethash word flowql-syntax--words)))
    (cond
     ((eq (aref word 0) ?@) 'flowql-saved-filter)
     ((memq known '(flowql-keyword flowql-operator flowql-column)) known)
     ((looking-at-p flowql-syntax--operator-follows) 'flowql-column)
     (known)
     ;; The longest value is shorter; a longer word costs no match.
     ((< (length word) 100)
      (cdr (seq-find (lambda (form) (string-match-p (car form) word))
                     flowql-syntax--values))))))

(defvar flowql-syntax--found nil
  "The face of the word that was found last.")

(defun flowql-syntax--next-word (limit)
  "Find the next word before LIMIT that has a face."
  (let ((case-fold-search t)
        (found nil))
    (while (and (not found) (< (point) limit))
      (skip-syntax-forward "^w_" limit)
      (let ((start (point)))
        (skip-syntax-forward "w_" limit)
        (when (< start (point))
          (let ((face (flowql-syntax--face
                       (downcase (buffer-substring-no-properties start (point))))))
            (when face
              (setq found t
                    flowql-syntax--found face)
              (set-match-data (list start (point))))))))
    found))

(defconst flowql-syntax-font-lock-keywords
  `((,flowql-syntax-header 1 'flowql-name prepend)
    (,(regexp-opt flowql-words-symbols) 0 'flowql-operator)
    ("[(),]" 0 'flowql-punctuation)
    ("[!&|;]+" 0 'flowql-invalid)
    (flowql-syntax--next-word 0 flowql-syntax--found))
  "What `flowql-mode' colours beside strings and comments.")

(provide 'flowql-syntax)
;;; flowql-syntax.el ends here

;;; flowql-indent.el --- Indentation of FlowQL -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Lines are indented as FlowQL's formatter does it: AND and OR stand below the
;; condition that they join, what is in parentheses is further in, and so are
;; the conditions of an AND among those of an OR, and the rest of a condition
;; that goes on in another line.

;;; Code:

(require 'flowql-syntax)

(defcustom flowql-indent-offset 2
  "How many columns a line is indented further than the one that it belongs to.
The formatter indents by two."
  :type 'natnum
  :safe #'natnump
  :group 'flowql)

(defun flowql-indent-filter-start ()
  "The start of the filter that point is in: the end of its header."
  (save-excursion
    (end-of-line)
    (if (re-search-backward flowql-syntax-header nil t)
        (line-end-position)
      (point-min))))

(defun flowql-indent-filter-end ()
  "The end of the filter that point is in."
  (save-excursion
    (end-of-line)
    (if (re-search-forward flowql-syntax-header nil t)
        (match-beginning 0)
      (point-max))))

(defun flowql-indent--token (limit)
  "Move over the next token before LIMIT, and tell its kind.
A pair of parentheses is one token.  The kinds are `and', `or', `not',
`between', `operator', `comma', `close' and `word'; nil means that there
is none.  The beginning of the token is the match data's."
  (forward-comment (buffer-size))
  (when (< (point) limit)
    (let ((start (point))
          (class (syntax-class (syntax-after (point)))))
      (prog1
          (pcase (char-after)
            (?\( (goto-char (or (ignore-errors (scan-sexps start 1)) limit))
                 'word)
            (?\) (forward-char) 'close)
            (?, (forward-char) 'comma)
            ((guard (memq class '(2 3)))
             (skip-syntax-forward "w_")
             (pcase (upcase (buffer-substring-no-properties start (point)))
               ("AND" 'and)
               ("OR" 'or)
               ("NOT" 'not)
               ("BETWEEN" 'between)
               ((pred (lambda (word) (member word flowql-words-operators))) 'operator)
               (_ 'word)))
            ((guard (memq class '(7 15)))
             (goto-char (or (ignore-errors (scan-sexps start 1)) limit))
             'word)
            (_ (skip-chars-forward "=<>!&|;~")
               (when (= (point) start)
                 (forward-char))
               'operator))
        (set-match-data (list start (point)))))))

(defun flowql-indent--leading (connective)
  "The place of CONNECTIVE where it is the first of its line, else nil.
What follows it, in the next line too, then belongs to that line."
  (save-excursion
    (goto-char connective)
    (and (<= (current-column) (current-indentation)) connective)))

(defun flowql-indent--group (start position end)
  "What stands around POSITION in the group of conditions from START to END.
The result is a plist:
`:last'    the kind of the token before POSITION,
`:next'    that of the one there,
`:term'    where the condition around POSITION begins, nil between two,
`:between' whether the next AND belongs to a BETWEEN,
`:mixed'   whether an OR joins any conditions of the group,
`:inner'   whether the conditions at POSITION are joined by AND, under an OR."
  (save-excursion
    (goto-char start)
    (let ((ands 0) last next term between mixed result passed)
      (while (setq next (flowql-indent--token end))
        (let ((first (match-beginning 0)))
          (when (and (not result) (>= first position))
            (setq result (list :last last :next next :term term :between between)))
          (pcase next
            ('or (setq mixed t
                       between nil
                       term (flowql-indent--leading first))
                 (if result
                     (setq passed t)
                   (setq ands 0)))
            ((and 'and (guard between)) (setq between nil))
            ('and (setq term (flowql-indent--leading first))
                  (unless passed
                    (setq ands (1+ ands))))
            ('between (setq between t))
            (_ (unless term (setq term first))))
          (setq last next)))
      (append (list :mixed mixed :inner (and mixed (> ands 0)))
              (or result (list :last last :term term :between between))))))

(defun flowql-indent--list-p (filter open)
  "Whether the parenthesis at OPEN begins a list, not a group of conditions.
FILTER is where the filter begins."
  (save-excursion
    (goto-char open)
    (while (and (< filter (point)) (forward-comment -1)))
    (let ((end (point)))
      (skip-syntax-backward "w_")
      (if (= end (point))
          (memq (char-before) '(?= ?< ?> ?~))
        (not (member (upcase (buffer-substring-no-properties (point) end))
                     flowql-words-keywords))))))

(defun flowql-indent--around (filter position)
  "The parenthesis around POSITION, in the filter that begins at FILTER."
  (let* ((state (save-excursion (syntax-ppss position)))
         (open (if (= (length (nth 9 state)) (car state))
                   (nth 1 state)
                 ;; The state loses count a hundred levels deep.
                 (ignore-errors (scan-lists position -1 1)))))
    ;; One that an earlier filter has left open is of no concern.
    (and open (>= open filter) open)))

(defun flowql-indent--end (open)
  "Where the group ends that OPEN begins; that of the whole filter, if nil."
  (or (and open (ignore-errors (scan-sexps open 1)))
      (flowql-indent-filter-end)))

(defvar flowql-indent--bases nil
  "The results of `flowql-indent--base' by parenthesis, where they are kept.")

(defun flowql-indent--inner-p (filter around open)
  "Whether the condition of OPEN is joined by AND, under an OR.
It belongs to the group of the parenthesis AROUND, in the filter that
begins at FILTER."
  (plist-get (flowql-indent--group (if around (1+ around) filter)
                                   open
                                   (flowql-indent--end around))
             :inner))

(defun flowql-indent--base (filter open)
  "The indentation of the condition that the parenthesis at OPEN belongs to.
FILTER is where the filter begins."
  (let ((bases (or flowql-indent--bases (make-hash-table)))
        (within nil)
        (around open))
    (while (and around (not (gethash around bases)))
      (push around within)
      (setq around (flowql-indent--around filter around)))
    (dolist (open within)
      (puthash open
               (+ (if around (+ (gethash around bases) flowql-indent-offset) 0)
                  (if (flowql-indent--inner-p filter around open) flowql-indent-offset 0))
               bases)
      (setq around open))
    (gethash open bases)))

(defun flowql-indent--deeper (group)
  "How many offsets further in than its GROUP a line is."
  (let ((continued (if (plist-get group :inner) 2 1))
        (last (plist-get group :last))
        (term (plist-get group :term)))
    (pcase (plist-get group :next)
      ('and (cond ((plist-get group :between) continued)
                  ((plist-get group :mixed) 1)
                  (t 0)))
      ((or 'or 'close) 0)
      ;; The next token is not there yet: a condition may be complete, or half done.
      ('nil (if (or (memq last '(operator between))
                    (and (eq last 'and) term))
                continued
              0))
      (_ (cond (term continued)
               ((and (eq last 'and) (plist-get group :mixed)) 1)
               (t 0))))))

(defun flowql-indent--closes-p ()
  "Whether the next token, comments left aside, is a closing parenthesis."
  (save-excursion
    (forward-comment (buffer-size))
    (eq (char-after) ?\))))

(defun flowql-indent--column ()
  "The column that the current line is to be indented to.
The result is nil for a line that begins in a comment: it is its writer's."
  (save-excursion
    (forward-line 0)
    (let* ((filter (flowql-indent-filter-start))
           (line (point))
           (open (and (< filter line) (flowql-indent--around filter line)))
           (base (if open (flowql-indent--base filter open) 0))
           (inside (if open (+ base flowql-indent-offset) 0)))
      (cond
       ((nth 4 (syntax-ppss)) nil)
       ((looking-at-p flowql-syntax-header) 0)
       ((and open (flowql-indent--closes-p)) base)
       ((and open (flowql-indent--list-p filter open)) inside)
       (t (+ inside
             (* flowql-indent-offset
                (flowql-indent--deeper
                 (flowql-indent--group (if open (1+ open) filter)
                                       line
                                       (flowql-indent--end open))))))))))

(defun flowql-indent-line ()
  "Indent the current line."
  (interactive)
  (let ((column (flowql-indent--column)))
    (cond
     ((not column) 'noindent)
     ((<= (current-column) (current-indentation)) (indent-line-to column))
     (t (save-excursion (indent-line-to column))))))

(defun flowql-indent-region (start end)
  "Indent the lines between START and END.
All are looked at before one is changed, which saves Emacs from parsing
the text again for each."
  (let ((flowql-indent--bases (make-hash-table))
        (lines nil))
    (save-excursion
      (goto-char start)
      (forward-line 0)
      (while (< (point) end)
        (let ((column (flowql-indent--column)))
          (push (cons (point-marker)
                      (if (and column (looking-at-p "[ \t]*$")) 0 column))
                lines))
        (forward-line 1))
      (pcase-dolist (`(,line . ,column) lines)
        (when column
          (goto-char line)
          (indent-line-to column))
        (set-marker line nil)))))

(provide 'flowql-indent)
;;; flowql-indent.el ends here

;;; flowql-mode-test.el --- Tests of the mode alone -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Colours, indentation, comments and navigation, without a language server.

;;; Code:

(require 'flowql-test-help)
(require 'flowql-colours-help)
(require 'imenu)
(require 'newcomment)

;;; Colours

(ert-deftest flowql-colours-of-the-corpus ()
  "Every token of the corpus has the face of its class.
Where a token has a third element, that is what one sees who knows the
words only; nil means no colour."
  (let ((checked 0))
    (dolist (document (flowql-test-corpus))
      (flowql-test-with (plist-get document :text)
        (setq checked (+ checked
                         (flowql-test-classes-of
                          document
                          (lambda (token) (nth (if (cddr token) 2 1) token)))))))
    (should (> checked 300))))

(ert-deftest flowql-colours-of-generated-words ()
  "Every generated word has its face, in any case."
  (pcase-dolist (`(,face . ,words)
                 `((flowql-keyword . ,flowql-words-keywords)
                   (flowql-operator . ,flowql-words-operators)
                   (flowql-operator . ,flowql-words-symbols)
                   (flowql-constant . ,flowql-words-constants)
                   (flowql-community . ,flowql-words-communities)
                   (flowql-column . ,(mapcan (lambda (columns) (copy-sequence (cdr columns)))
                                             flowql-words-columns))))
    (should words)
    (dolist (word words)
      (dolist (written (list word (upcase word) (downcase word)))
        (flowql-test-with (format " %s " written)
          (should (equal (list written (get-text-property 2 'face)) (list written face)))
          (should-not (get-text-property (+ 2 (length word)) 'face)))))))

(ert-deftest flowql-colours-of-names ()
  "The name in a header stands out, and stays a part of a comment."
  (flowql-test-with "-- name: own-web  \nDstPort = 80"
    (search-forward "own")
    (should (equal (get-text-property (1- (point)) 'face)
                   '(flowql-name font-lock-comment-face)))))

(defun flowql-test-recolour ()
  "Do what Emacs does when it is idle after an edit."
  (font-lock-flush)
  (font-lock-ensure))

(ert-deftest flowql-colours-follow-edits ()
  "The colours are right after edits that open and close comments and strings."
  (flowql-test-with "SrcPort = 80\n-- name: b\nDstPort = 443"
    ;; Batch mode and hidden buffers have no colours by themselves.
    (rename-buffer "flowql-edited" t)
    (let ((noninteractive nil))
      (font-lock-mode))
    (should jit-lock-mode)
    (end-of-line)
    (insert " /* open")
    (flowql-test-recolour)
    (should (equal (flowql-test-class (1- (point))) "comment"))
    (search-forward "DstPort")
    (should (equal (flowql-test-class (1- (point))) "column"))
    ;; Without the header that ends it, the comment goes on.
    (goto-char (point-min))
    (search-forward "-- name: b")
    (replace-match "")
    (flowql-test-recolour)
    (search-forward "DstPort")
    (should (equal (flowql-test-class (1- (point))) "comment"))
    (search-backward "open")
    (insert "*/")
    (flowql-test-recolour)
    (search-forward "DstPort")
    (should (equal (flowql-test-class (1- (point))) "column"))
    (search-forward "= ")
    (insert "\"")
    (flowql-test-recolour)
    (should (equal (flowql-test-class (point)) "string"))
    (insert "\"")
    (flowql-test-recolour)
    (should (equal (flowql-test-class (point)) "number"))))

(ert-deftest flowql-colours-in-time ()
  "A long line, and long tokens, take no time to colour."
  (dolist (text (list (format "SrcAS IN (%s1)" (apply #'concat (make-list 3000 "AS64512-AS65534, ")))
                      (format "InIfName = \"%s\"" (make-string 60000 ?x))
                      (make-string 60000 ?1)
                      (format "SrcAddr = %s" (make-string 60000 ?:))
                      (apply #'concat (make-list 5000 "/* a */ ' b\n"))))
    (let ((start (float-time)))
      (flowql-test-with text
        (should (< (- (float-time) start) 5))))))

;;; Syntax

(ert-deftest flowql-words-are-symbols ()
  "Values are one symbol each, and strings and comments one expression."
  (dolist (value '("2001:db8::/64" "192.0.2.10-192.0.2.20" "65000:*" "@own-web" "AS1.10" "héé"))
    (flowql-test-with (concat "(" value ",")
      (forward-char)
      (should (equal (thing-at-point 'symbol t) value))))
  (flowql-test-with "\"a \\\" -- b\" 'it''s' “x -- y” \"half -- /*\n)"
    (dolist (end '("-- b\"" "'it'" "'s'" "y”"))
      (forward-sexp)
      (should (looking-back (regexp-quote end) (point-min))))
    (search-forward "half")
    (should (nth 3 (syntax-ppss)))
    (forward-line)
    (should-not (nth 8 (syntax-ppss)))))

;;; Indentation

(defun flowql-test-reindent (text)
  "TEXT, with its lines indented anew, those in comments left out."
  (flowql-test-with text
    (while (not (eobp))
      (unless (nth 4 (syntax-ppss))
        (delete-horizontal-space))
      (forward-line 1))
    (let ((inhibit-message t))
      (indent-region (point-min) (point-max)))
    (buffer-string)))

(defun flowql-test-formatted (file)
  "What the formatter makes of FILE."
  (with-temp-buffer
    (let ((status (call-process flowql-test-program nil '(t nil) nil
                                "fmt" "--all-columns" "--no-config" "--file" file)))
      (and (eq status 0) (buffer-string)))))

(ert-deftest flowql-indentation-of-the-corpus ()
  "Formatted filters are indented as the formatter did it."
  (let ((files (directory-files-recursively
                (expand-file-name "tests/corpus/valid" flowql-test-root) "\\.flowql\\'"))
        (lines 0))
    (dolist (file files)
      (let ((text (flowql-test-formatted file)))
        (when text
          (setq lines (+ lines (seq-count (lambda (line) (string-prefix-p " " line))
                                          (split-string text "\n"))))
          (should (equal (cons file (split-string (flowql-test-reindent text) "\n"))
                         (cons file (split-string text "\n")))))))
    (should (> lines 400))))

(ert-deftest flowql-indentation-of-an-and-under-an-or ()
  "What AND joins under an OR is further in, lists among it too."
  (dolist (text '("SrcPort IN (
    80 -- web
  )
  AND SrcAS
    = 1
OR DstPort IN (
  443 -- web
)
OR SrcAS = 2
  AND (
    SrcAS = 3
      AND SrcPort IN (
        80 -- web
      )
    OR SrcAS = 4
  )
"))
    (should (equal (split-string (flowql-test-reindent text) "\n")
                   (split-string text "\n")))))

(ert-deftest flowql-indentation-of-half-typed-filters ()
  "A new line is indented for what may come, and reindented when it has come."
  (pcase-dolist (`(,before . ,column)
                 '(("SrcPort = 80\n" . 0)
                   ("SrcPort =\n" . 2)
                   ("SrcPort IN (\n" . 2)
                   ("SrcPort IN (\n  80,\n" . 2)
                   ("SrcPort IN (80,\n" . 2)
                   ("(\n  SrcPort = 80 AND (\n" . 4)
                   ("(\n  SrcPort = 80\n" . 2)
                   ("SrcPort = 80 AND\n" . 0)
                   ("SrcPort BETWEEN 1 AND\n" . 2)
                   ("(SrcPort = 80\n-- name: next\n" . 0)
                   (")\n" . 0)
                   ("-- ((\n" . 0)
                   ("InIfName = \"(\n" . 0)))
    (flowql-test-with before
      (goto-char (point-max))
      (indent-according-to-mode)
      (should (equal (cons before (current-column)) (cons before column)))))
  (pcase-dolist (`(,before ,typed . ,column)
                 '(("SrcPort IN (\n  80" ")" . 0)
                   ("SrcPort = 80" "AND" . 0)
                   ("a = 1 OR b = 2" "AND c = 3" . 2)
                   ("SrcPort IN (80" "-- name: next" . 0)))
    (flowql-test-with before
      (goto-char (point-max))
      (newline)
      (insert "     " typed)
      (indent-according-to-mode)
      (should (equal (cons typed (current-indentation)) (cons typed column)))
      (should (looking-back (regexp-quote typed) (point-min))))))

(ert-deftest flowql-indentation-of-comments ()
  "The lines of a comment stay where they are."
  (let ((text "/* first\n      second\n third */\nSrcPort = 80\n"))
    (should (equal (flowql-test-reindent text) text))))

(ert-deftest flowql-indentation-in-time ()
  "Many filters, a long list and a long filter take no time to indent."
  (dolist (text (list (mapconcat (lambda (number)
                                   (format "-- name: f%d\nSrcPort IN (\n80,\n443\n)\n" number))
                                 (number-sequence 1 300) "\n")
                      (concat "SrcAddr IN (\n"
                              (apply #'concat (make-list 2000 "192.0.2.0/24, -- one\n"))
                              "::1)\n")
                      (mapconcat #'identity (make-list 150 "SrcPort = 80\n") "AND ")))
    (let ((start (float-time)))
      (flowql-test-reindent text)
      (should (< (- (float-time) start) 8)))))

;;; Comments and navigation

(ert-deftest flowql-comments ()
  "Lines are commented out and in, and a comment is begun at the end of a line."
  (flowql-test-with "SrcPort = 80\nAND DstPort = 443\n"
    (comment-region (point-min) (point-max))
    (should (equal (buffer-string) "-- SrcPort = 80\n-- AND DstPort = 443\n"))
    (uncomment-region (point-min) (point-max))
    (should (equal (buffer-string) "SrcPort = 80\nAND DstPort = 443\n"))
    (goto-char (point-min))
    (comment-dwim nil)
    (insert "web")
    (should (string-match-p "^SrcPort = 80 +-- web\n" (buffer-string))))
  ;; What looks like a comment in a string is none.
  (flowql-test-with "InIfName = \"-- x\" AND SrcPort = 80 -- y"
    (should (equal (progn (comment-search-forward (point-max)) (point)) (- (point-max) 1)))))

(defconst flowql-test-two "SrcPort = 1\n\n-- name: one\nSrcPort = 2\n\n  -- name: two-2  \nSrcPort = 3\n"
  "A filter without a name, and two with one.")

(ert-deftest flowql-index ()
  "Imenu lists the named filters."
  (flowql-test-with (concat flowql-test-two "-- note: none\nInIfName = \"-- name: x\"\n")
    (let ((index (imenu--make-index-alist t)))
      (should (equal (mapcar #'car (cdr index)) '("one" "two-2")))
      (goto-char (cdr (assoc "two-2" index)))
      (should (looking-at ".*two-2")))))

(ert-deftest flowql-filters-are-defuns ()
  "Commands on functions move over filters."
  (flowql-test-with flowql-test-two
    (search-forward "SrcPort = 3")
    (beginning-of-defun)
    (should (looking-at "  -- name: two-2"))
    (beginning-of-defun)
    (should (looking-at "-- name: one"))
    (end-of-defun)
    (should (looking-at "  -- name: two-2"))
    (search-backward "SrcPort = 2")
    (mark-defun)
    (should (string-match-p "\\`\n?-- name: one\nSrcPort = 2\n" (buffer-substring (point) (mark))))))

;;; Results

(ert-deftest flowql-tables-are-aligned ()
  "The columns of a table in Markdown are aligned, others are left."
  (save-window-excursion
    (flowql-commands-show
     '(:title "Top values of @web" :language "markdown" :failed :json-false
       :text "# Top\n\n| SrcAS | InIfName | Gbps |\n| --- | --- | --- |\n| 15169 | a \\| b | 1.25 |\n| 1 | é |  |\n\nFrom `flows`.\n")
     #'ignore)
    (with-current-buffer "*FlowQL: Top values of @web*"
      (should (equal (buffer-substring-no-properties (point-min) (point-max))
                     "# Top

| SrcAS | InIfName | Gbps |
| ----: | -------- | ---: |
| 15169 | a \\| b   | 1.25 |
|     1 | é        |      |

From `flows`.
"))
      (kill-buffer))))

(ert-deftest flowql-commands-need-a-server ()
  "Without a language server the commands say how one is started."
  (flowql-test-with "SrcPort = 80"
    (dolist (command '(flowql-show-sql flowql-explain flowql-run flowql-format
                       flowql-check-workspace))
      (should (string-match-p "M-x \\(eglot\\|lsp\\) starts it"
                              (cadr (should-error (call-interactively command)
                                                  :type 'user-error)))))))

;;; What users are told

(defun flowql-test-readme ()
  "The README."
  (with-temp-buffer
    (insert-file-contents (expand-file-name "editor-plugins/emacs/README.md" flowql-test-root))
    (buffer-string)))

(ert-deftest flowql-readme-has-every-command ()
  "The table of the README has every command that has a key, and tells the key."
  (let ((readme (flowql-test-readme))
        (count 0))
    (map-keymap
     (lambda (key command)
       (when (string-prefix-p "flowql-" (format "%s" command))
         (setq count (1+ count))
         (should (string-match-p
                  (regexp-quote (format "| `C-c %s` | `%s` |" (key-description (vector key))
                                        command))
                  readme))))
     (lookup-key flowql-mode-map (kbd "C-c")))
    (should (= count 5))))

(ert-deftest flowql-readme-has-every-option ()
  "The README has every option, and those that start programs are risky."
  (let ((readme (flowql-test-readme))
        (options (mapcar #'car (seq-filter (lambda (member) (eq (cadr member) 'custom-variable))
                                           (get 'flowql 'custom-group)))))
    (should (= (length options) 7))
    (dolist (option options)
      (should (string-match-p (format "^| `%s` |" option) readme)))
    (dolist (option '(flowql-server-command flowql-config-file flowql-backend flowql-schema))
      (should (risky-local-variable-p option)))
    (should (safe-local-variable-p 'flowql-indent-offset 4))
    (should (safe-local-variable-p 'flowql-run-columns '("SrcAS")))
    (should-not (safe-local-variable-p 'flowql-run-columns '(eval)))))

(provide 'flowql-mode-test)
;;; flowql-mode-test.el ends here

;;; flowql-colours-help.el --- The corpus of colours -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Reads tests/corpus/colours.jsonl, which the core and the other editors are
;; held to as well, and compares faces with it.

;;; Code:

(require 'flowql-test-help)

(defconst flowql-test-classes
  '((font-lock-comment-face . "comment")
    (font-lock-comment-delimiter-face . "comment")
    ;; The name of a filter is a part of the comment that begins it.
    (flowql-name . "comment")
    (font-lock-string-face . "string")
    (flowql-keyword . "keyword")
    (flowql-operator . "operator")
    (flowql-column . "column")
    (flowql-number . "number")
    (flowql-as-number . "as-number")
    (flowql-address . "address")
    (flowql-community . "community")
    (flowql-constant . "constant")
    (flowql-saved-filter . "saved-filter")
    (flowql-punctuation . "punctuation")
    (flowql-invalid . "invalid"))
  "The classes of the corpus, by face.")

(defun flowql-test-class (position)
  "The class of the character at POSITION; nil for none."
  (seq-some (lambda (face) (cdr (assq face flowql-test-classes)))
            (ensure-list (get-text-property position 'face))))

(defun flowql-test-corpus ()
  "The documents of the corpus of colours."
  (with-temp-buffer
    (insert-file-contents (expand-file-name "tests/corpus/colours.jsonl" flowql-test-root))
    (let (documents)
      (while (not (eobp))
        (push (json-parse-buffer :object-type 'plist :array-type 'list :null-object nil)
              documents)
        (skip-chars-forward "\n"))
      (nreverse documents))))

(defun flowql-test-classes-of (document expected)
  "Test that the tokens of DOCUMENT have their classes in this buffer.
EXPECTED tells the class of a token of the corpus.  The result is how
many tokens there were."
  (goto-char (point-min))
  (dolist (token (plist-get document :tokens))
    (search-forward (car token))
    (dolist (position (number-sequence (match-beginning 0) (1- (match-end 0))))
      (unless (memq (char-after position) '(?\s ?\t ?\n ?\r))
        (should (equal (list (plist-get document :text) (car token)
                             (funcall expected token))
                       (list (plist-get document :text) (car token)
                             (flowql-test-class position)))))))
  (should-not (string-match-p "[^ \t\r\n]" (buffer-substring (point) (point-max))))
  (length (plist-get document :tokens)))

(provide 'flowql-colours-help)
;;; flowql-colours-help.el ends here

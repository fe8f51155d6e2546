;;; lint.el --- What can be said of the code without running it -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Byte-compiles the files that are given without a warning, and has checkdoc
;; and package-lint look at them: emacs --batch -l lint.el -f flowql-lint FILE...

;;; Code:

(require 'checkdoc)
(require 'package-lint)

(defvar flowql-lint-problems 0
  "How many problems were found.")

(defun flowql-lint-report (file line text)
  "Say that TEXT is wrong with LINE of FILE."
  (setq flowql-lint-problems (1+ flowql-lint-problems))
  (message "%s:%s: %s" (file-name-nondirectory file) line text))

(defun flowql-lint-compile (file)
  "Byte-compile FILE, beside itself."
  (let ((byte-compile-error-on-warn t))
    (unless (eq (byte-compile-file file) t)
      (flowql-lint-report file 1 "does not compile without a warning"))))

(defun flowql-lint-documentation (file)
  "Have checkdoc look at FILE."
  (let ((checkdoc-create-error-function
         (lambda (text start &rest _)
           (flowql-lint-report file (if start (line-number-at-pos start) 1) text)
           nil)))
    (with-current-buffer (find-file-noselect file)
      (checkdoc-current-buffer t))))

(defun flowql-lint-package (file main)
  "Have package-lint look at FILE, a part of the package whose main file is MAIN."
  (let ((package-lint-main-file main))
    (with-current-buffer (find-file-noselect file)
      (pcase-dolist (`(,line ,_ ,type ,text) (package-lint-buffer))
        ;; To package-lint 0.16, which Debian has, Emacs 28 is of the future.
        (unless (string-match-p "uninstallable in all released Emacs" text)
          (flowql-lint-report file line (format "%s: %s" type text)))))))

(defun flowql-lint ()
  "Check the files of the command line, say how many are fine, and exit."
  (let ((files (mapcar #'expand-file-name command-line-args-left))
        (bad nil))
    (setq command-line-args-left nil)
    (dolist (file files)
      (let ((before flowql-lint-problems)
            (main (expand-file-name "flowql-mode.el" (file-name-directory file))))
        (flowql-lint-compile file)
        (flowql-lint-documentation file)
        (flowql-lint-package file main)
        (unless (= before flowql-lint-problems)
          (push file bad))))
    (message "%d passed, %d failed" (- (length files) (length bad)) (length bad))
    (kill-emacs (if bad 1 0))))

(provide 'lint)
;;; lint.el ends here

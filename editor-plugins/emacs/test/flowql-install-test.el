;;; flowql-install-test.el --- Tests of the installed package -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; The steps of the README, in an Emacs of their own, and what other modes do
;; with the mode.

;;; Code:

(require 'flowql-test-help)
(require 'markdown-mode)

(defun flowql-test-emacs (home &rest forms)
  "What an Emacs whose home is HOME prints when it evaluates FORMS."
  (with-temp-buffer
    (let* ((process-environment (cons (concat "HOME=" home) process-environment))
           (print-escape-newlines t)
           (status (apply #'call-process
                          (expand-file-name invocation-name invocation-directory)
                          nil '(t nil) nil "--batch" "-q"
                          (mapcan (lambda (form) (list "--eval" (format "%S" form))) forms))))
      (should (eq status 0)))
    (buffer-string)))

(ert-deftest flowql-installs-as-the-readme-says ()
  "The package is installed from the folder, and loaded when a file is opened."
  (let* ((home (make-temp-file "flowql" t))
         (file (expand-file-name "a.flowql" home))
         (packages `(setq package-user-dir ,(expand-file-name "elpa" home))))
    (unwind-protect
        (progn
          (write-region "SrcPort = 80" nil file nil 'silent)
          (flowql-test-emacs
           home '(require 'package) packages '(package-initialize)
           `(package-install-file ,(expand-file-name "editor-plugins/emacs" flowql-test-root)))
          (should
           (equal (read (flowql-test-emacs
                         home '(require 'package) packages '(package-initialize)
                         '(defvar loaded (featurep 'flowql-mode))
                         '(defvar known (list (commandp 'flowql-mode)
                                              (commandp 'flowql-show-sql)
                                              (commandp 'flowql-run)))
                         `(find-file ,file)
                         '(prin1 (list loaded known major-mode
                                       (string-prefix-p package-user-dir
                                                        (symbol-file 'flowql-mode))
                                       (featurep 'eglot) (featurep 'lsp-mode)))))
                  '(nil (t t t) flowql-mode t nil nil))))
      (delete-directory home t))))

(ert-deftest flowql-colours-in-markdown ()
  "Fences of Markdown have colours."
  (with-temp-buffer
    (insert "# SrcAS = 1\n\n```flowql\nSrcAS = AS1 -- one\n```\n")
    (let ((markdown-fontify-code-blocks-natively t))
      (markdown-mode)
      (font-lock-ensure))
    (goto-char (point-min))
    (search-forward "AS1")
    (should (memq 'flowql-as-number (ensure-list (get-text-property (1- (point)) 'face))))
    (search-backward "SrcAS")
    (should (memq 'flowql-column (ensure-list (get-text-property (point) 'face))))))

(provide 'flowql-install-test)
;;; flowql-install-test.el ends here

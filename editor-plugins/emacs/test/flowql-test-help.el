;;; flowql-test-help.el --- What the tests share -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Helpers, and the line that the tests close with.

;;; Code:

(require 'ert)
(require 'flowql-mode)

(defconst flowql-test-root
  (expand-file-name "../../../" (file-name-directory (or load-file-name buffer-file-name)))
  "The root of the checkout.")

(defvar flowql-test-program
  (or (getenv "FLOWQL") "flowql")
  "The program `flowql' that is tested with.")

(defmacro flowql-test-with (text &rest body)
  "Run BODY in a buffer of `flowql-mode' with TEXT, in colours."
  (declare (indent 1) (debug t))
  `(with-temp-buffer
     (flowql-mode)
     (insert ,text)
     (font-lock-ensure)
     (goto-char (point-min))
     ,@body))

(defconst flowql-test-patience 120
  "Seconds after which something that is waited for will not come.
A slow machine must not reach it.")

(defmacro flowql-test-until (&rest body)
  "Read what processes say until BODY gives non-nil, and return that."
  (declare (indent 0) (debug t))
  `(with-timeout (flowql-test-patience (error "Waited in vain for %S" ',body))
     (let (value)
       (while (not (setq value (progn ,@body)))
         (accept-process-output nil 0.02))
       value)))

;;; With a language server

(defvar flowql-test-files
  '(("web.flowql" . "-- name: web
DstPort IN (\"https\", 8080) AND Proto = \"tcp\"

-- name: google
@web AND SrcAS = AS15169
")
    ("wrong.flowql" . "-- name: slips
SrcAS == AS15169 AND DstAddr << 192.0.2.1

-- name: untidy
srcas=15169   and not   @web
")
    ("values.toml" . "[columns]
ExporterName = [\"edge1.example.net\", \"edge2.example.net\"]
")
    ("flowql.toml" . "[backend]
kind = \"static\"
values = \"values.toml\"
"))
  "A project: names of files, and what is in them.")

(defmacro flowql-test-in-project (file &rest body)
  "Run BODY in a buffer that visits FILE of a project, which is deleted then.
A result that a command shows is deleted too."
  (declare (indent 1) (debug t))
  `(let* ((temporary (file-truename (make-temp-file "flowql" t)))
          (folder (expand-file-name "project/" temporary))
          (flowql-server-command (list flowql-test-program "lsp"))
          buffer)
     (unwind-protect
         (progn
           (make-directory folder)
           (pcase-dolist (`(,name . ,text) flowql-test-files)
             (write-region text nil (expand-file-name name folder) nil 'silent))
           (setq buffer (find-file-noselect (expand-file-name ,file folder)))
           (switch-to-buffer buffer)
           ,@body)
       (dolist (visiting (buffer-list))
         (when (string-prefix-p folder (or (buffer-file-name visiting) ""))
           (with-current-buffer visiting
             (set-buffer-modified-p nil))
           (kill-buffer visiting)))
       (dolist (shown (flowql-test-results))
         (kill-buffer shown))
       (delete-directory temporary t))))

(defun flowql-test-results ()
  "The buffers that show results."
  (seq-filter (lambda (buffer) (string-prefix-p "*FlowQL: " (buffer-name buffer)))
              (buffer-list)))

(defun flowql-test-shown (title)
  "What a command shows under TITLE, when it does."
  (with-current-buffer (flowql-test-until (get-buffer (format "*FlowQL: %s*" title)))
    (should flowql-result-mode)
    (should buffer-read-only)
    (buffer-substring-no-properties (point-min) (point-max))))

(defun flowql-test-type-last (text)
  "Replace the last filter of web.flowql by TEXT."
  (goto-char (point-min))
  (search-forward "-- name: google\n")
  (delete-region (point) (point-max))
  (insert text))

(defun flowql-test-said (command)
  "What COMMAND says in the end, in the echo area."
  (let (said)
    (cl-letf (((symbol-function 'message)
               (lambda (format &rest arguments)
                 (when format
                   (setq said (apply #'format format arguments))))))
      (funcall command)
      (flowql-test-until (and said (not (string-match-p "waiting" said)) said)))))

(defun flowql-test-commands ()
  "Test the commands in a buffer that a client manages: web.flowql, at its start."
  (goto-char (point-min))
  (flowql-show-sql)
  (should (equal (flowql-test-shown "SQL of @web")
                 "DstPort IN (443, 8080) AND Proto = 6\n"))
  (with-current-buffer "*FlowQL: SQL of @web*"
    (should (derived-mode-p 'sql-mode)))
  (flowql-show-sql t)
  (should (equal (flowql-test-shown "SQL of @web, reversed")
                 "SrcPort IN (443, 8080) AND Proto = 6\n"))
  (search-forward "@web")
  (flowql-explain)
  (should (string-match-p "AS15169\\|15169" (flowql-test-shown "What @google selects")))
  (flowql-run)
  ;; The backend of the project has values, but no flows.
  (should (string-match-p "static" (flowql-test-shown "Top values of @google")))
  (should (equal (flowql-test-said #'flowql-check-workspace)
                 "FlowQL: 2 errors and 0 warnings in 2 files")))

(defun flowql-test-backend ()
  "The backend that filters are run on, a store with flows."
  (let ((folder (getenv "FLOWQL_TEST_STORE")))
    (should folder)
    `(:backend (:kind "embedded") :embedded (:folder ,folder))))

(defun flowql-test-flows ()
  "Test that the first filter of web.flowql is run on `flowql-test-backend'."
  (goto-char (point-min))
  (let ((flowql-run-columns '("SrcCountry")))
    (call-interactively #'flowql-run))
  (should (string-match-p "^| SrcCountry |.*\n| -+ |.*\n\\(?:|.*\n\\)*| FR +| +[0-9]"
                          (flowql-test-shown "Top values of @web")))
  (mapc #'kill-buffer (flowql-test-results))
  (flowql-run)
  (should (string-match-p "^|.*SrcAS.*|.*\n| -+:? |.*\n|" (flowql-test-shown "Top values of @web"))))

(defun flowql-test-refresh (edit)
  "Test that a shown result follows the filter, after EDIT is called to tell the server."
  (mapc #'kill-buffer (flowql-test-results))
  (goto-char (point-min))
  (end-of-line)
  (flowql-show-sql)
  (flowql-test-shown "SQL of @web")
  (search-forward "8080")
  (replace-match "8443")
  ;; The filter is now where another one was.
  (goto-char (point-min))
  (insert "-- name: first\nSrcPort = 1\n\n")
  (funcall edit)
  (with-current-buffer "*FlowQL: SQL of @web*"
    (call-interactively (key-binding "g")))
  (flowql-test-until
    (equal (flowql-test-shown "SQL of @web") "DstPort IN (443, 8443) AND Proto = 6\n")))

(defun flowql-test-run ()
  "Run the tests, say how many passed, and exit."
  (let* ((stats (ert-run-tests-batch))
         (failed (ert-stats-completed-unexpected stats)))
    (message "%d passed, %d failed" (ert-stats-completed-expected stats) failed)
    (kill-emacs (if (zerop failed) 0 1))))

(provide 'flowql-test-help)
;;; flowql-test-help.el ends here

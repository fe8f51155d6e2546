;;; flowql-eglot-test.el --- Tests with Eglot and the real server -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Eglot, FlowQL's language server, and what the commands make of them.

;;; Code:

(require 'flowql-test-help)

(defvar jrpc-default-request-timeout)

(ert-deftest flowql-client-is-told-when-it-comes ()
  "The mode is there before Eglot, which is told of it when it is loaded."
  (should-not (featurep 'eglot))
  (with-temp-buffer
    (flowql-mode)
    (should-not (featurep 'eglot))
    (should-error (flowql-show-sql) :type 'user-error)
    (require 'eglot)
    (should (equal (assq 'flowql-mode eglot-server-programs)
                   '(flowql-mode . flowql-lsp--contact)))
    (should (assq 'rust-mode eglot-server-programs))
    ;; The user's own entry, which comes first, stays first.
    (let ((eglot-server-programs (cons '(flowql-mode "other") eglot-server-programs)))
      (flowql-mode)
      (should (equal (cdr (assq 'flowql-mode eglot-server-programs)) '("other"))))))

(ert-deftest flowql-eglot-contact ()
  "The server is started with the options of the settings."
  (let ((flowql-server-command '("here/flowql" "lsp" "--no-config")))
    (should (equal (flowql-lsp--contact) flowql-server-command))
    (let ((flowql-config-file "/etc/flowql.toml"))
      (should (equal (flowql-lsp--contact)
                     `(,@flowql-server-command
                       :initializationOptions (:config "/etc/flowql.toml"))))
      (let ((flowql-backend '(:backend (:kind "clickhouse") :clickhouse (:servers ("http://a"))))
            (flowql-schema '(:enable ("SrcVlan"))))
        (should (equal (flowql-lsp-options)
                       '(:settings (:backend (:kind "clickhouse")
                                    :clickhouse (:servers ["http://a"])
                                    :schema (:enable ["SrcVlan"])))))))))

(defmacro flowql-test-with-eglot (file &rest body)
  "Run BODY in a buffer that visits FILE of a project and that Eglot manages."
  (declare (indent 1) (debug t))
  `(flowql-test-in-project ,file
     (require 'eglot)
     (let ((eglot-sync-connect t)
           (eglot-connect-timeout flowql-test-patience)
           (jrpc-default-request-timeout flowql-test-patience)
           (inhibit-message t))
       (apply #'eglot (eglot--guess-contact))
       (let ((server (eglot-current-server)))
         (should (eglot-managed-p))
         (unwind-protect (progn ,@body)
           (with-current-buffer buffer
             (set-buffer-modified-p nil))
           (eglot-shutdown server nil flowql-test-patience))))))

(defun flowql-test-eglot-told ()
  "Tell the server of the edits now: batch mode is never idle."
  (eglot--signal-textDocument/didChange))

(defun flowql-test-problems ()
  "The underlined texts with their diagnostics, as soon as there are some."
  (flowql-test-until (flymake-start) (flymake-diagnostics))
  (mapcar (lambda (found)
            (list (buffer-substring-no-properties (flymake-diagnostic-beg found)
                                                  (flymake-diagnostic-end found))
                  (flymake-diagnostic-text found)))
          (sort (flymake-diagnostics)
                (lambda (a b) (< (flymake-diagnostic-beg a) (flymake-diagnostic-beg b))))))

(ert-deftest flowql-eglot-diagnostics ()
  "The server's diagnostics are shown, and go away when the text is mended."
  (flowql-test-with-eglot "wrong.flowql"
    (let ((problems (flowql-test-problems)))
      (should (equal (mapcar #'car problems) '("==" "192.0.2.1")))
      (should (string-match-p "E031.*is written `=` here" (cadr (car problems))))
      (should (string-match-p "E207" (cadr (cadr problems)))))
    (goto-char (point-min))
    (search-forward "==")
    (replace-match "=")
    (search-forward "192.0.2.1")
    (insert "/32")
    (flowql-test-eglot-told)
    ;; A hint is left.
    (flowql-test-until
      (flymake-start)
      (equal (mapcar #'car (flowql-test-problems)) '("DstAddr")))))

(ert-deftest flowql-eglot-fixes ()
  "The server's fixes mend the text."
  (flowql-test-with-eglot "wrong.flowql"
    (flowql-test-problems)
    (goto-char (point-min))
    (search-forward "==")
    (backward-char)
    (let* ((actions (flowql-test-until (append (eglot-code-actions (point) (point)) nil)))
           (fix (seq-find (lambda (action)
                            (string-match-p "write `=`" (plist-get action :title)))
                          actions)))
      (should fix)
      (eglot--apply-workspace-edit (plist-get fix :edit)))
    (should (string-match-p "^SrcAS = AS15169 AND" (buffer-string)))))

(defun flowql-test-complete ()
  "Complete at point, and give the line before point then."
  (completion-at-point)
  (buffer-substring-no-properties (line-beginning-position) (point)))

(ert-deftest flowql-eglot-completion ()
  "Columns, operators, saved filters and values of the backend are completed."
  (pcase-dolist (`(,typed . ,completed)
                 '(("AND InIfBounda" . "AND InIfBoundary")
                   ("InIfBoundary = exter" . "InIfBoundary = external")
                   ("@we" . "@web")
                   ("InIfDescription REG" . "InIfDescription REGEXP")
                   ("ExporterName = \"edge1" . "ExporterName = \"edge1.example.net\"")))
    ;; A session for each: Eglot 1.9 stumbles over diagnostics of an older text.
    (flowql-test-with-eglot "web.flowql"
      (flowql-test-type-last typed)
      (flowql-test-eglot-told)
      (should (string-prefix-p completed (flowql-test-complete))))))

(ert-deftest flowql-eglot-hover ()
  "The documentation of a column is shown."
  (flowql-test-with-eglot "web.flowql"
    (search-forward "DstPor")
    (let (shown)
      (eglot-hover-eldoc-function (lambda (text &rest _) (setq shown text)))
      (flowql-test-until shown)
      (should (string-match-p "DstPort" shown)))))

(ert-deftest flowql-eglot-formats ()
  "The buffer is formatted, but for filters with errors, of which one is told."
  (flowql-test-with-eglot "wrong.flowql"
    (flowql-format)
    (should (equal (buffer-string)
                   "-- name: slips
SrcAS == AS15169 AND DstAddr << 192.0.2.1

-- name: untidy
SrcAS = 15169 AND NOT @web
"))
    (should (string-match-p "nothing changed" (flowql-test-said #'flowql-format)))))

(ert-deftest flowql-eglot-names ()
  "Named filters are found, renamed and listed."
  (flowql-test-with-eglot "web.flowql"
    (search-forward "@we")
    (xref-find-definitions (xref-backend-identifier-at-point 'eglot))
    (should (looking-at "web$"))
    ;; Eglot asks before it changes files that are not open.
    (cl-letf (((symbol-function 'y-or-n-p) #'always))
      (eglot-rename "secure"))
    (should (string-match-p "^-- name: secure\n" (buffer-string)))
    (should (string-match-p "^@secure AND" (buffer-string)))
    (with-current-buffer (find-file-noselect (expand-file-name "wrong.flowql" folder))
      (should (string-match-p "@secure$" (buffer-string))))
    (should (string-match-p "\"google\"" (format "%S" (imenu--make-index-alist t))))))

(ert-deftest flowql-eglot-commands ()
  "The commands show what the server answers."
  (flowql-test-with-eglot "web.flowql"
    (flowql-test-commands)
    (flowql-test-refresh #'flowql-test-eglot-told)))

(ert-deftest flowql-eglot-runs ()
  "A filter is run on flows, with columns or without."
  (let ((flowql-backend (flowql-test-backend)))
    (flowql-test-with-eglot "web.flowql"
      (flowql-test-flows))))

(ert-deftest flowql-eglot-errors ()
  "The commands say what is wrong with a filter, and that there is none."
  (flowql-test-with-eglot "wrong.flowql"
    (flowql-show-sql)
    (should (string-match-p "^line 2: .*(E031)$" (flowql-test-shown "Errors of @slips")))))

(ert-deftest flowql-eglot-settings ()
  "The backend and the schema of the settings reach the server."
  (let ((flowql-schema '(:enable ("SrcVlan")))
        (flowql-backend '(:filters (:mine "SrcAS = 1"))))
    (flowql-test-with-eglot "web.flowql"
      (goto-char (point-max))
      (insert "-- name: vlans\nSrcVlan = 100 AND @mine\n")
      (flowql-test-eglot-told)
      (forward-line -1)
      (flowql-show-sql)
      (should (equal (flowql-test-shown "SQL of @vlans") "SrcVlan = 100 AND (SrcAS = 1)\n")))))

(provide 'flowql-eglot-test)
;;; flowql-eglot-test.el ends here

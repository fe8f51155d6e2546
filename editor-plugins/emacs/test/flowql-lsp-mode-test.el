;;; flowql-lsp-mode-test.el --- Tests with lsp-mode and the real server -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Lsp-mode, FlowQL's language server, and what the commands make of them.

;;; Code:

(require 'flowql-test-help)
(require 'flowql-colours-help)

(defvar lsp-semantic-tokens-enable t)
(defvar lsp-semantic-tokens-apply-modifiers t)
(defvar lsp--cur-version)
(defvar lsp-session-file)
(defvar lsp-auto-guess-root)
(defvar lsp-diagnostics-provider)
(defvar lsp-enable-file-watchers)
(defvar lsp-keep-workspace-alive)
(defvar lsp-headerline-breadcrumb-enable)
(defvar lsp-modeline-code-actions-enable)
(defvar lsp-enable-snippet)
(defvar lsp-completion-provider)
(defvar lsp-restart)
(defvar lsp-lens-enable)
(defvar lsp--semantic-tokens-cache)
(defvar lsp-clients)
(defvar lsp-response-timeout)

(ert-deftest flowql-client-is-told-when-it-comes ()
  "The mode is there before lsp-mode, which is told of it when it is loaded."
  (should-not (featurep 'lsp-mode))
  (with-temp-buffer
    (flowql-mode)
    (should-not (featurep 'lsp-mode))
    (require 'lsp-mode)
    (should (gethash 'flowql lsp-clients))
    (should (equal (lsp-buffer-language) "flowql"))))

(defmacro flowql-test-with-lsp-mode (file &rest body)
  "Run BODY in a buffer that visits FILE of a project and that lsp-mode manages."
  (declare (indent 1) (debug t))
  `(let ((inhibit-message t)
         (lsp-session-file (make-temp-name (expand-file-name "lsp-" temporary-file-directory)))
         (lsp-auto-guess-root t)
         ;; Flymake would stumble over diagnostics of an older text.
         (lsp-diagnostics-provider :none)
         (lsp-enable-file-watchers nil)
         (lsp-keep-workspace-alive nil)
         (lsp-headerline-breadcrumb-enable nil)
         (lsp-modeline-code-actions-enable nil)
         (lsp-enable-snippet nil)
         (lsp-completion-provider :none)
         (lsp-restart 'ignore)
         (lsp-response-timeout flowql-test-patience))
     (flowql-test-in-project ,file
       (require 'lsp-mode)
       (require 'lsp-semantic-tokens)
       (lsp-workspace-folders-add folder)
       (unwind-protect
           (progn
             (lsp)
             (flowql-test-until
               (seq-some (lambda (workspace)
                           (eq (lsp--workspace-status workspace) 'initialized))
                         (lsp-workspaces)))
             ,@body)
         (with-current-buffer buffer
           (set-buffer-modified-p nil)
           (mapc #'lsp-workspace-shutdown (lsp-workspaces)))
         (when (file-exists-p lsp-session-file)
           (delete-file lsp-session-file))))))

(ert-deftest flowql-lsp-mode-diagnostics ()
  "The server's diagnostics arrive, and go away when the text is mended."
  (flowql-test-with-lsp-mode "wrong.flowql"
    (let ((codes (lambda ()
                   (mapcar (lambda (found) (lsp-get found :code))
                           (gethash buffer-file-name (lsp-diagnostics t))))))
      (flowql-test-until (member "E031" (funcall codes)))
      (should (member "E207" (funcall codes)))
      (goto-char (point-min))
      (search-forward "==")
      (replace-match "=")
      (flowql-test-until (not (member "E031" (funcall codes)))))))

(ert-deftest flowql-lsp-mode-completion ()
  "Columns, saved filters and values of the backend are completed."
  (pcase-dolist (`(,typed . ,offered)
                 '(("AND InIfBounda" . "InIfBoundary")
                   ("@we" . "@web")
                   ("ExporterName = \"edge1" . "edge1.example.net")))
    (flowql-test-with-lsp-mode "web.flowql"
      (flowql-test-type-last typed)
      (let ((found (lsp-completion-at-point)))
        (should (string-match-p
                 (regexp-quote offered)
                 (string-join (all-completions (buffer-substring (nth 0 found) (nth 1 found))
                                               (nth 2 found)))))))))

(ert-deftest flowql-lsp-mode-hover ()
  "The documentation of a column is shown."
  (flowql-test-with-lsp-mode "web.flowql"
    (search-forward "DstPor")
    (let ((hover (lsp-request "textDocument/hover" (lsp--text-document-position-params))))
      (should (string-match-p "DstPort" (lsp-get (lsp-get hover :contents) :value))))))

(ert-deftest flowql-lsp-mode-formats ()
  "The buffer is formatted."
  (flowql-test-with-lsp-mode "wrong.flowql"
    (flowql-format)
    (should (string-match-p "^SrcAS = 15169 AND NOT @web$" (buffer-string)))))

(ert-deftest flowql-lsp-mode-commands ()
  "The commands show what the server answers."
  (flowql-test-with-lsp-mode "web.flowql"
    (flowql-test-commands)
    (flowql-test-refresh #'ignore)))

(ert-deftest flowql-lsp-mode-runs ()
  "A filter is run on flows, with columns or without."
  (let ((flowql-backend (flowql-test-backend)))
    (flowql-test-with-lsp-mode "web.flowql"
      (flowql-test-flows))))

(ert-deftest flowql-lsp-mode-lenses ()
  "What code lenses offer is shown when they are clicked."
  (flowql-test-with-lsp-mode "web.flowql"
    (let* ((lenses (lsp-request "textDocument/codeLens"
                                (list :textDocument (lsp--text-document-identifier))))
           (commands (mapcar (lambda (lens) (lsp-get lens :command)) (append lenses nil)))
           (explain (seq-find (lambda (command)
                                (equal (lsp-get command :command) "flowql.explain"))
                              commands)))
      (should (= (length commands) 6))
      (lsp--execute-command explain)
      (should (string-match-p "443" (flowql-test-shown "What @web selects"))))))

(defun flowql-test-semantic-colours (text)
  "Colour TEXT, the whole of the buffer, as the server's tokens say."
  (erase-buffer)
  (insert text)
  (setq lsp--semantic-tokens-cache nil)
  ;; Batch mode is never idle.
  (lsp-semantic-tokens--request-update)
  (flowql-test-until
    (eql lsp--cur-version (plist-get lsp--semantic-tokens-cache :_documentVersion)))
  (font-lock-flush)
  (font-lock-ensure))

(ert-deftest flowql-lsp-mode-semantic-colours-of-the-corpus ()
  "With semantic tokens every token has the face of the class that the core gives it."
  (flowql-test-with-lsp-mode "web.flowql"
    (let ((noninteractive nil))
      (font-lock-mode))
    (should lsp-semantic-tokens-mode)
    (let ((checked 0))
      (dolist (document (flowql-test-corpus))
        ;; Lsp-mode 8.0 counts characters, and the protocol two for one of these.
        (unless (string-match-p "[\x10000-\x10ffff]" (plist-get document :text))
          (flowql-test-semantic-colours (plist-get document :text))
          (setq checked (+ checked (flowql-test-classes-of document #'cadr)))))
      (should (> checked 300)))))

(provide 'flowql-lsp-mode-test)
;;; flowql-lsp-mode-test.el ends here

;;; flowql-lsp.el --- FlowQL's language server -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; How Eglot and lsp-mode start FlowQL's language server, and how the commands
;; ask it through the one of them that runs.  Neither is needed to load this
;; file: each is told of FlowQL when it is there.

;;; Code:

(require 'cl-lib)
(require 'flowql-syntax)

(defvar eglot-server-programs)
(defvar lsp-language-id-configuration)
(defvar lsp-mode)
(defvar lsp-semantic-token-modifier-faces)
(declare-function eglot--TextDocumentIdentifier "eglot")
(declare-function eglot-current-server "eglot")
(declare-function jsonrpc-async-request "jsonrpc")
(declare-function lsp--buffer-uri "lsp-mode")
(declare-function lsp-activate-on "lsp-mode")
(declare-function lsp-register-client "lsp-mode")
(declare-function lsp-request-async "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function make-lsp-client "lsp-mode" t t)

(defcustom flowql-server-command '("flowql" "lsp")
  "The program that is FlowQL's language server, and its arguments.
`flowql lsp --help' lists the arguments that it takes."
  :type '(repeat string)
  :risky t
  :group 'flowql)

(defcustom flowql-config-file nil
  "The configuration of the language server.
Without one the server reads the file flowql.toml of the project."
  :type '(choice (const :tag "flowql.toml of the project" nil) file)
  :risky t
  :group 'flowql)

(defcustom flowql-backend nil
  "Where values come from and what filters are run on.
The value is a property list of the sections of flowql.toml, each a
property list too, such as

  (:backend (:kind \"clickhouse\")
   :clickhouse (:servers (\"http://localhost:8123\")))

With it, or with `flowql-schema', no flowql.toml is read."
  :type '(plist :key-type symbol :value-type sexp)
  :risky t
  :group 'flowql)

(defcustom flowql-schema nil
  "The columns: the section [schema] of flowql.toml as a property list.
For example, (:enable (\"SrcVlan\" \"DstVlan\")).
With it, or with `flowql-backend', no flowql.toml is read."
  :type '(plist :key-type symbol :value-type sexp)
  :risky t
  :group 'flowql)

(defcustom flowql-request-timeout 60
  "After how many seconds a command gives up waiting for the language server."
  :type 'number
  :group 'flowql)

;;; The start

(defun flowql-lsp--json (value)
  "VALUE as it is written to JSON: lists that are no property lists are arrays."
  (cond
   ((and (consp value) (keywordp (car value)))
    (mapcar #'flowql-lsp--json value))
   ((consp value) (vconcat (mapcar #'flowql-lsp--json value)))
   (t value)))

(defun flowql-lsp-options (&rest _)
  "The initialization options of the server; nil for none."
  (cond
   ((or flowql-backend flowql-schema)
    (list :settings
          (flowql-lsp--json
           (append flowql-backend
                   (and flowql-schema (list :schema flowql-schema))))))
   (flowql-config-file
    (list :config (expand-file-name flowql-config-file)))))

(defun flowql-lsp--contact (&rest _)
  "The command line of the server, and its options, as Eglot wants them."
  (append flowql-server-command
          (let ((options (flowql-lsp-options)))
            (and options (list :initializationOptions options)))))

(defconst flowql-lsp--faces
  '(:types (("comment" . font-lock-comment-face)
            ("string" . font-lock-string-face)
            ("property" . flowql-column)
            ("keyword" . flowql-keyword)
            ("operator" . flowql-operator)
            ("number" . flowql-number)
            ("enumMember" . flowql-constant)
            ("function" . flowql-saved-filter))
    :modifiers (("declaration" . flowql-name)
                ("asNumber" . flowql-as-number)
                ("address" . flowql-address)
                ("community" . flowql-community)))
  "The faces of the server's semantic tokens in lsp-mode.")

(defvar flowql-lsp-actions nil
  "What to do for the commands of code lenses, an alist.
The functions are called with what the lens says of the command.")

(defun flowql-lsp--register-eglot ()
  "Tell Eglot how the server is started."
  (cl-pushnew (cons 'flowql-mode #'flowql-lsp--contact) eglot-server-programs
              :test #'equal))

(defun flowql-lsp--register-lsp-mode ()
  "Tell lsp-mode how the server is started."
  (cl-pushnew '(flowql-mode . "flowql") lsp-language-id-configuration :test #'equal)
  (let ((actions (make-hash-table :test #'equal)))
    (pcase-dolist (`(,command . ,function) flowql-lsp-actions)
      (puthash command function actions))
    (lsp-register-client
     (make-lsp-client
      :new-connection (lsp-stdio-connection (lambda () flowql-server-command))
      :activation-fn (lsp-activate-on "flowql")
      :server-id 'flowql
      :initialization-options #'flowql-lsp-options
      :action-handlers actions
      :semantic-tokens-faces-overrides flowql-lsp--faces))))

(defun flowql-lsp--register-modifiers ()
  "Tell lsp-mode of the modifiers of the server's semantic tokens.
It gives them no face, but where a client has one for them."
  (dolist (modifier '("asNumber" "address" "community"))
    (cl-pushnew (list modifier) lsp-semantic-token-modifier-faces
                :test #'equal :key #'car)))

(defvar flowql-lsp--clients
  '((eglot . flowql-lsp--register-eglot)
    (lsp-mode . flowql-lsp--register-lsp-mode)
    (lsp-semantic-tokens . flowql-lsp--register-modifiers))
  "The libraries that are not told of the server yet, and what tells them.")

(defun flowql-lsp-register (&rest _)
  "Tell the clients that are loaded of the server, and the others when they are."
  (dolist (client flowql-lsp--clients)
    (when (featurep (car client))
      (setq flowql-lsp--clients (delq client flowql-lsp--clients))
      (funcall (cdr client))))
  (if flowql-lsp--clients
      (add-hook 'after-load-functions #'flowql-lsp-register)
    (remove-hook 'after-load-functions #'flowql-lsp-register)))

;;; The requests

(defun flowql-lsp-get (object key)
  "The value of KEY, a keyword, in OBJECT.
Eglot makes property lists of JSON, lsp-mode hash tables or property lists."
  (let ((value (if (hash-table-p object)
                   (gethash (substring (symbol-name key) 1) object)
                 (plist-get object key))))
    (unless (eq value :json-false) value)))

(defun flowql-lsp--client ()
  "The client that manages this buffer: `eglot', `lsp-mode', or an error."
  (cond
   ((and (featurep 'eglot) (eglot-current-server)) 'eglot)
   ((bound-and-true-p lsp-mode) 'lsp-mode)
   (t (user-error "FlowQL's language server does not run here: M-x %s starts it"
                  (if (fboundp 'eglot) "eglot" "lsp")))))

(defun flowql-lsp-format-buffer ()
  "Have the server format this buffer."
  (funcall (pcase (flowql-lsp--client)
             ('eglot 'eglot-format-buffer)
             (_ 'lsp-format-buffer))))

(defun flowql-lsp-target (place)
  "The filter at PLACE, a position, as the argument of a command."
  (list :uri (pcase (flowql-lsp--client)
               ('eglot (plist-get (eglot--TextDocumentIdentifier) :uri))
               (_ (lsp--buffer-uri)))
        ;; Filters begin and end with lines, so that any place in one will do.
        :position (list :line (1- (line-number-at-pos place t)) :character 0)))

(defun flowql-lsp-execute (command arguments callback)
  "Have the server run COMMAND with ARGUMENTS, and call CALLBACK with the result."
  (let* ((client (flowql-lsp--client))
         (method "workspace/executeCommand")
         (parameters (list :command command :arguments (vconcat arguments)))
         (failed (lambda (problem)
                   (message "FlowQL: %s" (flowql-lsp-get problem :message)))))
    (message "FlowQL: waiting for the language server…")
    (pcase client
      ('eglot
       (jsonrpc-async-request
        (eglot-current-server) (intern (concat ":" method)) parameters
        ;; Not before the server has the text as it is now.
        :deferred (intern command)
        :timeout flowql-request-timeout
        :success-fn callback
        :error-fn failed
        :timeout-fn (lambda () (message "FlowQL: the language server does not answer"))))
      (_ (lsp-request-async method parameters callback
                            :mode 'detached :error-handler failed)))))

(provide 'flowql-lsp)
;;; flowql-lsp.el ends here

;;; flowql-mode.el --- Major mode for FlowQL, the filter language of network flows -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The FlowQL authors

;; Author: The FlowQL authors
;; URL: https://github.com/flowql/flowql
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages, tools
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; FlowQL is a small language for filtering network flows.  `flowql-mode' is
;; for its files, *.flowql: colours, indentation, comments and an index of the
;; named filters.  With `eglot' or `lsp', FlowQL's language server adds
;; diagnostics and fixes, completion, documentation, formatting and renaming,
;; and the commands show the SQL of the filter at point, what it selects, and
;; the flows that it finds.

;;; Code:

(require 'easymenu)
(require 'flowql-commands)
(require 'flowql-indent)
(require 'flowql-lsp)
(require 'flowql-syntax)

(defgroup flowql nil
  "Filters of network flows."
  :group 'languages
  :prefix "flowql-"
  :link '(url-link "https://github.com/flowql/flowql"))

(defvar flowql-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-s") #'flowql-show-sql)
    (define-key map (kbd "C-c C-e") #'flowql-explain)
    (define-key map (kbd "C-c C-r") #'flowql-run)
    (define-key map (kbd "C-c C-f") #'flowql-format)
    (define-key map (kbd "C-c C-w") #'flowql-check-workspace)
    map)
  "Keys of `flowql-mode'.")

(easy-menu-define flowql-mode-menu flowql-mode-map
  "Menu of `flowql-mode'."
  '("FlowQL"
    ["Show SQL" flowql-show-sql]
    ["Show SQL of the Opposite Direction" (flowql-show-sql t)]
    ["Explain" flowql-explain]
    ["Run" flowql-run]
    "---"
    ["Format" flowql-format]
    ["Check Workspace" flowql-check-workspace]
    "---"
    ["Customize" (customize-group 'flowql)]))

(defun flowql-beginning-of-filter (&optional count)
  "Move to the header of this filter, or the COUNTth before; forward if negative.
The result is nil when there is none."
  (interactive "p")
  (let ((count (or count 1)))
    (when (< count 0)
      (end-of-line))
    (when (re-search-backward flowql-syntax-header nil 'move count)
      (goto-char (match-beginning 0)))))

(defun flowql-end-of-filter ()
  "Move to the end of the filter that point is in."
  (interactive)
  (goto-char (flowql-indent-filter-end)))

;;;###autoload
(define-derived-mode flowql-mode prog-mode "FlowQL"
  "Major mode for filters of network flows.

\\{flowql-mode-map}"
  :syntax-table flowql-mode-syntax-table
  (setq-local font-lock-defaults '(flowql-syntax-font-lock-keywords nil t))
  (setq-local syntax-propertize-function #'flowql-syntax-propertize)
  (add-hook 'syntax-propertize-extend-region-functions
            #'flowql-syntax-extend-region nil t)
  (setq-local comment-start "-- ")
  (setq-local comment-end "")
  (setq-local comment-start-skip "\\(?:--+\\|/\\*+\\)[ \t]*")
  (setq-local comment-end-skip "[ \t]*\\(?:\n\\|\\*+/\\)")
  (setq-local comment-use-syntax t)
  (setq-local indent-line-function #'flowql-indent-line)
  (setq-local indent-region-function #'flowql-indent-region)
  (setq-local indent-tabs-mode nil)
  (setq-local electric-indent-chars (cons ?\) electric-indent-chars))
  (setq-local imenu-generic-expression (list (list nil flowql-syntax-header 1)))
  (setq-local beginning-of-defun-function #'flowql-beginning-of-filter)
  (setq-local end-of-defun-function #'flowql-end-of-filter)
  (setq-local outline-regexp "[ \t]*-- name:")
  (setq-local outline-level (lambda () 1))
  (flowql-lsp-register))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.flowql\\'" . flowql-mode))

(provide 'flowql-mode)
;;; flowql-mode.el ends here

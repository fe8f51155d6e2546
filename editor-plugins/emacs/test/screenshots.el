;;; screenshots.el --- The pictures of the README -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Run by the script `screenshots' in an Emacs with a display: opens a project,
;; does what a person would do, and writes the frame as pictures.

;;; Code:

(require 'flowql-test-help)
(require 'eglot)

(defconst flowql-screenshots-files
  '(("values.toml" . "[columns]
InIfConnectivity = [\"transit\", \"ix\", \"peering\", \"customer\"]
")
    ("edge.flowql" . "-- name: customers
DstNetRole = \"customers\" AND OutIfBoundary = internal

-- name: web
InIfBoundary = external AND SrcAS IN (AS15169, AS396982) -- Google
AND (
  SrcPort IN (\"https\", 8000-8100)
  OR SrcAddr << 2001:db8:5::/48
)
AND Proto = \"tcp\" AND @customers

-- name: to-mend
SrcAS == AS64512-AS65534 AND DstAddr << 192.0.2.1
")
    ("flowql.toml" . "[backend]
kind = \"static\"
values = \"values.toml\"

[schema]
every_table = [\"SrcAddr\", \"SrcPort\", \"DstAddr\"]
"))
  "The project of the pictures.")

(defun flowql-screenshots-write (name)
  "Write the frame to NAME of the folder images."
  (redisplay t)
  (let ((coding-system-for-write 'no-conversion)
        (picture (x-export-frames nil 'png)))
    (write-region picture nil
                  (expand-file-name (concat "editor-plugins/emacs/images/" name)
                                    flowql-test-root)
                  nil 'silent)))

(defun flowql-screenshots-idle (seconds)
  "Let timers and processes do their work for SECONDS."
  (let ((end (time-add nil seconds)))
    (while (time-less-p nil end)
      (sit-for 0.1))))

(defun flowql-screenshots ()
  "Write the pictures."
  (setq inhibit-startup-screen t
        eglot-sync-connect t)
  (menu-bar-mode -1)
  (tool-bar-mode -1)
  (scroll-bar-mode -1)
  (blink-cursor-mode -1)
  (fringe-mode 10)
  (set-face-attribute 'default nil :family "DejaVu Sans Mono" :height 105)
  (set-frame-size nil 96 28)
  (let ((flowql-test-files flowql-screenshots-files))
    (flowql-test-in-project "edge.flowql"
      (delete-other-windows)
      (apply #'eglot (eglot--guess-contact))
      (flowql-screenshots-idle 2)
      (search-forward "name: web")
      (flowql-show-sql)
      (flowql-test-shown "SQL of @web")
      (search-forward "==")
      (backward-char)
      (enlarge-window 3)
      (set-window-start nil (point-min))
      (flowql-screenshots-idle 2)
      (eldoc-print-current-symbol-info)
      (flowql-screenshots-idle 1)
      (flowql-screenshots-write "sql.png")
      (delete-other-windows)
      (set-window-start nil (point-min))
      (goto-char (point-max))
      (insert "\n-- name: transit\n@web AND InIfCon")
      (flowql-screenshots-idle 1)
      (completion-at-point)
      (insert "= ")
      (flowql-screenshots-idle 1)
      (completion-at-point)
      (flowql-screenshots-idle 1)
      (flowql-screenshots-write "completion.png")
      (eglot-shutdown (eglot-current-server) nil 3))))

(condition-case problem
    (flowql-screenshots)
  (error (message "%S" problem)
         (kill-emacs 1)))
(kill-emacs 0)
;;; screenshots.el ends here

;;; flowql-commands.el --- Commands on filters -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; The commands that show what the language server makes of the filter at
;; point: its SQL, what it selects in plain English, the flows that it finds.

;;; Code:

(require 'flowql-lsp)
(require 'subr-x)

(defcustom flowql-run-columns nil
  "The columns that `flowql-run' shows the top values of; nil for the usual ones."
  :type '(repeat string)
  :safe (lambda (value) (and (listp value) (seq-every-p #'stringp value)))
  :group 'flowql)

;;; What is shown

(defvar-local flowql-commands--again nil
  "Asks anew for what the buffer shows.")

(defvar flowql-result-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "q" #'quit-window)
    (define-key map "g" #'revert-buffer)
    map)
  "Keys of `flowql-result-mode'.")

(define-minor-mode flowql-result-mode
  "Mode of buffers that show what a command gave."
  :lighter nil
  (setq buffer-read-only t)
  (setq-local revert-buffer-function
              (lambda (&rest _) (funcall flowql-commands--again))))

(defun flowql-commands--cells (line)
  "The cells of LINE, a row of a table in Markdown."
  (let ((cells nil) (start 1) (place 1))
    (while (string-match "[\\|]" line place)
      (setq place (match-end 0))
      (if (eq (aref line (1- place)) ?\\)
          ;; The next character is no border.
          (setq place (min (1+ place) (length line)))
        (push (string-trim (substring line start (1- place))) cells)
        (setq start place)))
    (nreverse cells)))

(defun flowql-commands--pad (cells)
  "CELLS, a column of a table in Markdown, made as wide as the widest.
Numbers stand to the right."
  (let* ((width (apply #'max 4 (mapcar #'string-width cells)))
         (number (seq-every-p (lambda (cell)
                                (string-match-p "\\`[-+0-9.e]*\\'" cell))
                              (cddr cells)))
         (pad (lambda (cell)
                (string-pad cell (+ (length cell) (- width (string-width cell))) nil number))))
    `(,(funcall pad (car cells))
      ,(concat (make-string (1- width) ?-) (if number ":" "-"))
      ,@(mapcar pad (cddr cells)))))

(defun flowql-commands--align (rows)
  "ROWS of a table in Markdown, lists of cells, as lines of aligned columns.
The second row is the line below the head."
  (let* ((count (apply #'max (mapcar #'length rows)))
         (columns (mapcar (lambda (column)
                            (flowql-commands--pad
                             (mapcar (lambda (row) (or (nth column row) "")) rows)))
                          (number-sequence 0 (1- count)))))
    (mapconcat (lambda (row)
                 (concat "| "
                         (mapconcat (lambda (column) (nth row column)) columns " | ")
                         " |\n"))
               (number-sequence 0 (1- (length rows)))
               "")))

(defun flowql-commands--align-tables ()
  "Align the columns of the tables in this buffer."
  (goto-char (point-min))
  (while (re-search-forward "^|" nil t)
    (let ((start (line-beginning-position))
          (rows nil))
      (goto-char start)
      (while (eq (char-after) ?|)
        (push (flowql-commands--cells
               (buffer-substring-no-properties (point) (line-end-position)))
              rows)
        (forward-line 1))
      (let ((table (flowql-commands--align (nreverse rows))))
        (delete-region start (point))
        (insert table)))))

(defun flowql-commands--mode (language)
  "Turn on the major mode for LANGUAGE, a string."
  (pcase language
    ("sql" (sql-mode))
    ((and "markdown" (guard (fboundp 'markdown-mode))) (funcall 'markdown-mode))
    (_ (text-mode))))

(defun flowql-commands-show (result again)
  "Show RESULT, what the server gave for a command; AGAIN asks anew."
  (with-current-buffer
      (get-buffer-create (format "*FlowQL: %s*" (flowql-lsp-get result :title)))
    (let ((inhibit-read-only t))
      (erase-buffer)
      (flowql-commands--mode (flowql-lsp-get result :language))
      (insert (flowql-lsp-get result :text))
      (if (not (equal (flowql-lsp-get result :language) "markdown"))
          (visual-line-mode)
        (flowql-commands--align-tables)
        (setq truncate-lines t))
      (set-buffer-modified-p nil)
      (goto-char (point-min)))
    (setq flowql-commands--again again)
    (flowql-result-mode)
    (message nil)
    (display-buffer (current-buffer))))

(defun flowql-commands--ask (place command &rest more)
  "Have the server run COMMAND on the filter at PLACE, and show the result.
PLACE is a marker, MORE are further properties of the command's argument."
  (unless (buffer-live-p (marker-buffer place))
    (user-error "The filter's buffer is gone"))
  (with-current-buffer (marker-buffer place)
    (flowql-lsp-execute
     command
     (list (append (flowql-lsp-target place) more))
     (lambda (result)
       (flowql-commands-show
        result
        (lambda () (apply #'flowql-commands--ask place command more)))))))

;;; The commands

;;;###autoload
(defun flowql-show-sql (&optional opposite)
  "Show the SQL of the filter at point.
With a prefix argument, OPPOSITE, show that of the opposite direction:
source and destination, in and out are swapped."
  (interactive "P")
  (apply #'flowql-commands--ask (point-marker) "flowql.showSql" (and opposite '(:reverse t))))

;;;###autoload
(defun flowql-explain ()
  "Say in plain English which flows the filter at point stands for."
  (interactive)
  (flowql-commands--ask (point-marker) "flowql.explain"))

(defun flowql-commands--read-columns ()
  "Read names of columns."
  (let ((completion-ignore-case t))
    (completing-read-multiple
     "Columns, with commas between: "
     (apply #'append (mapcar #'cdr flowql-words-columns))
     nil nil (string-join flowql-run-columns ","))))

;;;###autoload
(defun flowql-run (&optional columns)
  "Show the top values of the flows of the filter at point.
COLUMNS are the columns whose values are shown: with a prefix argument
they are asked for, else they are those of `flowql-run-columns'.  The
flows come from the backend of the server's configuration."
  (interactive (list (if current-prefix-arg
                         (flowql-commands--read-columns)
                       flowql-run-columns)))
  (apply #'flowql-commands--ask (point-marker) "flowql.run"
         (and columns (list :columns (vconcat columns)))))

;;;###autoload
(defun flowql-format ()
  "Format the filters of this buffer; those with errors are left as they are."
  (interactive)
  (let ((before (buffer-chars-modified-tick)))
    (flowql-lsp-format-buffer)
    (when (= before (buffer-chars-modified-tick))
      (message "FlowQL: nothing changed: the filters are formatted, or have errors"))))

;;;###autoload
(defun flowql-check-workspace ()
  "Check every filter file of the project, and say what was found."
  (interactive)
  (flowql-lsp-execute
   "flowql.checkWorkspace" nil
   (lambda (found)
     (let ((count (lambda (key what)
                    (let ((number (flowql-lsp-get found key)))
                      (format "%d %s%s" number what (if (= number 1) "" "s"))))))
       (message "FlowQL: %s and %s in %s"
                (funcall count :errors "error")
                (funcall count :warnings "warning")
                (funcall count :files "file"))))))

;;; Code lenses

(defun flowql-commands--lens (command lens)
  "Run COMMAND on the filter of LENS."
  (let* ((target (elt (flowql-lsp-get lens :arguments) 0))
         (line (flowql-lsp-get (flowql-lsp-get target :position) :line)))
    (flowql-commands--ask (save-excursion
                            (save-restriction
                              (widen)
                              (goto-char (point-min))
                              (forward-line line)
                              (point-marker)))
                          command)))

(dolist (command '("flowql.showSql" "flowql.explain" "flowql.run"))
  (setf (alist-get command flowql-lsp-actions nil nil #'equal)
        (apply-partially #'flowql-commands--lens command)))

(provide 'flowql-commands)
;;; flowql-commands.el ends here

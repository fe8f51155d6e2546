--- Shows what the commands of the server give, in the preview window, which `:pclose` closes.
local M = {}

local HIGHEST = 15

--- The options of the window.
local LOOK = { linebreak = true, number = false, relativenumber = false, signcolumn = 'no' }

local function preview_window()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.wo[window].previewwindow then
      return window
    end
  end
  vim.cmd('botright new')
  vim.wo.previewwindow = true
  return vim.api.nvim_get_current_win()
end

--- How many rows lines take in a window that wraps them.
local function rows(lines, window)
  local width, sum = vim.api.nvim_win_get_width(window), 0
  for _, line in ipairs(lines) do
    sum = sum + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  return sum
end

--- Shows a document; the cursor stays where it is.
---@param shown { title: string, language: string, text: string, failed: boolean }
function M.show(shown)
  local lines = vim.split((shown.text:gsub('\n+$', '')), '\n', { plain = true })
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  local before = vim.api.nvim_get_current_win()
  local window = preview_window()
  -- The buffer of the last result goes as this one takes its window, so that its name is free.
  vim.api.nvim_win_set_buf(window, buffer)
  vim.api.nvim_buf_set_name(buffer, 'flowql://' .. shown.title)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = shown.language == 'plaintext' and 'text' or shown.language
  vim.api.nvim_buf_set_keymap(buffer, 'n', 'q', '<Cmd>pclose<CR>', { noremap = true, silent = true })
  for option, value in pairs(LOOK) do
    vim.wo[window][option] = value
  end
  -- The rows of a table stay whole.
  vim.wo[window].wrap = shown.language ~= 'markdown'
  local height = vim.wo[window].wrap and rows(lines, window) or #lines
  vim.api.nvim_win_set_height(window, math.min(height, HIGHEST))
  if vim.api.nvim_win_is_valid(before) then
    vim.api.nvim_set_current_win(before)
  end
end

return M

--- Shows what the commands of the server give, in the preview window, which `:pclose` closes.
local M = {}

local HIGHEST = 15

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
  vim.api.nvim_win_set_height(window, math.min(math.max(#lines, 1), HIGHEST))
  if vim.api.nvim_win_is_valid(before) then
    vim.api.nvim_set_current_win(before)
  end
end

return M

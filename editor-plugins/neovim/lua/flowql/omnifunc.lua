--- Completion for versions before Neovim 0.11, whose own only finds candidates in the case in which they are written.
local server = require('flowql.server')

local M = {}

local DEADLINE = 2000

--- What the last call with `findstart` has found.
local found = {}

--- The byte at which what a candidate replaces begins.
local function start_of(edit, line, client)
  local start = (edit.range or edit.insert).start.character
  if client.offset_encoding == 'utf-8' then
    return start
  end
  return vim.str_byteindex(line, start, client.offset_encoding ~= 'utf-32')
end

local function candidates_of(client)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/completion', params, DEADLINE) or {}
  local result = (answers[client.id] or {}).result or {}
  local candidates = result.items or result
  table.sort(candidates, function(one, other)
    return (one.sortText or one.label) < (other.sortText or other.label)
  end)
  return candidates
end

--- The value of 'omnifunc'.
---@param findstart integer
---@param base string
function M.complete(findstart, base)
  if findstart == 1 then
    local client = server.clients(vim.api.nvim_get_current_buf())[1]
    if not client then
      return -3
    end
    local line, column = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2]
    found = candidates_of(client)
    local start = vim.fn.match(line:sub(1, column), '\\k*$')
    for _, candidate in ipairs(found) do
      if candidate.textEdit then
        start = math.min(start, start_of(candidate.textEdit, line, client))
      end
    end
    return start
  end
  local words = {}
  for _, candidate in ipairs(found) do
    local typed = candidate.filterText or candidate.label
    if vim.startswith(typed:lower(), base:lower()) then
      table.insert(words, {
        word = candidate.textEdit and candidate.textEdit.newText or candidate.insertText or candidate.label,
        abbr = candidate.label,
        menu = candidate.detail or '',
        icase = 1,
        dup = 1,
      })
    end
  end
  return words
end

return M

--- What the commands do. The server does the work; here it is asked, and its answer is shown.
local M = {}

local function server()
  return require('flowql.server')
end

local function tell(text, level)
  vim.notify('flowql: ' .. text, level or vim.log.levels.INFO)
end

--- Has the server run a command on a filter, and shows the result.
local function execute(client, command, target, bufnr)
  local params = { command = command, arguments = { target } }
  server().request(client, 'workspace/executeCommand', params, function(failure, shown)
    if failure then
      tell(failure.message, vim.log.levels.ERROR)
    elseif shown then
      require('flowql.results').show(shown)
    end
  end, bufnr)
end

--- Runs a command on the filter at the cursor; with a bang, for the flows of the opposite direction.
local function at_cursor(command, given)
  local client = server().client(0)
  if not client then
    return
  end
  local place = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local target = {
    uri = place.textDocument.uri,
    position = place.position,
    reverse = given.bang,
    columns = given.fargs and #given.fargs > 0 and given.fargs or nil,
  }
  execute(client, command, target, vim.api.nvim_get_current_buf())
end

function M.show_sql(given)
  at_cursor('flowql.showSql', { bang = given.bang })
end

function M.explain(given)
  at_cursor('flowql.explain', { bang = given.bang })
end

function M.run(given)
  at_cursor('flowql.run', given)
end

--- What the lenses above the filters do, for `vim.lsp.codelens.run`.
M.of_lenses = {}
for _, command in ipairs({ 'flowql.showSql', 'flowql.explain', 'flowql.run' }) do
  M.of_lenses[command] = function(lens, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    if client then
      execute(client, command, lens.arguments[1], context.bufnr)
    end
  end
end

--- Formats the buffer, or the filters of the lines that were given.
function M.format(given)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server().client(bufnr)
  if not client then
    return
  end
  local method = 'textDocument/formatting'
  local params = vim.lsp.util.make_formatting_params()
  if given.range > 0 then
    method = 'textDocument/rangeFormatting'
    params.range = {
      start = { line = given.line1 - 1, character = 0 },
      ['end'] = { line = given.line2, character = 0 },
    }
  end
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  server().request(client, method, params, function(failure, edits)
    if failure then
      tell(failure.message, vim.log.levels.ERROR)
    elseif not vim.api.nvim_buf_is_loaded(bufnr) or vim.api.nvim_buf_get_changedtick(bufnr) ~= tick then
      tell('the text has changed meanwhile: it is left as it is')
    else
      vim.lsp.util.apply_text_edits(edits or {}, bufnr, client.offset_encoding)
      if #vim.diagnostic.get(bufnr, { severity = vim.diagnostic.severity.ERROR }) > 0 then
        tell('a filter with errors is left as it is')
      end
    end
  end, bufnr)
end

--- Shows or hides the hints of the buffer.
function M.inlay_hints(given)
  if not vim.lsp.inlay_hint then
    tell('inlay hints need Neovim 0.10 or later', vim.log.levels.WARN)
    return
  end
  local is_on = vim.lsp.inlay_hint.is_enabled({ bufnr = 0 })
  local wanted = not is_on
  if given.args ~= '' then
    wanted = given.args == 'on'
  end
  vim.lsp.inlay_hint.enable(wanted, { bufnr = 0 })
end

--- Starts the server anew.
function M.restart()
  server().restart(function()
    tell('the language server is started anew')
  end)
end

--- The columns of the configuration whose names begin with a text, in any case.
---@param start string
---@return string[]
function M.complete_columns(start)
  local options = require('flowql.options').get()
  local command = { options.command[1], 'columns', '--json' }
  local config = options.config or server().root(0) .. '/flowql.toml'
  if vim.fn.filereadable(vim.fn.expand(config)) == 1 then
    vim.list_extend(command, { '--config', vim.fn.expand(config) })
  end
  local output = vim.fn.executable(command[1]) == 1 and vim.fn.system(command) or ''
  local is_list, columns = pcall(vim.fn.json_decode, output)
  if vim.v.shell_error ~= 0 or not is_list then
    return {}
  end
  local names = vim.tbl_map(function(column)
    return column.name
  end, columns)
  return vim.tbl_filter(function(name)
    return vim.startswith(name:lower(), start:lower())
  end, names)
end

return M

--- The options of `setup`, which `:help flowql-options` describes.
local M = {}

local DEFAULTS = {
  command = { 'flowql', 'lsp' },
  markdown = true,
  autocomplete = false,
  inlay_hints = false,
}

local TYPES = {
  command = 'table',
  config = 'string',
  settings = 'table',
  backend = 'table',
  schema = 'table',
  markdown = 'boolean',
  autocomplete = 'boolean',
  inlay_hints = 'boolean',
  on_attach = 'function',
}

local current = DEFAULTS

--- What is wrong with options; nil if nothing is.
---@param options table
---@return string|nil
local function fault(options)
  for name, value in pairs(options) do
    local wanted = TYPES[name]
    if not wanted then
      return ('there is no option `%s`'):format(name)
    elseif type(value) ~= wanted then
      return ('the option `%s` is a %s, not a %s'):format(name, wanted, type(value))
    end
  end
  if options.command and type(options.command[1]) ~= 'string' then
    return 'the option `command` is a list of strings, the program first'
  end
  if options.config and (options.settings or options.backend or options.schema) then
    return 'with `config`, a file, there are no `settings`, `backend` or `schema`'
  end
end

--- Sets the options; those that are left out have their defaults. False, and nothing is set, if one is wrong.
---@param options table
---@return boolean
function M.set(options)
  local wrong = fault(options)
  if wrong then
    vim.notify('flowql: ' .. wrong .. '; see :help flowql-options', vim.log.levels.ERROR)
    return false
  end
  current = vim.tbl_extend('force', DEFAULTS, options)
  return true
end

--- The options that are in force.
---@return table
function M.get()
  return current
end

--- The names of all options.
---@return string[]
function M.names()
  return vim.tbl_keys(TYPES)
end

--- The initialization options of the server.
---@return table
function M.initialization()
  local settings = current.settings
  if current.backend then
    settings = vim.tbl_extend('force', settings or {}, { backend = current.backend })
  end
  if current.schema then
    settings = vim.tbl_extend('force', settings or {}, { schema = current.schema })
  end
  if settings then
    return { settings = next(settings) and settings or vim.empty_dict() }
  end
  if current.config then
    return { config = vim.fn.fnamemodify(vim.fn.expand(current.config), ':p') }
  end
  return vim.empty_dict()
end

return M

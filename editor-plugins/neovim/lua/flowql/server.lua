--- The language server: where it is started, with what, and how it is asked.
---
--- Neovim 0.11 and later start it by `vim.lsp.enable`, earlier ones by an autocommand of this file.
local options = require('flowql.options')

local M = {}

local NAME = 'flowql'
local FILETYPES = { 'flowql', 'markdown' }
local uv = vim.uv or vim.loop

--- Whether the version has `vim.lsp.config` and `vim.lsp.enable`.
---@return boolean
function M.is_native()
  return vim.lsp.config ~= nil and vim.lsp.enable ~= nil
end

--- The folder that a buffer's filters belong to: that of the configuration, else of the repository, else its own.
---@param bufnr integer
---@return string
function M.root(bufnr)
  local own = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ':p:h')
  for _, marker in ipairs({ 'flowql.toml', '.git' }) do
    local folder, below = own, nil
    while folder ~= below do
      if uv.fs_stat(folder .. '/' .. marker) then
        return folder
      end
      folder, below = vim.fn.fnamemodify(folder, ':h'), folder
    end
  end
  return own
end

--- Whether a buffer of Markdown has a filter in a fence.
local function has_fence(bufnr)
  for _, line in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)) do
    if line:lower():find('^%s*[`~][`~][`~]+%s*{?%.?flowql') then
      return true
    end
  end
  return false
end

--- The clients that `restart` stops, by their ids: they answer no more.
local leaving = {}

local is_told = false

--- Whether a buffer has something for the server, and there is one.
local function is_wanted(bufnr)
  local filetype = vim.bo[bufnr].filetype
  if vim.bo[bufnr].buftype ~= '' or not vim.tbl_contains(FILETYPES, filetype) then
    return false
  end
  -- The server knows documents by their names.
  if vim.api.nvim_buf_get_name(bufnr) == '' then
    return false
  end
  if filetype == 'markdown' and not (options.get().markdown and has_fence(bufnr)) then
    return false
  end
  local program = options.get().command[1]
  if vim.fn.executable(program) == 1 then
    return true
  end
  if not is_told then
    is_told = true
    vim.notify(
      ('flowql: there is no program `%s`; :help flowql-install says how to get it'):format(program),
      vim.log.levels.WARN
    )
  end
  return false
end

--- Neovim asks for diagnostics from 0.10 on, but some versions do not ask again when the configuration or another file
--- has changed them. Those are not said to ask, so that diagnostics are pushed.
local function before_init(params)
  if not vim.lsp.handlers['workspace/diagnostic/refresh'] then
    params.capabilities.textDocument.diagnostic = nil
  end
end

--- Says that the server has ended, unless it was asked to.
local function on_exit(status, signal, id)
  vim.schedule(function()
    if not leaving[id] and (status ~= 0 or signal ~= 0) then
      vim.notify('flowql: the language server has ended; :FlowqlRestart starts it again', vim.log.levels.WARN)
    end
  end)
end

--- The configuration of the client, for `vim.lsp.config` and for `vim.lsp.start_client`.
---@return table
function M.config()
  local config = {
    name = NAME,
    cmd = options.get().command,
    filetypes = FILETYPES,
    before_init = before_init,
    on_exit = on_exit,
    init_options = options.initialization(),
    commands = require('flowql.commands').of_lenses,
  }
  if M.is_native() then
    config.root_dir = function(bufnr, on_dir)
      if is_wanted(bufnr) then
        on_dir(M.root(bufnr))
      end
    end
    config.reuse_client = function(client, other)
      return client.name == NAME and client.config.root_dir == other.root_dir and not leaving[client.id]
    end
  end
  return config
end

--- The clients that `start` has started where there is no `vim.lsp.start` to find them again, by their folders.
local started = {}

local function start_client(bufnr)
  local root = M.root(bufnr)
  local id = started[root]
  if not id or leaving[id] or not vim.lsp.get_client_by_id(id) then
    local config = M.config()
    config.root_dir = root
    if vim.fn.exists('##LspAttach') == 0 then
      config.on_attach = require('flowql.attach').attach
    end
    id = vim.lsp.start_client(config)
    started[root] = id
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
end

--- Whether the user has turned the server off.
local function is_disabled()
  return M.is_native() and vim.lsp.is_enabled ~= nil and not vim.lsp.is_enabled(NAME)
end

--- Attaches a buffer to the server of its folder, which is started if it does not run.
---@param bufnr integer
function M.start(bufnr)
  if is_disabled() or not is_wanted(bufnr) then
    return
  elseif M.is_native() then
    local config = vim.deepcopy(vim.lsp.config[NAME])
    config.root_dir = M.root(bufnr)
    vim.lsp.start(config, { bufnr = bufnr, reuse_client = config.reuse_client })
  else
    start_client(bufnr)
  end
end

local function start_all()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      M.start(bufnr)
    end
  end
end

--- Has the server started for buffers with filters, those that are open and those to come.
function M.enable()
  local group = vim.api.nvim_create_augroup('flowql', {})
  if vim.fn.exists('##LspAttach') == 1 then
    vim.api.nvim_create_autocmd('LspAttach', {
      group = group,
      callback = function(event)
        local client = vim.lsp.get_client_by_id(event.data.client_id)
        if client and client.name == NAME then
          require('flowql.attach').attach(client, event.buf)
        end
      end,
    })
  end
  -- A buffer may get its name, or Markdown its first filter, while it is edited.
  vim.api.nvim_create_autocmd('BufWritePost', {
    group = group,
    pattern = '*.flowql,*.md,*.markdown',
    callback = function(event)
      M.start(event.buf)
    end,
  })
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = FILETYPES,
    callback = function(event)
      -- `vim.lsp.enable` starts it by itself, but says nothing of a program that is not there.
      local act = M.is_native() and is_wanted or M.start
      if not is_disabled() then
        act(event.buf)
      end
    end,
  })
  if M.is_native() then
    vim.lsp.enable(NAME)
  else
    start_all()
  end
end

--- The clients that run: of a buffer, or all.
---@param bufnr integer|nil
---@return table[]
function M.clients(bufnr)
  local clients
  if vim.lsp.get_clients then
    clients = vim.lsp.get_clients({ bufnr = bufnr })
  else
    clients = vim.tbl_values(bufnr and vim.lsp.buf_get_clients(bufnr) or vim.lsp.get_active_clients())
  end
  return vim.tbl_filter(function(client)
    return client.name == NAME and not leaving[client.id]
  end, clients)
end

--- The client of a buffer, once it is ready; nil, and the user is told, if there is none.
---@param bufnr integer
---@return table|nil
function M.client(bufnr)
  local client
  vim.wait(is_wanted(bufnr) and 3000 or 0, function()
    client = M.clients(bufnr)[1]
    return client ~= nil
  end, 20)
  if not client then
    vim.notify('flowql: no language server serves this buffer; :checkhealth flowql says why', vim.log.levels.WARN)
  end
  return client
end

--- Sends a request to a client.
---@param client table
---@param method string
---@param params table
---@param handler fun(error: table|nil, result: any)
---@param bufnr integer
function M.request(client, method, params, handler, bufnr)
  if vim.fn.has('nvim-0.11') == 1 then
    client:request(method, params, handler, bufnr)
  else
    client.request(method, params, handler, bufnr)
  end
end

local function stop(client, at_once)
  if vim.fn.has('nvim-0.11') == 1 then
    client:stop(at_once)
  else
    client.stop(at_once)
  end
end

--- Stops the server, and starts it again for every buffer with filters.
---@param done fun()|nil
function M.restart(done)
  local clients = M.clients()
  local ids = vim.tbl_map(function(client)
    return client.id
  end, clients)
  for _, client in ipairs(clients) do
    leaving[client.id] = true
    stop(client, false)
  end
  local rounds = 0
  local function start_when_stopped()
    rounds = rounds + 1
    local alive = vim.tbl_filter(vim.lsp.get_client_by_id, ids)
    if #alive > 0 and rounds <= 100 then
      if rounds == 60 then
        for _, client in ipairs(clients) do
          stop(client, true)
        end
      end
      vim.defer_fn(start_when_stopped, 50)
      return
    end
    is_told = false
    start_all()
    if done then
      done()
    end
  end
  start_when_stopped()
end

--- Puts changed options in force.
function M.reconfigure()
  if M.is_native() then
    -- What Neovim has resolved is forgotten, so that `lsp/flowql.lua` is read again.
    vim.lsp.config(NAME, {})
  end
  if #M.clients() > 0 then
    M.restart()
  end
end

return M

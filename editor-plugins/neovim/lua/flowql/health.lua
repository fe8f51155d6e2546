--- `:checkhealth flowql`.
local options = require('flowql.options')
local server = require('flowql.server')

local M = {}

-- It is no field of `vim` before Neovim 0.8, and its functions have other names before 0.10.
local health = vim.health or require('health')
local report = {
  start = health.start or health.report_start,
  ok = health.ok or health.report_ok,
  info = health.info or health.report_info,
  error = health.error or health.report_error,
}

local function check_neovim()
  report.start('flowql: Neovim')
  local version = vim.version()
  local how = server.is_native() and 'vim.lsp.enable' or 'an autocommand'
  report.ok(('%d.%d.%d: %s starts the server'):format(version.major, version.minor, version.patch, how))
  if vim.fn.exists('#filetypedetect#BufRead#*.flowql') == 1 then
    report.ok('files *.flowql have the file type flowql')
  else
    report.error('files *.flowql are not detected', { 'Put `filetype plugin on` in the configuration.' })
  end
  local lacking = {}
  for feature, has in pairs({
    ['the colours of the server (0.9)'] = vim.lsp.semantic_tokens,
    ['inlay hints (0.10)'] = vim.lsp.inlay_hint,
    ['completion while you type (0.11)'] = vim.lsp.completion,
  }) do
    if not has then
      table.insert(lacking, feature)
    end
  end
  table.sort(lacking)
  if #lacking > 0 then
    report.info('this version lacks: ' .. table.concat(lacking, ', '))
  end
end

local function check_program()
  report.start('flowql: the program')
  local command = options.get().command
  local program = vim.fn.exepath(command[1])
  if program == '' then
    report.error(('there is no program `%s`'):format(command[1]), {
      'Install it: cargo install --path crates/flowql-cli, in a clone of the repository.',
      'Or name it: require("flowql").setup({ command = { "/path/to/flowql", "lsp" } }).',
    })
    return
  end
  local version = vim.trim(vim.fn.system({ program, '--version' }))
  report.ok(('%s is %s'):format(program, version))
  vim.fn.system({ program, 'lsp', '--help' })
  if vim.v.shell_error ~= 0 then
    report.error('it has no language server', { 'Install a later version of it.' })
  end
end

local function check_server()
  report.start('flowql: the language server')
  local clients = server.clients()
  if #clients == 0 then
    report.info('it does not run: it is started with the first file of filters')
  end
  for _, client in ipairs(clients) do
    local attached = client.attached_buffers
    local buffers = attached and vim.tbl_count(attached) or #vim.lsp.get_buffers_by_client_id(client.id)
    report.ok(('it runs in %s, for %d buffer%s'):format(client.config.root_dir, buffers, buffers == 1 and '' or 's'))
  end
  local initial = options.initialization()
  if initial.settings then
    report.info('the configuration is in the options: no flowql.toml is read')
  elseif initial.config and vim.fn.filereadable(initial.config) == 0 then
    report.error(('the option `config` names %s, which is no file'):format(initial.config))
  elseif initial.config then
    report.ok('the configuration is ' .. initial.config)
  end
  report.info('the log is ' .. require('vim.lsp.log').get_filename())
end

function M.check()
  check_neovim()
  check_program()
  check_server()
end

return M

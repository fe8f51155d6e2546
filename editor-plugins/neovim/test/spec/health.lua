local t = require('harness')

--- What `:checkhealth flowql` says.
local function health()
  vim.cmd('silent checkhealth flowql')
  local text = t.wait_for('the report', function()
    local text = table.concat(t.lines(), '\n')
    return text:find('the log is') and text
  end)
  vim.cmd('bwipeout!')
  return text
end

t.test('the health check says what is there', function()
  t.open('health/a.flowql', { 'SrcAS = 1' })
  t.client()
  local text = health()
  t.match(text, 'bin/flowql is flowql %d')
  t.match(text, 'OK:? files %*.flowql have the file type')
  t.match(text, 'it runs in ' .. vim.pesc(t.workspace) .. '.*, for 1 buffer')
  t.match(text, require('flowql.server').is_native() and 'vim.lsp.enable starts' or 'an autocommand starts')
  t.equal({ text:find('ERROR') }, {})
end)

t.test('the health check says what is wrong', function()
  require('flowql').setup({ command = { 'flowql-that-is-not-there' } })
  t.match(health(), 'ERROR:? there is no program `flowql%-that%-is%-not%-there`')
  require('flowql').setup({ command = { 'true' } })
  t.match(health(), 'true is ')
  require('flowql').setup({ command = { 'false' } })
  t.match(health(), 'ERROR:? it has no language server')
  require('flowql').setup({ config = '/nowhere/flowql.toml' })
  t.match(health(), 'ERROR:? the option `config` names /nowhere/flowql.toml')
  require('flowql').setup({})
end)

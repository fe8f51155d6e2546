local t = require('harness')

local server = require('flowql.server')

--- The processes of servers that this Neovim has started.
local function processes()
  local found = vim.fn.systemlist({ 'pgrep', '-P', tostring(vim.fn.getpid()), '-f', 'flowql lsp' })
  return vim.tbl_map(tonumber, found)
end

t.test('a file of filters starts the server in the folder of the configuration', function()
  t.write('server/flowql.toml', { '[filters]', 'own = "SrcAS = 1"' })
  t.open('server/deep/a.flowql', { '@own AND SrcAS == 2' })
  local client = t.client()
  t.equal(client.config.root_dir, t.workspace .. '/server')
  t.equal(t.codes(1), { 'E031' })
  t.open('server/b.flowql', { 'SrcAS = 1' })
  t.equal(t.client().id, client.id, 'one server for one folder')
end)

t.test('another folder has a server of its own', function()
  t.open('server/a.flowql', { 'SrcAS = 1' })
  local first = t.client()
  t.write('elsewhere/flowql.toml', {})
  t.open('elsewhere/a.flowql', { 'SrcAS = 1' })
  local second = t.client()
  t.equal(second.config.root_dir, t.workspace .. '/elsewhere')
  assert(first.id ~= second.id)
end)

t.test('a buffer is served as soon as it has a name', function()
  vim.cmd('enew')
  vim.bo.filetype = 'flowql'
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'SrcAS == 1' })
  vim.fn.mkdir(t.workspace .. '/server', 'p')
  vim.cmd('silent write ' .. t.workspace .. '/server/named.flowql')
  t.equal(t.codes(1), { 'E031' })
end)

t.test('Markdown is served where it has a filter', function()
  local bufnr = t.open('server/plain.md', { '# Notes', '', '```sql', 'SELECT 1', '```' })
  -- A server that was started for it would be there before that of a file that is opened later.
  t.open('server/later.flowql', { 'SrcAS = 1' })
  t.client()
  t.equal(#server.clients(bufnr), 0)
  vim.cmd('buffer ' .. bufnr)
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { '', '```flowql', 'SrcAS == 1', '```' })
  vim.cmd('silent write')
  local _, found = t.codes(1)
  t.equal(found[1].lnum, 7)
  t.open('server/notes.md', { '```flowql', 'SrcAS == 1', '```' })
  t.equal(t.codes(1), { 'E031' })
end)

t.test('the server that was killed is started again', function()
  t.open('server/killed.flowql', { 'SrcAS == 1' })
  t.codes(1)
  local before = processes()
  assert(#before > 0, 'there is a process')
  for _, process in ipairs(before) do
    vim.loop.kill(process, 'sigkill')
  end
  t.wait_for('the end of the clients', function()
    return #server.clients() == 0
  end)
  t.notice('has ended; :FlowqlRestart')
  vim.cmd('FlowqlRestart')
  t.notice('started anew')
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'SrcAS == 1 AND DstAS == 2' })
  t.codes(2)
  for _, process in ipairs(processes()) do
    assert(not vim.tbl_contains(before, process))
  end
end)

t.test('the server that runs is stopped and started', function()
  t.open('server/again.flowql', { 'SrcAS == 1' })
  t.codes(1)
  local before = processes()
  vim.cmd('FlowqlRestart')
  t.notice('started anew')
  t.client()
  t.codes(1)
  local after = processes()
  t.equal(#after, 1, 'one server, for the file that is open')
  assert(not vim.tbl_contains(before, after[1]))
  t.equal(t.told, { 'flowql: the language server is started anew' })
end)

t.test('a changed configuration is read', function()
  t.write('configured/flowql.toml', {})
  t.open('configured/a.flowql', { 'SrcVlan = 100' })
  t.codes(1)
  -- The server begins to look for changes a moment after its first answer: what was written before that is written
  -- again, with another time.
  t.wait_for('no diagnostics', function()
    t.write('configured/flowql.toml', { '[schema]', 'enable = ["SrcVlan"]' })
    return vim.wait(5000, function()
      return #vim.diagnostic.get(0) == 0
    end, 20)
  end)
end)

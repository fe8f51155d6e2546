local t = require('harness')

--- Opens two filters, with the cursor in the second.
local function open()
  t.open('commands/web.flowql', {
    '-- name: web',
    'DstPort IN ("https", 8080) AND Proto = "tcp"',
    '',
    '-- name: google',
    '@web AND SrcAS = AS15169',
  })
  vim.api.nvim_win_set_cursor(0, { 5, 3 })
  return vim.api.nvim_get_current_win()
end

--- The preview window, once the document with this title is in it.
local function shown(title)
  return t.wait_for(title, function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local buffer = vim.api.nvim_win_get_buf(window)
      if vim.wo[window].previewwindow and vim.api.nvim_buf_get_name(buffer) == 'flowql://' .. title then
        return { window = window, buffer = buffer, lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false) }
      end
    end
  end)
end

t.test('the SQL of the filter at the cursor is shown', function()
  local window = open()
  vim.cmd('FlowqlShowSql')
  local sql = shown('SQL of @google')
  t.equal(sql.lines, { '(DstPort IN (443, 8080) AND Proto = 6) AND SrcAS = 15169' })
  t.equal({ vim.bo[sql.buffer].filetype, vim.bo[sql.buffer].modifiable }, { 'sql', false })
  t.equal(vim.api.nvim_get_current_win(), window, 'the cursor stays')
  vim.cmd('FlowqlShowSql!')
  local reversed = shown('SQL of @google, reversed')
  t.match(reversed.lines[1], 'SrcPort IN .* AND DstAS = 15169')
  t.equal(reversed.window, sql.window, 'the window is used again')
  vim.cmd('pclose')
  t.equal(#vim.api.nvim_list_wins(), 1)
end)

t.test('what the filter selects is said', function()
  open()
  vim.cmd('FlowqlExplain')
  t.match(table.concat(shown('What @google selects').lines, '\n'), 'AS ?15169')
end)

t.test('a filter that cannot be run, or has errors, is told', function()
  open()
  vim.cmd('FlowqlRun SrcAS DstAS')
  t.match(shown('Top values of @google').lines[1], 'No backend is configured')
  t.open('commands/wrong.flowql', { '-- name: wrong', 'SrcAS == 1' })
  vim.cmd('FlowqlShowSql')
  t.match(shown('Errors of @wrong').lines[1], 'line 2: .*E031')
end)

t.test('a filter is run on a store with flows, with columns or without', function()
  local store = assert(vim.env.FLOWQL_TEST_STORE, 'FLOWQL_TEST_STORE names a store with flows')
  require('flowql').setup({ settings = { backend = { kind = 'embedded' }, embedded = { folder = store } } })
  t.open('commands/run.flowql', { '-- name: tcp', 'Proto = "tcp"' })
  vim.cmd('FlowqlRun')
  local answer = shown('Top values of @tcp')
  t.equal(vim.bo[answer.buffer].filetype, 'markdown')
  local text = table.concat(answer.lines, '\n')
  t.match(text, '| SrcAS |.*| DstAS |.*| Proto |')
  t.match(text, '\n| %d+ |[^\n]*| 6 | TCP |')
  vim.cmd('pclose')
  vim.cmd('FlowqlRun DstPort')
  t.match(table.concat(shown('Top values of @tcp').lines, '\n'), '| DstPort |')
  require('flowql').setup({})
end)

t.test('the columns are completed', function()
  open()
  local found = vim.fn.getcompletion('FlowqlRun srcadd', 'cmdline')
  assert(vim.tbl_contains(found, 'SrcAddr'), vim.inspect(found))
  assert(not vim.tbl_contains(found, 'DstAddr'))
  t.equal(vim.fn.getcompletion('FlowqlRun SrcVl', 'cmdline'), {}, 'a column that is disabled')
  t.write('commands/flowql.toml', { '[schema]', 'enable = ["SrcVlan"]' })
  t.equal(vim.fn.getcompletion('FlowqlRun SrcAS SrcVl', 'cmdline'), { 'SrcVlan' })
  vim.fn.delete(t.workspace .. '/commands/flowql.toml')
  t.equal(vim.fn.getcompletion('FlowqlInlayHints o', 'cmdline'), { 'on', 'off' })
end)

t.test('a lens runs the command of its filter', function()
  open()
  t.client()
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.lsp.codelens.refresh(t.has('0.10') and { bufnr = 0 } or nil)
  t.wait_for('lenses', function()
    return #vim.lsp.codelens.get(vim.api.nvim_get_current_buf()) >= 4
  end)
  local select = vim.ui.select
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      if options.format_item(item):find('Show SQL') then
        return choose(item)
      end
    end
  end
  vim.lsp.codelens.run()
  t.equal(shown('SQL of @web').lines, { 'DstPort IN (443, 8080) AND Proto = 6' })
  vim.ui.select = select
end)

t.test('where there is no server a command says so', function()
  vim.cmd('enew')
  for _, command in ipairs({ 'FlowqlShowSql', 'FlowqlExplain', 'FlowqlRun', 'FlowqlFormat' }) do
    t.told = {}
    vim.cmd(command)
    t.match(t.told[1], 'no language server serves this buffer')
  end
end)

t.test('inlay hints are shown and hidden, where there are any', function()
  local bufnr = t.open('commands/hints.flowql', { 'Proto = 6' })
  t.client()
  if not t.has('0.10') then
    vim.cmd('FlowqlInlayHints')
    t.match(t.told[1], 'need Neovim 0.10')
    return
  end
  vim.cmd('FlowqlInlayHints')
  t.wait_for('hints', function()
    return #vim.lsp.inlay_hint.get({ bufnr = bufnr }) == 1
  end)
  t.equal(vim.lsp.inlay_hint.get({ bufnr = bufnr })[1].inlay_hint.label, 'TCP')
  vim.cmd('FlowqlInlayHints')
  t.equal(vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }), false)
  vim.cmd('FlowqlInlayHints on')
  vim.cmd('FlowqlInlayHints on')
  t.equal(vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }), true)
  vim.cmd('FlowqlInlayHints off')
  t.equal(vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }), false)
end)

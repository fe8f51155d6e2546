local t = require('harness')

t.test('diagnostics have codes and ranges, beyond characters of several bytes too', function()
  local text = 'ExporterName = "🦀é" AND SrcAS == AS15169 AND DstAddr << 192.0.2.1'
  t.open('editing/wrong.flowql', { '-- name: slips', text })
  local codes, found = t.codes(2)
  t.equal(codes, { 'E031', 'E207' })
  t.match(found[1].message, '^`==` is written `=` here')
  t.equal({ found[1].lnum, text:sub(found[1].col + 1, found[1].end_col), found[1].source }, { 1, '==', 'flowql' })
  t.equal(text:sub(found[2].col + 1, found[2].end_col), '192.0.2.1')
  t.equal(found[1].severity, vim.diagnostic.severity.ERROR)
end)

t.test('diagnostics follow the text', function()
  t.open('editing/follow.flowql', { 'SrcAS = ' })
  t.codes(1)
  vim.cmd('normal! AAS1')
  t.codes(0)
end)

t.test('the server offers columns, operators, values and filters', function()
  for _, case in ipairs({
    { 'SrcA', { 'SrcAS', 'SrcAddr' } },
    { 'SrcAS ', { '=', 'IN' } },
    { 'InIfBoundary = ', { 'external', 'internal' } },
    { 'NOT @', { '@web' } },
    { 'SrcAS = AS1 ', { 'AND', 'OR' } },
  }) do
    t.open('editing/offer.flowql', { '-- name: web', 'DstPort = 80', '-- name: other', case[1] })
    local place = t.at(3, 0)
    place.position.character = #case[1]
    local answer = t.ask('textDocument/completion', place)
    local labels = {}
    for _, item in ipairs(answer.items or answer) do
      labels[item.label] = true
    end
    for _, label in ipairs(case[2]) do
      assert(labels[label], label .. ' after ' .. case[1])
    end
  end
end)

t.test('hover tells what stands there', function()
  t.open('editing/hover.flowql', { '-- name: web', 'DstPort IN ("https", 8080)' })
  t.client()
  local hover = function(byte)
    t.at(1, byte)
    vim.lsp.buf.hover()
    local window = t.wait_for('a window', function()
      for _, window in ipairs(vim.api.nvim_list_wins()) do
        if vim.api.nvim_win_get_config(window).relative ~= '' then
          return window
        end
      end
    end)
    local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    vim.api.nvim_win_close(window, true)
    return text
  end
  t.match(hover(1), 'port')
  t.match(hover(13), '443')
  t.equal(vim.fn.maparg('K', 'n') ~= '' or t.has('0.10'), true, 'K asks for it')
end)

t.test('a fix removes its error', function()
  t.open('editing/fix.flowql', { 'SrcAS == AS15169' })
  t.codes(1)
  vim.api.nvim_win_set_cursor(0, { 1, 6 })
  local select = vim.ui.select
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      if options.format_item(item):find('^write `=`') then
        return choose(item)
      end
    end
    choose(nil)
  end
  vim.lsp.buf.code_action()
  t.wait_for('the fixed text', function()
    return t.lines()[1] == 'SrcAS = AS15169'
  end)
  vim.ui.select = select
  t.codes(0)
end)

t.test('the command formats the buffer, or the filters of some lines', function()
  local untidy = { '-- name: one', 'srcas=as15169   and not dstport in(80,443)', '-- name: two', 'srcas=1' }
  t.open('editing/format.flowql', untidy)
  t.client()
  vim.cmd('4FlowqlFormat')
  t.wait_for('the text', function()
    return t.lines()[4] == 'SrcAS = 1' and t.lines()[2] == untidy[2]
  end)
  vim.cmd('FlowqlFormat')
  t.wait_for('the text', function()
    return t.lines()[2] == 'SrcAS = AS15169 AND NOT DstPort IN (80, 443)'
  end)
end)

t.test('a filter with errors is left as it is, and the user is told', function()
  t.open('editing/errors.flowql', { 'srcas == 1' })
  t.codes(1)
  vim.cmd('FlowqlFormat')
  t.notice('with errors is left')
  t.equal(t.lines(), { 'srcas == 1' })
end)

t.test('gq asks the server', function()
  t.open('editing/gq.flowql', { 'srcas=1' })
  t.client()
  vim.cmd('normal! gqq')
  t.equal(t.lines(), { 'SrcAS = 1' })
end)

t.test('in Markdown the command formats the filters, and gq the prose', function()
  local prose = 'one two three four five six seven eight nine ten'
  t.open('editing/notes.md', { prose, '', '```flowql', 'srcas=1', '```' })
  t.client()
  vim.bo.textwidth = 30
  vim.cmd('normal! gggqq')
  t.equal({ t.lines()[1], t.lines()[2] }, { 'one two three four five six', 'seven eight nine ten' })
  vim.cmd('FlowqlFormat')
  t.wait_for('the text', function()
    return t.lines()[5] == 'SrcAS = 1'
  end)
  t.equal(t.lines()[1], 'one two three four five six')
end)

t.test('a filter is renamed wherever it is used, and its definition is found', function()
  t.write('rename/flowql.toml', {})
  t.open('rename/other.flowql', { '-- name: other', '@web OR SrcAS = 1' })
  t.open('rename/web.flowql', { '-- name: web', 'DstPort = 80', '-- name: own', '@web AND SrcAS = 2' })
  t.client()
  t.at(3, 2)
  vim.lsp.buf.rename('browsing')
  t.wait_for('the new names', function()
    local other = vim.fn.bufnr('rename/other.flowql')
    return t.lines()[1] == '-- name: browsing'
      and t.lines()[4] == '@browsing AND SrcAS = 2'
      and vim.api.nvim_buf_get_lines(other, 1, 2, false)[1] == '@browsing OR SrcAS = 1'
  end)
  vim.api.nvim_win_set_cursor(0, { 4, 3 })
  local found = t.ask('textDocument/definition', t.at(3, 3))
  t.match(vim.inspect(found), 'web.flowql')
  t.equal(vim.bo.tagfunc, 'v:lua.vim.lsp.tagfunc')
end)

for _, case in ipairs({
  { 'a column', 'srcad', 'SrcAddr', '^SrcAddr ?$' },
  { 'a value', 'InIfBoundary = ext', 'external', '^InIfBoundary = external ?$' },
  { 'a value in quotes', 'Proto = "ud', 'udp', '^Proto = "udp" ?$' },
}) do
  local what, typed, wanted, line = unpack(case)
  t.test(what .. ' is completed while keys are typed', function()
    local ask, type_keys, stop = t.typist(t.write('editing/typed.flowql', { '' }))
    local is_passed, failure = pcall(function()
      ask([[vim.o.completeopt = 'menuone,noinsert']])
      t.wait_for('a client', function()
        return ask([[return #require('flowql.server').clients(0) > 0]])
      end)
      type_keys('A' .. typed .. '<C-x><C-o>')
      local words = t.wait_for('candidates', function()
        local items = ask([[return vim.fn.complete_info({ 'items' }).items]])
        return #items > 0 and vim.tbl_map(function(item)
          return item.abbr
        end, items)
      end)
      local index
      for place, word in ipairs(words) do
        index = index or (word:gsub('"', '') == wanted and place)
      end
      assert(index, wanted .. ' is in ' .. vim.inspect(words))
      type_keys(('<C-n>'):rep(index - 1) .. '<C-y>')
      t.wait_for('the line ' .. line, function()
        return ask([[return vim.api.nvim_get_current_line()]]):find(line)
      end)
    end)
    local last = ask([[return vim.api.nvim_get_current_line()]])
    stop()
    assert(is_passed, ('%s; the line is %s'):format(failure, last))
  end)
end

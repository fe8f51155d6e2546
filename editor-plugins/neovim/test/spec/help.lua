local t = require('harness')

local function plugin()
  return vim.fn.fnamemodify(vim.fn.resolve(vim.api.nvim_get_runtime_file('lua/flowql/init.lua', false)[1]), ':h:h:h')
end

t.test('the help has its tags, and one for every command and option', function()
  -- In a copy, so that no tags file is left in the repository.
  local copy = t.workspace .. '/help'
  vim.fn.mkdir(copy .. '/doc', 'p')
  vim.fn.writefile(vim.fn.readfile(plugin() .. '/doc/flowql.txt'), copy .. '/doc/flowql.txt')
  vim.cmd('helptags ' .. vim.fn.fnameescape(copy .. '/doc'))
  vim.opt.runtimepath:prepend(copy)
  local wanted = { 'flowql', 'flowql.txt', 'flowql-install' }
  for name in pairs(vim.api.nvim_get_commands({})) do
    if vim.startswith(name, 'Flowql') then
      table.insert(wanted, ':' .. name)
    end
  end
  assert(#wanted == 3 + 6, 'the commands are there')
  for _, name in ipairs(require('flowql.options').names()) do
    table.insert(wanted, 'flowql-option-' .. name)
  end
  for _, tag in ipairs(wanted) do
    vim.cmd('help ' .. tag)
    t.equal(vim.fn.expand('%:t'), 'flowql.txt', tag)
    t.match(vim.api.nvim_get_current_line(), vim.pesc('*' .. tag .. '*'))
    vim.cmd('helpclose')
  end
  vim.opt.runtimepath:remove(copy)
end)

t.test('the help has the form of help: narrow lines, links that lead somewhere, a modeline', function()
  local lines = vim.fn.readfile(plugin() .. '/doc/flowql.txt')
  t.match(lines[1], '^%*flowql.txt%*%s+%S')
  t.match(lines[#lines], '^ vim:.*ft=help')
  local tags = {}
  for _, line in ipairs(lines) do
    assert(vim.fn.strdisplaywidth(line) <= 78, 'too long: ' .. line)
    for tag in line:gmatch('%*(%S+)%*') do
      assert(not tags[tag], 'twice: ' .. tag)
      tags[tag] = true
    end
  end
  for _, line in ipairs(lines) do
    for link in line:gmatch('|(%S+)|') do
      if link:lower():find('flowql') then
        assert(tags[link], 'there is no tag ' .. link)
      end
    end
  end
end)

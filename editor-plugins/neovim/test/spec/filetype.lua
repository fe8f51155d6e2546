local t = require('harness')

t.test('a file of filters has its file type and options', function()
  vim.cmd('set formatoptions+=tro')
  t.open('filetype/a.flowql', { 'SrcAS = 1' })
  t.equal(vim.bo.filetype, 'flowql')
  t.equal(vim.bo.commentstring, '-- %s')
  t.equal(vim.bo.suffixesadd, '.flowql')
  t.equal({ vim.bo.formatoptions:find('[tro]') }, {})
  t.equal(vim.b.current_syntax, 'flowql')
  vim.cmd('setglobal formatoptions&')
end)

t.test('the options go with the file type', function()
  t.open('filetype/b.flowql', { 'SrcAS = 1' })
  vim.bo.filetype = ''
  t.equal({ vim.bo.commentstring == '-- %s', vim.bo.suffixesadd, vim.bo.formatprg }, { false, '', '' })
end)

t.test('what follows the name of a filter is no comment, and long comments are wrapped', function()
  t.open('filetype/c.flowql', { '-- name: one' })
  vim.cmd([[execute "normal! oSrcAS = 1\<CR>-- a b c"]])
  vim.bo.textwidth = 20
  vim.cmd([[execute "normal! A d e f g h i j k l m"]])
  t.equal(t.lines(), { '-- name: one', 'SrcAS = 1', '-- a b c d e f g h i', '-- j k l m' })
  vim.cmd([[execute "normal! oSrcAS = AS15169 AND DstAS = AS64496"]])
  t.equal(t.lines()[5], 'SrcAS = AS15169 AND DstAS = AS64496')
end)

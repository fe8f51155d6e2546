local t = require('harness')
local folder = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h')

t.test('every document of the corpus has its colours', function()
  vim.cmd('source ' .. vim.fn.fnameescape(folder .. '/colours.vim'))
  local checked, wrong = unpack(vim.fn.FlowqlCheckColours())
  t.equal(wrong, {}, 'wrong colours')
  assert(checked > 300, checked .. ' tokens were checked')
end)

t.test('filters in fences of Markdown have colours, and nothing else has', function()
  t.open('colours/notes.md', { 'SrcAS = 1', '', '```flowql', 'SrcAS = AS1', '```', '', 'SrcAS = 2' })
  vim.cmd('syntax sync fromstart')
  local group = function(line, byte)
    return vim.fn.synIDattr(vim.fn.synID(line, byte, 1), 'name')
  end
  t.equal({ group(4, 1), group(4, 7), group(4, 9) }, { 'flowqlColumn', 'flowqlOperator', 'flowqlAsNumber' })
  t.equal({ group(1, 1):find('flowql'), group(7, 1):find('flowql') }, {})
end)

if t.has('0.9') then
  t.test('the tokens of the server look like those of the syntax', function()
    local bufnr = t.open('colours/tokens.flowql', { '-- name: one', 'srcas = AS1 AND InIfBoundary = external OR @one' })
    local client = t.client()
    local name = function(byte)
      local token = (vim.lsp.semantic_tokens.get_at_pos(bufnr, 1, byte) or {})[1]
      return token and token.type
    end
    t.wait_for('tokens', function()
      return name(0)
    end)
    t.equal({ name(0), name(8), name(12), name(44) }, { 'property', 'number', 'keyword', 'function' })
    local legend = client.server_capabilities.semanticTokensProvider.legend
    vim.cmd('colorscheme default')
    local link = function(token)
      return vim.api.nvim_get_hl(0, { name = ('@lsp.%s.flowql'):format(token) }).link or ''
    end
    for _, kind in ipairs(legend.tokenTypes) do
      assert(vim.startswith(link('type.' .. kind), 'flowql'), kind .. ' has no colour of the syntax')
    end
    for _, modifier in ipairs({ 'asNumber', 'address', 'community' }) do
      assert(vim.tbl_contains(legend.tokenModifiers, modifier), modifier)
      assert(vim.startswith(link('typemod.number.' .. modifier), 'flowql'), modifier)
    end
  end)
end

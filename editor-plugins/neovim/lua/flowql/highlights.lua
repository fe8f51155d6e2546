--- The colours of the server's tokens: those of the same tokens in `syntax/flowql.vim`.
local M = {}

local GROUPS = {
  ['type.comment'] = 'flowqlComment',
  ['type.keyword'] = 'flowqlKeyword',
  ['type.operator'] = 'flowqlOperator',
  ['type.property'] = 'flowqlColumn',
  ['type.string'] = 'flowqlString',
  ['type.number'] = 'flowqlNumber',
  ['typemod.number.asNumber'] = 'flowqlAsNumber',
  ['typemod.number.address'] = 'flowqlAddress',
  ['typemod.number.community'] = 'flowqlCommunity',
  ['type.enumMember'] = 'flowqlConstant',
  ['type.function'] = 'flowqlSavedFilter',
}

--- Links the groups, where the version has them and the user has not.
function M.link()
  if vim.fn.has('nvim-0.9') == 0 then
    return
  end
  for token, group in pairs(GROUPS) do
    vim.api.nvim_set_hl(0, ('@lsp.%s.flowql'):format(token), { link = group, default = true })
  end
end

return M

--- What happens when a buffer gets its client: what later versions do by themselves, then what the options ask for.
local options = require('flowql.options')

local M = {}

--- Sets what Neovim sets from 0.8 (`tagfunc`, `formatexpr`) or 0.10 (`K`) on, where it does not.
local function set_defaults(bufnr)
  if not vim.lsp.completion then
    vim.bo[bufnr].omnifunc = "v:lua.require'flowql.omnifunc'.complete"
  end
  if vim.fn.has('nvim-0.8') == 0 then
    vim.bo[bufnr].tagfunc = 'v:lua.vim.lsp.tagfunc'
    if vim.bo[bufnr].filetype == 'flowql' then
      vim.bo[bufnr].formatexpr = 'v:lua.vim.lsp.formatexpr()'
    end
  end
  if vim.fn.has('nvim-0.10') == 0 and vim.fn.mapcheck('K', 'n') == '' then
    vim.keymap.set('n', 'K', vim.lsp.buf.hover, { buffer = bufnr, desc = 'What stands at the cursor' })
  end
end

--- Gives `gq` of Markdown back: prose is formatted by Neovim, not by a server that knows filters only.
local function release_format(bufnr)
  if vim.bo[bufnr].filetype == 'markdown' and vim.bo[bufnr].formatexpr == 'v:lua.vim.lsp.formatexpr()' then
    vim.bo[bufnr].formatexpr = ''
  end
end

--- Called once for each buffer of each client.
---@param client table
---@param bufnr integer
function M.attach(client, bufnr)
  set_defaults(bufnr)
  release_format(bufnr)
  if vim.lsp.completion then
    -- Without it a candidate would be inserted without what belongs to it, such as its quotes.
    vim.lsp.completion.enable(true, client.id, bufnr, { autotrigger = options.get().autocomplete })
  end
  if options.get().inlay_hints and vim.lsp.inlay_hint then
    vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
  end
  if options.get().on_attach then
    options.get().on_attach(client, bufnr)
  end
end

return M

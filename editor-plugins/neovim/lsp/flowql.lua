-- The configuration that `vim.lsp.enable('flowql')` finds, in Neovim 0.11 and later.
return require('flowql.server').config()

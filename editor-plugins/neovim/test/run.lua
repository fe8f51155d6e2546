-- Runs the specs inside Neovim, against the real server, and prints how many tests passed.
local folder = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h')
package.path = folder .. '/?.lua;' .. package.path
local harness = require('harness')

for _, spec in ipairs({ 'filetype', 'colours', 'help', 'server', 'editing', 'commands', 'options', 'health' }) do
  dofile(('%s/spec/%s.lua'):format(folder, spec))
end
-- What plugins do when Neovim has started they do not do before.
vim.api.nvim_create_autocmd('VimEnter', { callback = vim.schedule_wrap(harness.run) })

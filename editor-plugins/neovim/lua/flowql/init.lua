--- FlowQL in Neovim. `:help flowql` is the manual.
local M = {}

--- Sets the options; needed only to change one. A server that runs is started anew.
---@param options table|nil
function M.setup(options)
  if require('flowql.options').set(options or {}) then
    require('flowql.server').reconfigure()
  end
end

return M

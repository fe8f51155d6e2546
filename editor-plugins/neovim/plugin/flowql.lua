-- The commands and the start of the language server. Vim does not read this file.
if vim.g.loaded_flowql or vim.fn.has('nvim-0.7') == 0 then
  return
end
vim.g.loaded_flowql = 1

local function command(name, run, attributes)
  vim.api.nvim_create_user_command(name, function(given)
    require('flowql.commands')[run](given)
  end, attributes)
end

local function columns(start)
  return require('flowql.commands').complete_columns(start)
end

local function switch(start)
  return vim.tbl_filter(function(word)
    return vim.startswith(word, start)
  end, { 'on', 'off' })
end

command('FlowqlShowSql', 'show_sql', { bang = true, desc = 'Show the SQL of the filter at the cursor' })
command('FlowqlExplain', 'explain', { bang = true, desc = 'Say what the filter at the cursor selects' })
command('FlowqlRun', 'run', {
  bang = true,
  nargs = '*',
  complete = columns,
  desc = 'Show the top values of the flows that the filter at the cursor selects',
})
command('FlowqlFormat', 'format', { range = true, desc = 'Format the filters of the buffer, or of the lines' })
command('FlowqlInlayHints', 'inlay_hints', {
  nargs = '?',
  complete = switch,
  desc = 'Show or hide the meaning of numbers behind them',
})
command('FlowqlRestart', 'restart', { desc = 'Start the language server anew' })

require('flowql.highlights').link()
require('flowql.server').enable()

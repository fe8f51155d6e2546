-- The tests' own tools: they register tests, open files, wait, and see what the user is told.
local M = { told = {}, workspace = vim.env.FLOWQL_TEST_WORKSPACE }

local tests = {}

--- Milliseconds after which something that is waited for will not come. A slow machine must not reach it.
local PATIENCE = 120000

--- Whether the version has a feature.
function M.has(version)
  return vim.fn.has('nvim-' .. version) == 1
end

--- Registers a test.
function M.test(name, body)
  table.insert(tests, { name = name, body = body })
end

--- Fails unless two values are the same.
function M.equal(actual, wanted, what)
  if not vim.deep_equal(actual, wanted) then
    error(('%s: got %s, wanted %s'):format(what or 'value', vim.inspect(actual), vim.inspect(wanted)), 2)
  end
end

--- Fails unless a text has a pattern in it.
function M.match(text, pattern)
  if type(text) ~= 'string' or not text:find(pattern) then
    error(('%s is not in %s'):format(pattern, vim.inspect(text):sub(1, 400)), 2)
  end
end

--- What `probe` gives, once it gives something.
function M.wait_for(what, probe)
  local found
  local is_there = vim.wait(PATIENCE, function()
    found = probe()
    return found
  end, 20)
  if not is_there then
    error('waited in vain for ' .. what, 2)
  end
  return found
end

--- Writes a file of the workspace, and gives its path.
function M.write(name, lines)
  local path = M.workspace .. '/' .. name
  vim.fn.mkdir(vim.fn.fnamemodify(path, ':h'), 'p')
  vim.fn.writefile(lines, path)
  return path
end

--- Opens a new file of the workspace with these lines, and gives its buffer.
function M.open(name, lines)
  vim.cmd('edit ' .. vim.fn.fnameescape(M.write(name, lines)))
  return vim.api.nvim_get_current_buf()
end

--- The lines of the current buffer.
function M.lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

--- The client of the current buffer, once it is there.
function M.client()
  return M.wait_for('a client', function()
    return require('flowql.server').clients(vim.api.nvim_get_current_buf())[1]
  end)
end

--- The answer of the server to a request on the current buffer.
function M.ask(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, PATIENCE)
  local answer = answers and answers[M.client().id] or {}
  if answer.error then
    error(vim.inspect(answer.error), 2)
  end
  return answer.result
end

--- The parameters of a request at a line, from 0, and a byte of the current buffer.
function M.at(line, byte)
  vim.api.nvim_win_set_cursor(0, { line + 1, byte })
  return vim.lsp.util.make_position_params(0, M.client().offset_encoding)
end

--- The codes of the diagnostics of the current buffer, once there are so many; in the order of their places.
function M.codes(number)
  local found
  M.wait_for(number .. ' diagnostics', function()
    found = vim.diagnostic.get(0)
    return #found == number
  end)
  table.sort(found, function(one, other)
    return one.lnum < other.lnum or (one.lnum == other.lnum and one.col < other.col)
  end)
  return vim.tbl_map(function(diagnostic)
    return diagnostic.code or diagnostic.user_data.lsp.code
  end, found), found
end

--- The text that the user was told that has a pattern in it, once there is one.
function M.notice(pattern)
  return M.wait_for('the message ' .. pattern, function()
    for _, text in ipairs(M.told) do
      if text:find(pattern) then
        return text
      end
    end
  end)
end

--- Another Neovim, in which keys are typed while it waits for nothing else: a function that runs code there, one that
--- types keys, and one that ends it.
function M.typist(file)
  local arguments = { vim.v.progpath, '--embed', '--headless', '-n', '-i', 'NONE', file }
  local channel = vim.fn.jobstart(arguments, { rpc = true })
  local ask = function(code, ...)
    return vim.rpcrequest(channel, 'nvim_exec_lua', code, { ... })
  end
  local type_keys = function(keys)
    vim.rpcrequest(channel, 'nvim_input', keys)
  end
  return ask, type_keys, function()
    vim.rpcnotify(channel, 'nvim_command', 'qall!')
    if vim.fn.jobwait({ channel }, PATIENCE)[1] < 0 then
      vim.fn.jobstop(channel)
    end
  end
end

--- Runs a test in windows and with messages of its own.
local function run(body)
  vim.cmd('silent! tabonly! | silent! only! | enew!')
  M.told = {}
  vim.notify = function(text)
    table.insert(M.told, text)
  end
  local is_passed, failure = xpcall(body, debug.traceback)
  vim.cmd('stopinsert | silent! pclose! | silent! %bdelete!')
  return is_passed, failure
end

--- Runs the tests, prints their outcome and ends Neovim.
function M.run()
  local failed = 0
  for _, test in ipairs(tests) do
    local is_passed, failure = run(test.body)
    failed = failed + (is_passed and 0 or 1)
    io.stdout:write(('%s %s\n'):format(is_passed and 'ok  ' or 'FAIL', test.name))
    if not is_passed then
      io.stdout:write(('%s\n(told: %s)\n'):format(failure, vim.inspect(M.told)))
    end
  end
  io.stdout:write(('%s: %d passed, %d failed\n'):format(vim.env.FLOWQL_TEST_NAME, #tests - failed, failed))
  vim.cmd(failed == 0 and 'qall!' or 'cquit 1')
end

return M

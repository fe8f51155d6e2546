local t = require('harness')

local setup = require('flowql').setup

--- Runs a body with options, and takes them back.
local function with(options, body)
  setup(options)
  local is_passed, failure = xpcall(body, debug.traceback)
  setup({})
  assert(is_passed, failure)
end

t.test('the schema of the options is used, at once', function()
  t.open('options/a.flowql', { 'SrcVlan = 100' })
  t.codes(1)
  with({ schema = { enable = { 'SrcVlan' } } }, function()
    t.codes(0)
  end)
  t.codes(1)
end)

t.test('the settings are the configuration', function()
  t.open('options/b.flowql', { '@mine AND SrcVlan = 1' })
  t.codes(2)
  with({ settings = { filters = { mine = 'SrcAS = 1' }, schema = { enable = { 'SrcVlan' } } } }, function()
    t.codes(0)
  end)
end)

t.test('the option names the file of the configuration', function()
  local config = t.write('options/elsewhere/own.toml', { '[schema]', 'enable = ["SrcVlan"]' })
  t.open('options/c.flowql', { 'SrcVlan = 100' })
  t.codes(1)
  with({ config = config }, function()
    t.codes(0)
    t.equal(vim.fn.getcompletion('FlowqlRun SrcVl', 'cmdline'), { 'SrcVlan' })
  end)
end)

t.test('values come from the backend of the options', function()
  local values = t.write('options/values.toml', { '[columns]', 'ExporterName = ["edge1.example.net"]' })
  t.open('options/d.flowql', { 'ExporterName = ' })
  t.codes(1)
  with({ backend = { kind = 'static', values = values } }, function()
    t.wait_for('the value', function()
      return #require('flowql.server').clients(0) > 0
        and vim.inspect(t.ask('textDocument/completion', t.at(0, 14))):find('edge1.example.net')
    end)
  end)
end)

t.test('options that are wrong are told, and change nothing', function()
  local before = require('flowql.options').get()
  for wrong, message in pairs({
    ['comand'] = 'there is no option `comand`',
    ['markdown'] = 'the option `markdown` is a boolean, not a string',
    ['command'] = 'the option `command` is a table, not a string',
  }) do
    t.told = {}
    setup({ [wrong] = 'x' })
    t.match(t.told[1], vim.pesc(message))
  end
  t.told = {}
  setup({ config = 'a.toml', schema = {} })
  t.match(t.told[1], 'with `config`')
  setup({ command = {} })
  t.match(t.told[2], 'the program first')
  t.equal(require('flowql.options').get(), before)
end)

t.test('a program that is not there is told, once', function()
  with({ command = { 'flowql-that-is-not-there', 'lsp' } }, function()
    t.told = {}
    t.open('options/e.flowql', { 'SrcAS = 1' })
    t.match(t.notice('no program'), '`flowql%-that%-is%-not%-there`')
    t.open('options/f.flowql', { 'SrcAS = 1' })
    t.equal(#t.told, 1)
  end)
end)

t.test('Markdown is left alone where the options say so, and on_attach is called', function()
  local attached = {}
  local on_attach = function(client, bufnr)
    table.insert(attached, { client.name, bufnr })
  end
  with({ markdown = false, on_attach = on_attach }, function()
    t.open('options/notes.md', { '```flowql', 'SrcAS = 1', '```' })
    local bufnr = t.open('options/g.flowql', { 'SrcAS = 1' })
    t.client()
    t.wait_for('the call', function()
      return #attached > 0
    end)
    t.equal(attached, { { 'flowql', bufnr } })
  end)
end)

if require('flowql.server').is_native() then
  t.test('what the user says by vim.lsp.config counts, and the server can be disabled', function()
    vim.lsp.config('flowql', { init_options = { settings = { schema = { enable = { 'SrcVlan' } } } } })
    vim.cmd('FlowqlRestart')
    t.notice('started anew')
    t.open('options/h.flowql', { 'SrcVlan = 100' })
    t.client()
    t.codes(0)
    vim.lsp.config.flowql = {}
    vim.lsp.enable('flowql', false)
    t.wait_for('the end', function()
      return #require('flowql.server').clients() == 0
    end)
    t.open('options/i.flowql', { 'SrcVlan = 100' })
    t.told = {}
    vim.cmd('FlowqlRestart')
    t.notice('started anew')
    t.equal(#require('flowql.server').clients(), 0)
    vim.lsp.enable('flowql')
    t.codes(1)
  end)
end

if t.has('0.11') then
  t.test('inlay hints are on from the start, where the options say so', function()
    with({ inlay_hints = true }, function()
      local bufnr = t.open('options/j.flowql', { 'Proto = 6' })
      t.client()
      t.wait_for('hints', function()
        return #vim.lsp.inlay_hint.get({ bufnr = bufnr }) == 1
      end)
    end)
  end)

  t.test('candidates are shown while one types, where the options say so', function()
    for _, is_wanted in ipairs({ true, false }) do
      local ask, type_keys, stop = t.typist(t.write('options/k.flowql', { '' }))
      local is_passed, failure = pcall(function()
        ask([[require('flowql').setup({ autocomplete = ... })]], is_wanted)
        ask([[vim.o.completeopt = 'menuone,noinsert']])
        t.wait_for('a client', function()
          return ask([[return #require('flowql.server').clients(0) > 0]])
        end)
        -- What looks at the keys that are typed, of which there is nothing else here.
        local typed = ask([[return #vim.api.nvim_get_autocmds({ event = 'InsertCharPre', buffer = 0 })]])
        t.equal(typed > 0, is_wanted)
        if is_wanted then
          type_keys('AInIfBoundary = ')
          t.wait_for('candidates', function()
            return vim.inspect(ask([[return vim.fn.complete_info({ 'items' }).items]])):find('external') ~= nil
          end)
        end
      end)
      stop()
      assert(is_passed, failure)
    end
  end)
end

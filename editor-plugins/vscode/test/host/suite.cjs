// Runs inside the extension host, against the real server. The outcome of each test goes into the file that
// FLOWQL_REPORT names, which `test/browser/host.test.mjs` reads.
const assert = require('node:assert/strict');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const { commands, languages, window, workspace } = vscode;
const tests = [];
const test = (name, body) => tests.push({ name, body });

/** Milliseconds after which something that is waited for will not come. A slow machine must not reach it. */
const patience = 120_000;

/** What `probe` gives, once it gives something. */
async function until(what, probe) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

const file = name => vscode.Uri.joinPath(workspace.workspaceFolders[0].uri, name);

async function open(name) {
  const document = await workspace.openTextDocument(file(name));
  const editor = await window.showTextDocument(document);
  return { document, editor };
}

async function write(content, language = 'flowql') {
  const document = await workspace.openTextDocument({ language, content });
  const editor = await window.showTextDocument(document);
  return { document, editor };
}

/** The place of a text in a document, plus some characters. */
function at(document, text, more = 0) {
  const offset = document.getText().indexOf(text);
  assert.ok(offset >= 0, `${text} is in the document`);
  return document.positionAt(offset + more);
}

/** Closes what a test has opened, and forgets what it has written. */
async function closeAll() {
  while (window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
}

/** Waits until a server answers. */
async function served() {
  const { uri } = await workspace.openTextDocument(file('web.flowql'));
  await until('the server', async () => {
    const symbols = await commands.executeCommand('vscode.executeDocumentSymbolProvider', uri);
    return symbols?.length > 0;
  });
}

/** Runs a body with a setting of the user, and takes it back. */
async function withSetting(key, value, body) {
  const change = value => workspace.getConfiguration('flowql').update(key, value, vscode.ConfigurationTarget.Global);
  const before = workspace.getConfiguration('flowql').inspect(key).globalValue;
  await change(value);
  try {
    await body();
  } finally {
    await change(before);
  }
}

const errors = uri => languages.getDiagnostics(uri).filter(({ severity }) => severity === 0);

test('a file of filters starts the extension and the server', async () => {
  await open('web.flowql');
  const extension = vscode.extensions.getExtension('flowql.flowql');
  await until('the extension', () => extension.isActive);
  const known = await commands.getCommands(true);
  for (const { command } of extension.packageJSON.contributes.commands) {
    assert.ok(known.includes(command), command);
  }
});

test('diagnostics have a code, a range and a page', async () => {
  const { document } = await open('wrong.flowql');
  const found = await until('errors', () => {
    const found = errors(document.uri);
    return found.length === 2 && found;
  });
  assert.deepEqual(found.map(({ code }) => code.value), ['E031', 'E207']);
  assert.equal(found[0].source, 'flowql');
  assert.equal(document.getText(found[0].range), '==');
  assert.equal(found[0].message.split('\n')[0], '`==` is written `=` here');
  assert.match(found[0].code.target.toString(), /diagnostics\.md#e031/);
});

test('diagnostics follow the text, in characters beyond the first plane too', async () => {
  const { document, editor } = await write('ExporterName = "🦀🦀" AND SrcAS = ');
  await until('an error', () => errors(document.uri).length === 1);
  await editor.edit(edit => edit.insert(document.positionAt(document.getText().length), 'AS1 AND SrcPort == 1'));
  const [found] = await until('another error', () => {
    const found = errors(document.uri);
    return found.length === 1 && found[0].code.value === 'E031' && found;
  });
  assert.equal(document.getText(found.range), '==');
});

test('completion offers columns, operators, values and filters', async () => {
  for (const [text, wanted] of [
    ['', ['SrcAS', 'DstPort', 'InIfBoundary']],
    ['SrcA', ['SrcAS', 'SrcAddr']],
    ['SrcAS ', ['=', 'IN']],
    ['InIfBoundary = ', ['external', 'internal']],
    ['NOT @', ['@web', '@google']],
    ['SrcAS = AS1 ', ['AND', 'OR']],
  ]) {
    const { document } = await write(text);
    const place = document.positionAt(text.length);
    const list = await until(`candidates after ${text}`, async () => {
      const list = await commands.executeCommand('vscode.executeCompletionItemProvider', document.uri, place);
      return list.items.length > 0 && list;
    });
    const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    for (const label of wanted) assert.ok(labels.includes(label), `${label} after \`${text}\`: ${labels.slice(0, 9)}`);
  }
});

test('a candidate that is taken leaves a valid filter', async () => {
  const { document, editor } = await write('inifboundary = ext');
  editor.selection = new vscode.Selection(0, 18, 0, 18);
  let asked = 0;
  await until('the text', async () => {
    // Nothing says when the candidates are there: until then there is nothing to accept. Asking again would cancel what
    // is under way.
    if (Date.now() - asked > 5000) {
      asked = Date.now();
      await commands.executeCommand('editor.action.triggerSuggest');
    }
    await commands.executeCommand('acceptSelectedSuggestion');
    return document.getText().trim() === 'inifboundary = external';
  });
});

test('hover tells what stands there', async () => {
  const { document } = await open('web.flowql');
  const hover = async word => {
    const found = await commands.executeCommand('vscode.executeHoverProvider', document.uri, at(document, word, 1));
    return found.flatMap(({ contents }) => contents).map(({ value }) => value).join('\n');
  };
  assert.match(await until('hover', () => hover('SrcAS')), /The number of the AS/);
  assert.match(await hover('"https"'), /443/);
  assert.match(await hover('@web'), /DstPort/);
});

test('a fix mends its error', async () => {
  const { document } = await write('SrcAS == AS15169');
  const [found] = await until('an error', () => {
    const found = errors(document.uri);
    return found.length === 1 && found;
  });
  const fix = await until('the fix', async () => {
    const actions = await commands.executeCommand('vscode.executeCodeActionProvider', document.uri, found.range);
    return actions.find(({ title }) => title === 'write `=`');
  });
  assert.equal(fix.kind.value, 'quickfix');
  await workspace.applyEdit(fix.edit);
  assert.equal(document.getText(), 'SrcAS = AS15169');
  await until('no error', () => errors(document.uri).length === 0);
});

test('the command formats a document', async () => {
  const { document } = await write('srcas=as15169   and not dstport in(80,443)\n');
  await commands.executeCommand('flowql.format');
  assert.equal(document.getText(), 'SrcAS = AS15169 AND NOT DstPort IN (80, 443)\n');
});

test('a definition is found, and a filter is renamed wherever it is used', async () => {
  const { document } = await open('web.flowql');
  const { document: wrong } = await open('wrong.flowql');
  const place = at(wrong, '@web', 2);
  const [definition] = await until('a definition', async () => {
    const found = await commands.executeCommand('vscode.executeDefinitionProvider', wrong.uri, place);
    return found.length > 0 && found;
  });
  assert.equal((definition.targetUri ?? definition.uri).toString(), document.uri.toString());
  const edit = await commands.executeCommand('vscode.executeDocumentRenameProvider', wrong.uri, place, 'browsing');
  const changed = edit.entries().map(([uri, edits]) => [path.basename(uri.path), edits.length]).sort();
  assert.deepEqual(changed, [['web.flowql', 2], ['wrong.flowql', 1]]);
  assert.ok(await workspace.applyEdit(edit));
  assert.match(document.getText(), /-- name: browsing\n[^]*@browsing AND/);
  assert.match(wrong.getText(), /@browsing/);
  const back = await commands.executeCommand('vscode.executeDocumentRenameProvider', wrong.uri, at(wrong, '@browsing', 2), 'web');
  assert.ok(await workspace.applyEdit(back));
});

test('symbols are the filters of the file', async () => {
  const { document } = await open('web.flowql');
  const symbols = await until('symbols', () =>
    commands.executeCommand('vscode.executeDocumentSymbolProvider', document.uri),
  );
  assert.deepEqual(symbols.map(({ name }) => name.replace(/^@/, '')), ['web', 'google']);
});

/** The text of the result that a command shows. */
async function shown(title) {
  return until(title, () => {
    const document = workspace.textDocuments.find(
      ({ uri, isClosed }) => !isClosed && uri.scheme === 'flowql-result' && uri.path.includes(title),
    );
    return document?.getText() && document;
  });
}

test('the commands show the SQL and the meaning of the filter at the cursor', async () => {
  const { document, editor } = await open('web.flowql');
  const place = at(document, 'SrcAS');
  editor.selection = new vscode.Selection(place, place);
  await commands.executeCommand('flowql.showSql');
  const sql = await shown('SQL of @google');
  assert.equal(sql.getText().trim(), '(DstPort IN (443, 8080) AND Proto = 6) AND SrcAS = 15169');
  assert.equal(sql.languageId, 'sql');
  await window.showTextDocument(document, vscode.ViewColumn.One);
  await commands.executeCommand('flowql.showReverseSql');
  const reversed = await shown('reversed');
  assert.match(reversed.getText(), /SrcPort IN \(443, 8080\)[^]*DstAS = 15169/);
  await window.showTextDocument(document, vscode.ViewColumn.One);
  await commands.executeCommand('flowql.explain');
  const meaning = await shown('What @google selects');
  assert.match(meaning.getText(), /AS ?15169/);
});

test('a filter that cannot be run, or has errors, is told', async () => {
  await open('web.flowql');
  await commands.executeCommand('flowql.run');
  assert.match((await shown('Top values of')).getText(), /No backend is configured/);
  const { document, editor } = await write('SrcAS == 1');
  await commands.executeCommand('flowql.showSql');
  assert.match((await shown('Errors of')).getText(), /E031/);
  assert.equal(window.activeTextEditor?.document, editor.document);
  assert.equal(document.isDirty, true);
});

test('a lens runs the command of its filter', async () => {
  const { document } = await open('web.flowql');
  const lenses = await until('lenses', async () => {
    const found = await commands.executeCommand('vscode.executeCodeLensProvider', document.uri, 10);
    return found.length >= 4 && found;
  });
  const { command } = lenses.find(({ command }) => command.title === 'Show SQL');
  await commands.executeCommand(command.command, ...command.arguments);
  assert.equal((await shown('SQL of @web')).getText().trim(), 'DstPort IN (443, 8080) AND Proto = 6');
});

test('the workspace is checked, files that are not open too', async () => {
  await commands.executeCommand('flowql.checkWorkspace');
  await until('errors of a file that is not open', () => errors(file('unopened.flowql')).length === 1);
});

test('fences of Markdown have diagnostics and completion, and Markdown keeps its formatter', async () => {
  const { document } = await open('notes.md');
  const [found] = await until('an error', () => {
    const found = errors(document.uri);
    return found.length === 1 && found;
  });
  assert.equal(document.getText(found.range), '==');
  const list = await commands.executeCommand(
    'vscode.executeCompletionItemProvider',
    document.uri,
    at(document, 'SrcAS ==', 3),
  );
  assert.ok(list.items.some(({ label }) => (label.label ?? label) === 'SrcAS'));
  const edits = await commands.executeCommand('vscode.executeFormatDocumentProvider', document.uri, { tabSize: 2 });
  assert.ok(!edits?.length);
});

test('the settings give the schema', async () => {
  const { document } = await write('SrcVlan = 100');
  await until('an error', () => errors(document.uri).length === 1);
  await withSetting('schema', { enable: ['SrcVlan'] }, () =>
    until('no error', () => errors(document.uri).length === 0),
  );
  await until('the error again', () => errors(document.uri).length === 1);
});

test('the settings give sections of the configuration', async () => {
  const { document } = await write('((((SrcAS = 1))))');
  await withSetting('backend', { limits: { nesting: 3 } }, () =>
    until('an error', () => errors(document.uri).length === 1),
  );
  await until('no error', () => errors(document.uri).length === 0);
});

test('the values of a file are offered', async () => {
  const offered = async document => {
    const place = document.positionAt(document.getText().length);
    const list = await commands.executeCommand('vscode.executeCompletionItemProvider', document.uri, place);
    return list.items.some(({ label }) => (label.label ?? label).includes('edge-ams1'));
  };
  const { document } = await write('ExporterName = ');
  assert.ok(!(await offered(document)));
  // The path starts at the folder of the workspace.
  await withSetting('server.arguments', ['--values', 'values.toml'], async () => {
    await until('a value', () => offered(document));
    const lenses = await commands.executeCommand('vscode.executeCodeLensProvider', document.uri, 10);
    assert.ok(lenses.some(({ command }) => command?.title === 'Run'));
  });
  await until('no value', async () => !(await offered(document)));
});

test('a server that is not there is missed once, and found again', async () => {
  const { document } = await write('SrcAS = = 1');
  await until('an error', () => errors(document.uri).length > 0);
  await withSetting('server.path', '/nowhere/flowql', () =>
    until('no diagnostics without a server', () => languages.getDiagnostics(document.uri).length === 0),
  );
  await until('an error', () => errors(document.uri).length > 0);
});

test('the server can be started anew', async () => {
  const { document } = await write('SrcAS == 1');
  await until('an error', () => errors(document.uri).length === 1);
  await commands.executeCommand('flowql.restart');
  await until('the error again', () => errors(document.uri).length === 1);
  const list = await commands.executeCommand('vscode.executeCompletionItemProvider', document.uri, new vscode.Position(0, 3));
  assert.ok(list.items.length > 0);
});

test('a new file of filters is one filter to write', async () => {
  await commands.executeCommand('flowql.newFile');
  const { document, selection } = window.activeTextEditor;
  assert.equal(document.languageId, 'flowql');
  assert.match(document.getText(), /^-- name: \S+\n$/);
  assert.equal(selection.active.line, 1);
});

test('semantic tokens have the classes of the corpus', async () => {
  const classes = {
    'comment': 'comment',
    'keyword': 'keyword',
    'operator': 'operator',
    'property': 'column',
    'string': 'string',
    'number': 'number',
    'number asNumber': 'as-number',
    'number address': 'address',
    'number community': 'community',
    'enumMember': 'constant',
    'function': 'saved-filter',
    // The name of a filter, in a line that is a comment to the core.
    'function declaration': 'comment',
  };
  const corpus = readFileSync(path.join(__dirname, '../../../../tests/corpus/colours.jsonl'), 'utf8').trim().split('\n');
  let checked = 0;
  for (const { text, tokens } of corpus.map(line => JSON.parse(line))) {
    // No editor shows it: that would take its time.
    const document = await workspace.openTextDocument({ language: 'flowql', content: text });
    // The document of the editor may have other line ends than the text.
    const painted = new Array(document.getText().length);
    const [legend, found] = await Promise.all([
      commands.executeCommand('vscode.provideDocumentSemanticTokensLegend', document.uri),
      commands.executeCommand('vscode.provideDocumentSemanticTokens', document.uri),
    ]);
    let [line, character] = [0, 0];
    for (let index = 0; index < found.data.length; index += 5) {
      const [lines, characters, length, type, modifiers] = found.data.slice(index, index + 5);
      line += lines;
      character = lines === 0 ? character + characters : characters;
      const names = legend.tokenModifiers.filter((_, bit) => modifiers & (1 << bit));
      const start = document.offsetAt(new vscode.Position(line, character));
      painted.fill(classes[[legend.tokenTypes[type], ...names].join(' ')], start, start + length);
    }
    let place = 0;
    for (const [token, kind] of tokens) {
      const wanted = token.replaceAll('\r', '');
      const start = document.getText().indexOf(wanted, place);
      assert.ok(start >= place, `${JSON.stringify(wanted)} is in ${JSON.stringify(document.getText())}`);
      place = start + wanted.length;
      // Themes do not colour punctuation, and what is invalid is underlined.
      const expected = ['punctuation', 'invalid'].includes(kind) ? undefined : kind;
      for (let index = start; index < place; index++) {
        if (/\s/.test(document.getText()[index])) continue;
        assert.equal(painted[index], expected, `${JSON.stringify(token)} of ${JSON.stringify(text)}`);
      }
      checked++;
    }
  }
  assert.ok(checked > 300, `${checked} tokens were checked`);
});

exports.run = async () => {
  const outcomes = [];
  for (const { name, body } of tests) {
    const started = Date.now();
    const outcome = { name };
    try {
      // The first test has the server started.
      if (outcomes.length > 0) await served();
      await body();
    } catch (error) {
      outcome.error = error.stack ?? String(error);
    }
    await closeAll();
    outcomes.push({ ...outcome, milliseconds: Date.now() - started });
    writeFileSync(process.env.FLOWQL_REPORT, JSON.stringify({ outcomes, done: outcomes.length === tests.length }));
  }
};

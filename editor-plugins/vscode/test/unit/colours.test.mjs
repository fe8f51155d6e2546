// The TextMate grammar against the corpus of colours, `tests/corpus/colours.jsonl`, which the core is held to as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

const root = new URL('../../', import.meta.url);
const read = path => readFileSync(new URL(path, root), 'utf8');

/** The class of a scope: the longest of these beginnings counts. */
const CLASSES = {
  'comment': 'comment',
  'keyword.control': 'keyword',
  'keyword.operator': 'operator',
  'variable.other.property': 'column',
  'string.quoted': 'string',
  'constant.numeric.integer': 'number',
  'constant.numeric.as-number': 'as-number',
  'constant.other.address': 'address',
  'constant.other.community': 'community',
  'constant.language': 'constant',
  'entity.name.function': 'saved-filter',
  'punctuation': 'punctuation',
  'invalid.illegal': 'invalid',
};

function classOf(scopes) {
  for (const scope of scopes.toReversed()) {
    const beginning = Object.keys(CLASSES).find(start => scope === start || scope.startsWith(`${start}.`));
    if (beginning) return CLASSES[beginning];
  }
  return null;
}

const onigurumaWasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
await oniguruma.loadWASM(readFileSync(onigurumaWasm).buffer);

const FILES = {
  'source.flowql': 'syntaxes/flowql.tmLanguage.json',
  'markdown.flowql.codeblock': 'syntaxes/markdown.tmLanguage.json',
};
// Enough of Markdown to have something to inject into.
const MARKDOWN = { scopeName: 'text.html.markdown', patterns: [{ match: '^#.*$', name: 'markup.heading.markdown' }] };

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: sources => new oniguruma.OnigScanner(sources),
    createOnigString: text => new oniguruma.OnigString(text),
  }),
  loadGrammar: async scope =>
    scope === MARKDOWN.scopeName ? MARKDOWN : textmate.parseRawGrammar(read(FILES[scope]), FILES[scope]),
  getInjections: scope => (scope === MARKDOWN.scopeName ? ['markdown.flowql.codeblock'] : undefined),
});

/** The scopes of each UTF-16 unit of a text. */
async function paint(scope, text) {
  const grammar = await registry.loadGrammar(scope);
  const painted = new Array(text.length).fill([]);
  let state = textmate.INITIAL;
  let start = 0;
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line.replace(/\r$/, ''), state);
    for (const token of tokens) painted.fill(token.scopes, start + token.startIndex, start + token.endIndex);
    state = ruleStack;
    start += line.length + 1;
  }
  return painted;
}

test('every document of the corpus has its colours', async () => {
  const documents = read('../../tests/corpus/colours.jsonl').trim().split('\n').map(line => JSON.parse(line));
  let checked = 0;
  for (const { text, tokens } of documents) {
    const painted = await paint('source.flowql', text);
    let place = 0;
    for (const [token, kind, looks = kind] of tokens) {
      const start = text.indexOf(token, place);
      place = start + token.length;
      for (let index = start; index < place; index++) {
        if (/\s/.test(text[index])) continue;
        assert.equal(classOf(painted[index]), looks, `${JSON.stringify(token)} of ${JSON.stringify(text)}`);
      }
      checked++;
    }
    assert.equal(text.slice(place).trim(), '', 'the rest of the text has no token');
  }
  assert.ok(checked > 300, `${checked} tokens were checked`);
});

test('a column tells its type', async () => {
  const scopes = async word => (await paint('source.flowql', word))[0].at(-1);
  assert.equal(await scopes('srcas'), 'variable.other.property.asn.flowql');
  assert.equal(await scopes('MPLSLabels'), 'variable.other.property.array-uint.flowql');
  assert.equal(await scopes('Proto = 6'), 'variable.other.property.proto.flowql');
  assert.equal(await scopes('MyOwnColumn = 6'), 'variable.other.property.flowql');
});

test('the name of a filter stands out', async () => {
  const text = '-- name: own-web';
  const painted = await paint('source.flowql', text);
  assert.equal(painted[text.indexOf('own')].at(-1), 'entity.name.section.flowql');
  assert.equal(painted[0].at(-1), 'comment.line.double-dash.name.flowql');
});

test('filters in fences of Markdown have colours, and nothing else has', async () => {
  for (const [open, close] of [['```flowql', '```'], ['~~~~ FlowQL title=x', '~~~~'], ['  ```{.flowql}', '  ```']]) {
    const text = `# SrcAS = 1\n\n${open}\nSrcAS = AS1\n${close}\nSrcAS = AS2`;
    const painted = await paint('text.html.markdown', text);
    const at = word => classOf(painted[text.indexOf(word)]);
    assert.equal(at('SrcAS = AS1'), 'column', open);
    assert.equal(at('AS1'), 'as-number', open);
    assert.ok(painted[text.indexOf('AS1')].includes('meta.embedded.block.flowql'), open);
    assert.equal(classOf(painted[text.lastIndexOf('SrcAS')]), null, open);
  }
  const other = '```flowqlx\nSrcAS = 1\n```';
  assert.equal(classOf((await paint('text.html.markdown', other))[other.indexOf('SrcAS')]), null);
});

test('a long line is painted in time', async () => {
  const text = `SrcAS IN (${'AS64512-AS65534, '.repeat(3000)}1)`;
  const before = performance.now();
  await paint('source.flowql', text);
  assert.ok(performance.now() - before < 5000);
});

// Where the server is looked for.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { buildSync } from 'esbuild';

const source = new URL('../../src/server.ts', import.meta.url).pathname;
const { outputFiles } = buildSync({ entryPoints: [source], bundle: true, platform: 'node', format: 'esm', write: false });
const { findServer } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

const home = mkdtempSync(path.join(tmpdir(), 'flowql-unit-'));
after(() => rmSync(home, { recursive: true }));

function program(...names) {
  const file = path.join(home, ...names);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  return file;
}

const [own, first, second, packed] = [
  program('own', 'server'),
  program('first', 'flowql'),
  program('second', 'flowql'),
  program('extension', 'server', 'flowql'),
];
mkdirSync(path.join(home, 'folder', 'flowql'), { recursive: true });
writeFileSync(path.join(home, 'own', 'text'), '');

const find = around =>
  findServer({ setting: '', folder: home, searchPath: '', extension: home, platform: 'linux', ...around });
const everywhere = {
  searchPath: [path.dirname(first), path.dirname(second)].join(path.delimiter),
  extension: path.join(home, 'extension'),
};

test('the settings come first, then PATH, then the extension', async () => {
  assert.deepEqual(await find({ ...everywhere, setting: own }), { command: own, from: 'settings' });
  assert.deepEqual(await find(everywhere), { command: first, from: 'PATH' });
  assert.deepEqual(await find({ ...everywhere, searchPath: '' }), { command: packed, from: 'extension' });
});

test('what the settings name is not replaced by another server', async () => {
  await assert.rejects(find({ ...everywhere, setting: path.join(home, 'missing') }), /missing.*flowql\.server\.path/);
  await assert.rejects(find({ ...everywhere, setting: path.join(home, 'own', 'text') }), /no program/);
});

test('a path of the settings starts at the workspace or at home', async () => {
  for (const setting of ['own/server', './own/server', '${workspaceFolder}/own/server', ` ${own} `]) {
    assert.equal((await find({ setting })).command, own, setting);
  }
  await assert.rejects(find({ setting: '~/no/such/flowql' }), error => error.message.includes(homedir()));
});

test('folders and relative folders of PATH are no programs', async () => {
  const searchPath = [path.join(home, 'folder'), '', '.', 'second', path.dirname(second)].join(path.delimiter);
  assert.equal((await find({ searchPath })).command, second);
});

test('nothing anywhere is told, with what to do', async () => {
  await assert.rejects(find({}), /neither in PATH nor in the extension.*flowql\.server\.path/);
});

test('on Windows the program has its ending', async () => {
  const windows = program('windows', 'flowql.exe');
  assert.equal((await find({ searchPath: path.dirname(windows), platform: 'win32' })).command, windows);
});

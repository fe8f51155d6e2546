// The tests of `test/host/suite.cjs`, which run inside the extension host of a real VS Code.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { browse, folder, needed, patience, pause, product, results, root, serve, settings, workspace } from './code.mjs';

test('inside the extension host', { timeout: 10 * patience }, async t => {
  const home = folder(t);
  const data = path.join(home, 'data');
  const report = path.join(home, 'report.json');
  const server = path.resolve(needed('FLOWQL', 'the program flowql'));
  mkdirSync(path.join(data, 'Machine'), { recursive: true });
  writeFileSync(
    path.join(data, 'Machine/settings.json'),
    JSON.stringify({ ...settings, 'flowql.server.path': server, 'files.autoSave': 'off' }),
  );
  const files = workspace(t, {
    'unopened.flowql': 'SrcAS = "x"\n',
    'values.toml': '[columns]\nExporterName = ["edge-ams1", "edge-fra1"]\n',
  });
  const main = path.join(product, 'lib/vscode/out/server-main.js');
  const address = await serve(t, main, [
    ...['--host', '127.0.0.1', '--without-connection-token', '--accept-server-license-terms'],
    // Without this a built workbench takes no extension under development.
    '--enable-smoke-test-driver',
    ...['--disable-telemetry', '--disable-workspace-trust', '--user-data-dir', data],
    ...['--server-data-dir', path.join(home, 'server'), '--extensions-dir', path.join(home, 'extensions')],
  ], { home, ready: '/version', portFlag: port => ['--port', String(port)], variables: { FLOWQL_REPORT: report } });

  const page = await browse(t);
  // The workbench calls these when there are tests.
  await page.exposeFunction('codeAutomationLog', () => undefined);
  await page.exposeFunction('codeAutomationExit', () => undefined);
  const remote = file => `vscode-remote://${new URL(address).host}${file}`;
  const payload = JSON.stringify([
    ['extensionDevelopmentPath', remote(root)],
    ['extensionTestsPath', remote(path.join(root, 'test/host/suite.cjs'))],
  ]);
  const query = new URLSearchParams({ folder: files, payload });
  await page.goto(`${address}/?${query}`, { waitUntil: 'domcontentloaded' });
  let outcome = { outcomes: [], done: false };
  // A test that hangs keeps those after it from reporting.
  for (let last = Date.now(); !outcome.done && Date.now() - last < 2 * patience; ) {
    await pause();
    try {
      const now = JSON.parse(readFileSync(report, 'utf8'));
      if (now.outcomes.length > outcome.outcomes.length) last = Date.now();
      outcome = now;
    } catch {
      // It is not there yet, or is being written.
    }
  }
  await page.screenshot({ path: path.join(results, 'host.png') });
  for (const { name, milliseconds, error } of outcome.outcomes) {
    await t.test(`${name} (${milliseconds} ms)`, () => assert.ok(!error, error));
  }
  assert.ok(outcome.done, 'the tests did not come to their end');
});

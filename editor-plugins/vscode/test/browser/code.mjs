// VS Code in the browser, for the tests: a server of its own, a browser of its own, nothing left behind.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Milliseconds after which something that is waited for will not come. A slow machine must not reach it. */
export const patience = 120_000;

/** Where what a test leaves for people goes: screenshots, logs. */
export const results = path.join(root, 'test-results');
mkdirSync(results, { recursive: true });

const codeServer = needed('CODE_SERVER', 'the folder that .ci/code-server prints');
const node = path.join(codeServer, 'node/bin/node');
export const product = path.join(codeServer, 'node_modules/code-server');

/** A variable that the tests cannot do without. */
export function needed(name, what) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: ${what}`);
  return value;
}

const tasks = new WeakMap();

/** Has a task run when a test has ended, whatever its outcome, the last one first. */
function afterwards(t, task) {
  if (!tasks.has(t)) {
    tasks.set(t, []);
    t.after(async () => {
      for (const task of tasks.get(t).toReversed()) await task();
    });
  }
  tasks.get(t).push(task);
}

/** A folder that is removed when the tests have ended, with files in it. */
export function folder(t, files = {}) {
  const made = mkdtempSync(path.join(tmpdir(), 'flowql-vscode-'));
  afterwards(t, () => rmSync(made, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
    writeFileSync(path.join(made, name), text);
  }
  return made;
}

/** Waits a moment before something is looked at again. */
export const pause = () => new Promise(resolve => setTimeout(resolve, 50));

/** A workspace: the files of `test/fixture`, and others. */
export function workspace(t, files = {}) {
  const fixture = path.join(root, 'test/fixture');
  const own = Object.fromEntries(readdirSync(fixture).map(name => [name, readFileSync(path.join(fixture, name), 'utf8')]));
  const all = Object.entries({ ...own, ...files }).map(([name, text]) => [`filters/${name}`, text]);
  return path.join(folder(t, Object.fromEntries(all)), 'filters');
}

async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** The environment of a program that must not find what this machine has, neither settings nor servers. */
export function environment(home) {
  const own = { HOME: home, PATH: `${path.join(codeServer, 'node/bin')}:/usr/bin:/bin`, LANG: 'C.UTF-8' };
  return { ...own, TMPDIR: process.env.TMPDIR ?? '/tmp' };
}

/** Runs a program of Node.js to its end; its output. */
export async function run(script, args, home) {
  const child = spawn(node, [script, ...args], { env: environment(home), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data));
  const status = await new Promise(resolve => child.once('close', resolve));
  if (status !== 0) throw new Error(`${path.basename(script)} ended with ${status}: ${output}`);
  return output;
}

/** Starts a server of Node.js that takes `--port`; its address, once `ready` answers there. */
export async function serve(t, script, args, { home, ready, portFlag, variables = {} }) {
  const port = await freePort();
  const log = path.join(results, `${path.basename(script, '.js')}.log`);
  const output = openSync(log, 'w');
  // In a group of its own, which is ended as a whole: it starts processes too.
  const child = spawn(node, [script, ...portFlag(port), ...args], {
    env: { ...environment(home), ...variables },
    stdio: ['ignore', output, output],
    detached: true,
  });
  const ended = new Promise(resolve => child.once('exit', resolve));
  const end = signal => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
  };
  // Nothing stays when the tests are interrupted.
  const interrupted = () => end('SIGKILL');
  process.once('exit', interrupted);
  afterwards(t, async () => {
    end('SIGTERM');
    const hangs = setTimeout(() => end('SIGKILL'), patience);
    await ended;
    clearTimeout(hangs);
    // What it has started may have stayed.
    end('SIGKILL');
    process.off('exit', interrupted);
  });
  const address = `http://127.0.0.1:${port}`;
  for (const start = Date.now(); ; ) {
    const answer = await fetch(address + ready).catch(() => undefined);
    if (answer?.ok) return address;
    if (Date.now() - start > patience || child.exitCode !== null) {
      throw new Error(`the server does not answer:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await pause();
  }
}

/** A page of a new browser. */
export async function browse(t, size = { width: 1200, height: 620 }) {
  const profile = folder(t);
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  const browser = await chromium.launchPersistentContext(path.join(profile, 'profile'), {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    env: environment(profile),
    headless: true,
    viewport: size,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet],
  });
  afterwards(t, () => browser.close());
  await browser.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => undefined);
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(patience);
  return page;
}

/** The settings of a user who wants no one else to write into the picture. */
export const settings = {
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.colorTheme': 'Default Light Modern',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'chat.disableAIFeatures': true,
  'git.enabled': false,
  'workbench.editor.restoreEditors': false,
  // A page over the others takes no key.
  'workbench.editor.useModal': 'off',
  'editor.minimap.enabled': false,
  'editor.fontSize': 14,
  'editor.cursorBlinking': 'solid',
};

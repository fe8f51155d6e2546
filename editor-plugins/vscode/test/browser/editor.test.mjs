// The extension as it is shipped, in VS Code in a browser: packed, installed, with the server that is packed with it.
// The pictures of the README are made here: with UPDATE_SCREENSHOTS=1 they are written to `images/`.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { browse, folder, needed, patience, pause, product, results, root, run, serve, settings, workspace } from './code.mjs';

const updating = Boolean(process.env.UPDATE_SCREENSHOTS);

// Each test that changes a file has one of its own.
const files = {
  'flowql.toml': '[schema]\nenable = ["SrcVlan"]\n',
  'vlan.flowql': 'SrcVlan = 100\n',
  'fix.flowql': 'SrcAS == AS15169 AND DstAddr << 192.0.2.1\n',
  'format.flowql': '-- name: broken\nSrcAS == AS15169\n\n-- name: crooked\nsrcas=15169   and not   @web\n',
  'candidates.flowql': '@web\n',
  'typed.flowql': '@web\n',
  'mail.flowql': '-- name: mail\nDstPort = 25\n\n-- name: mail-out\n@mail AND SrcAS = AS15169\n',
  'usage.flowql': 'NOT @mail\n',
};

// No test leaves a file that VS Code asks about when it is closed.
const saved = { 'files.autoSave': 'afterDelay', 'files.autoSaveDelay': 100 };

test('in the browser', { timeout: 15 * patience }, async t => {
  const home = folder(t);
  const server = path.resolve(needed('FLOWQL', 'the program flowql'));
  const vsix = path.join(home, 'flowql.vsix');
  const pack = [path.join(root, 'scripts/pack.mjs'), '--server', server, '--out', vsix];
  const { status, stdout, stderr } = spawnSync(process.execPath, pack, { encoding: 'utf8' });
  const packed = stdout + stderr;
  assert.equal(status, 0, packed);
  const folders = ['--user-data-dir', path.join(home, 'data'), '--extensions-dir', path.join(home, 'extensions')];
  mkdirSync(path.join(home, 'data/User'), { recursive: true });
  writeFileSync(path.join(home, 'data/User/settings.json'), JSON.stringify({ ...settings, ...saved }));
  const entry = path.join(product, 'out/node/entry.js');
  await run(entry, [...folders, '--install-extension', vsix], home);
  const address = await serve(t, entry, [
    ...['--auth', 'none', ...folders, '--disable-telemetry', '--disable-update-check'],
    ...['--disable-getting-started-override', '--ignore-last-opened'],
  ], { home, ready: '/healthz', portFlag: port => ['--bind-addr', `127.0.0.1:${port}`] });
  const place = `${address}/?folder=${encodeURIComponent(workspace(t, files))}`;
  const code = new Editor(await browse(t), place);
  let page = await code.load();

  /** A test that needs no other: no editor is open. When it fails, a picture shows what was there. */
  const alone = (name, body) =>
    t.test(name, async () => {
      try {
        await code.closeAll();
        await body();
      } catch (error) {
        await page.screenshot({ path: path.join(results, `failed-${name.replace(/\W+/g, '-')}.png`) });
        // What it has left open must not trouble the next one.
        page = await code.load();
        throw error;
      }
    });

  await alone('the package has what it needs and nothing else, and no warning was given', () => {
    assert.doesNotMatch(packed, /warning/i);
    const listed = execFileSync('unzip', ['-Z1', vsix], { encoding: 'utf8' }).trim().split('\n');
    for (const name of ['dist/extension.js', 'server/flowql', 'syntaxes/flowql.tmLanguage.json', 'images/icon.png']) {
      assert.ok(listed.includes(`extension/${name}`), name);
    }
    assert.ok(listed.every(name => !/node_modules|\.ts$|test\//.test(name)), listed.join('\n'));
  });

  await alone('the configuration of a workspace is read once it is trusted', async () => {
    await code.open('vlan.flowql');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    await code.command('Workspaces: Manage Workspace Trust');
    await page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ }).first().click();
    // The page of the trust lies over the others.
    await page.keyboard.press('Escape');
    await page.locator('.monaco-modal-editor-block').waitFor({ state: 'detached' });
    await code.open('vlan.flowql');
    await page.locator('.monaco-editor .squiggly-error').waitFor({ state: 'detached' });
  });

  await alone('a file of filters is coloured, and its errors are underlined', async () => {
    await code.open('wrong.flowql');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    assert.equal((await page.locator('[id="status.editor.mode"]').innerText()).trim(), 'FlowQL');
    const colours = await code.colours('SrcAS', 'AND', 'AS15169');
    assert.notEqual(colours.get('SrcAS'), colours.get('AND'));
    assert.notEqual(colours.get('AS15169'), colours.get('SrcAS'));
  });

  await alone('the status item says that the server of the extension runs', async () => {
    await code.open('web.flowql');
    const item = page.locator('[id="flowql.flowql.flowql.status"], [id$="flowql.status"]').first();
    await item.waitFor();
    assert.match(await item.innerText(), /FlowQL/);
    await code.until(page.locator('.monaco-hover', { hasText: /from\s+the\s+extension/ }), async () => {
      await page.mouse.move(600, 300);
      await item.hover();
    });
    await page.keyboard.press('Escape');
    await page.mouse.move(600, 500);
  });

  await alone('the problems are listed', async () => {
    await code.open('wrong.flowql');
    await code.command('Problems: Focus on Problems View');
    await page.waitForFunction(() => /is written `=` here/.test(document.querySelector('.markers-panel')?.textContent ?? ''));
    const rows = await page.locator('.markers-panel .monaco-list-row').allInnerTexts();
    assert.ok(rows.some(row => /E207/.test(row)), rows.join('\n'));
    await code.picture('problems');
    await code.command('View: Hide Panel');
  });

  await alone('a quick fix corrects the text', async () => {
    await code.open('fix.flowql');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    await code.cursor('SrcAS ==', 7);
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'write `=`' }).first();
    await code.until(fix, async () => {
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+.');
    });
    await code.picture('quick-fix');
    await fix.click();
    await code.hasText('SrcAS = AS15169 AND');
  });

  await alone('the document is formatted', async () => {
    await code.open('format.flowql');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    await code.command('FlowQL: Format');
    await code.hasText('SrcAS = 15169 AND NOT @web');
    await page.locator('.notification-toast', { hasText: 'a filter with errors is left as it is' }).waitFor();
    await code.command('Notifications: Clear All Notifications');
  });

  await alone('a candidate is accepted', async () => {
    await code.open('candidates.flowql');
    await page.waitForSelector('.codelens-decoration');
    await page.keyboard.press('Control+End');
    await page.keyboard.type('AND InIfBound', { delay: 60 });
    await code.suggestion('InIfBoundary');
    await page.keyboard.press('Enter');
    await code.hasText('AND InIfBoundary');
    await page.keyboard.type('= ', { delay: 60 });
    const external = await code.suggestion('external');
    await code.picture('completion');
    await external.click();
    await code.hasText('InIfBoundary = external');
  });

  await alone('a filter that is typed to its end is what was typed', async () => {
    await code.open('typed.flowql');
    await page.waitForSelector('.codelens-decoration');
    await page.keyboard.press('Control+End');
    const typed = 'AND SrcPort = 80 AND DstAS IN (AS1, AS2) AND InIfName = "et-0"';
    await page.keyboard.type(typed, { delay: 60 });
    await code.hasText(`@web\n${typed}`);
  });

  await alone('hover shows the documentation of a column', async () => {
    await code.open('web.flowql');
    await page.waitForSelector('.codelens-decoration');
    const hover = page.locator('.monaco-hover:not(.hidden)', { hasText: 'The number of the AS' }).first();
    await code.until(hover, () => code.hover('SrcAS'));
    await code.picture('hover');
    await page.keyboard.press('Escape');
    await page.mouse.move(600, 560);
  });

  await alone('a filter is renamed in both files', async () => {
    await code.open('mail.flowql');
    await page.waitForSelector('.codelens-decoration');
    await code.cursor('@mail', 2);
    const box = page.locator('.rename-box input');
    await code.until(box, () => page.keyboard.press('F2'));
    await box.fill('letters');
    await page.keyboard.press('Enter');
    await code.hasText('@letters AND');
    await code.hasText('-- name: letters');
    await code.open('usage.flowql');
    await code.hasText('NOT @letters');
  });

  await alone('the SQL is shown to the side of the filter', async () => {
    await code.open('web.flowql');
    const lens = page.locator('.codelens-decoration a', { hasText: 'Show SQL' }).nth(1);
    await lens.click();
    await code.hasText('(DstPort IN (443, 8080) AND Proto = 6) AND SrcAS = 15169');
    await code.picture('sql');
  });

  await alone('a fence of Markdown is coloured and underlined', async () => {
    await code.open('notes.md');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    const colours = await code.colours('SrcAS', 'AS15169');
    assert.notEqual(colours.get('SrcAS'), colours.get('AS15169'));
  });

  await alone('the walkthrough is there', async () => {
    await code.command('Welcome: Open Walkthrough...');
    await page.locator('.quick-input-widget .monaco-list-row', { hasText: 'Get started with FlowQL' }).first().click();
    await page.waitForFunction(() => /Write a filter/.test(document.querySelector('.gettingStartedContainer')?.textContent ?? ''));
  });
});

/** What a user does. */
class Editor {
  /** `address` is that of the folder. */
  constructor(page, address) {
    this.page = page;
    this.address = address;
  }

  /** Loads VS Code in a new page, which is given. */
  async load() {
    const old = this.page;
    this.page = await old.context().newPage();
    this.page.setDefaultTimeout(patience);
    await old.close();
    await this.page.goto(this.address, { waitUntil: 'domcontentloaded' });
    await this.page.locator('.explorer-viewlet .monaco-list-row', { hasText: 'web.flowql' }).waitFor();
    return this.page;
  }

  async open(name) {
    const row = this.page.locator('.explorer-viewlet .monaco-list-row', { hasText: name }).first();
    await row.dblclick();
    await this.page.locator('.tab.active', { hasText: name }).first().waitFor();
    await this.page.waitForSelector('.monaco-editor.focused .view-line');
  }

  /** Closes the editors, once their files are saved: VS Code does that by itself. */
  async closeAll() {
    await this.page.waitForFunction(() => !document.querySelector('.tab.dirty'));
    if ((await this.page.locator('.tab').count()) === 0) return;
    await this.command('View: Close All Editors');
    await this.page.waitForFunction(() => !document.querySelector('.tab'));
  }

  async command(name) {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input').first();
    await input.waitFor();
    await input.fill(`>${name}`);
    await this.page.locator('.quick-input-widget .monaco-list-row', { hasText: name }).first().waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Does something until it has its effect: what a change of the layout closes is opened again. */
  async until(effect, action) {
    for (let wait = 4000; wait < patience; wait *= 2) {
      await action();
      const seen = await effect.waitFor({ timeout: wait }).then(() => true, () => false);
      if (seen) return;
    }
    throw new Error('tried again and again in vain');
  }

  /** The candidate that is selected, once it is this one. Typing brings it up, but another window may close it. */
  async suggestion(label) {
    const row = this.page.locator('.suggest-widget.visible .monaco-list-row.focused', { hasText: label }).first();
    let asked = false;
    await this.until(row, async () => {
      if (asked) await this.page.keyboard.press('Control+Space');
      asked = true;
    });
    return row;
  }

  /** Waits until an editor has the text. */
  hasText(text) {
    return this.page.waitForFunction(wanted => {
      const lines = [...document.querySelectorAll('.monaco-editor .view-line')].map(line => line.textContent);
      return lines.join('\n').replaceAll('\u00a0', ' ').includes(wanted);
    }, text);
  }

  /** Where a text stands on the screen, some characters after its beginning. */
  async place(text, more = 0) {
    const handle = await this.page.waitForFunction(([wanted, more]) => {
      for (const line of document.querySelectorAll('.monaco-editor .view-line')) {
        const whole = line.textContent.replaceAll('\u00a0', ' ');
        const found = whole.indexOf(wanted);
        if (found < 0) continue;
        let left = found + more;
        const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          if (left > node.length) {
            left -= node.length;
            continue;
          }
          const range = document.createRange();
          range.setStart(node, left);
          range.setEnd(node, Math.min(left + 1, node.length));
          const { left: x, top, height, width } = range.getBoundingClientRect();
          return { x: x + Math.min(width / 3, 3), y: top + height / 2 };
        }
      }
      return null;
    }, [text, more]);
    return handle.jsonValue();
  }

  async cursor(text, more = 0) {
    const { x, y } = await this.place(text, more);
    await this.page.mouse.click(x, y);
  }

  async hover(text) {
    const { x, y } = await this.place(text, 1);
    await this.page.mouse.move(x, y + 200);
    await this.page.mouse.move(x, y);
    await this.page.mouse.move(x + 1, y, { steps: 3 });
  }

  /** The colour of each piece of text, once there are these. */
  async colours(...wanted) {
    for (const end = Date.now() + patience; ; await pause()) {
      const pairs = await this.page.evaluate(() =>
        [...document.querySelectorAll('.monaco-editor .view-line span span')].map(piece => [
          piece.textContent.replaceAll('\u00a0', ' ').trim(),
          getComputedStyle(piece).color,
        ]),
      );
      const found = new Map(pairs);
      if (wanted.every(text => found.has(text))) return found;
      assert.ok(Date.now() < end, `no pieces ${wanted}: ${[...found.keys()]}`);
    }
  }

  /** Takes a picture for the README, once nothing moves any more. */
  async picture(name) {
    if (!updating) return;
    let seen = await this.page.screenshot();
    for (let same = 0; same < 5; ) {
      await pause();
      const now = await this.page.screenshot();
      same = now.equals(seen) ? same + 1 : 0;
      seen = now;
    }
    writeFileSync(path.join(root, 'images', `${name}.png`), seen);
  }
}

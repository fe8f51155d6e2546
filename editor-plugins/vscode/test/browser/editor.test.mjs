// The extension as it is shipped, in VS Code in a browser: packed, installed, with the server that is packed with it.
// The pictures of the README are made here: with UPDATE_SCREENSHOTS=1 they are written to `images/`.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { browse, folder, needed, product, results, root, run, serve, settings, workspace } from './code.mjs';

const pictures = process.env.UPDATE_SCREENSHOTS ? path.join(root, 'images') : results;

test('in the browser', { timeout: 300_000 }, async t => {
  const home = folder(t);
  const server = path.resolve(needed('FLOWQL', 'the program flowql'));
  const vsix = path.join(home, 'flowql.vsix');
  const pack = [path.join(root, 'scripts/pack.mjs'), '--server', server, '--out', vsix];
  const { status, stdout, stderr } = spawnSync(process.execPath, pack, { encoding: 'utf8' });
  const packed = stdout + stderr;
  assert.equal(status, 0, packed);
  const folders = ['--user-data-dir', path.join(home, 'data'), '--extensions-dir', path.join(home, 'extensions')];
  mkdirSync(path.join(home, 'data/User'), { recursive: true });
  writeFileSync(path.join(home, 'data/User/settings.json'), JSON.stringify(settings));
  const entry = path.join(product, 'out/node/entry.js');
  await run(entry, [...folders, '--install-extension', vsix], home);
  const files = workspace(t, {
    'flowql.toml': '[schema]\nenable = ["SrcVlan"]\n',
    'vlan.flowql': 'SrcVlan = 100\n',
  });
  const address = await serve(t, entry, [
    ...['--auth', 'none', ...folders, '--disable-telemetry', '--disable-update-check'],
    ...['--disable-getting-started-override', '--ignore-last-opened'],
  ], { home, ready: '/healthz', portFlag: port => ['--bind-addr', `127.0.0.1:${port}`] });
  const page = await browse(t);
  const code = new Editor(page);

  /** One step; when it fails, a picture shows what was there, and those after it are not tried. */
  let broken = false;
  const step = (name, body) =>
    t.test(name, async () => {
      assert.ok(!broken, 'a step before this one has failed');
      try {
        await body();
      } catch (error) {
        broken = true;
        await page.screenshot({ path: path.join(results, `failed-${name.replace(/\W+/g, '-')}.png`) });
        throw error;
      }
    });

  await step('the package has what it needs and nothing else, and no warning was given', () => {
    assert.doesNotMatch(packed, /warning/i);
    const listed = execFileSync('unzip', ['-Z1', vsix], { encoding: 'utf8' }).trim().split('\n');
    for (const name of ['dist/extension.js', 'server/flowql', 'syntaxes/flowql.tmLanguage.json', 'images/icon.png']) {
      assert.ok(listed.includes(`extension/${name}`), name);
    }
    assert.ok(listed.every(name => !/node_modules|\.ts$|test\//.test(name)), listed.join('\n'));
  });

  await step('the configuration of a workspace is read once it is trusted', async () => {
    await page.goto(`${address}/?folder=${encodeURIComponent(files)}`, { waitUntil: 'domcontentloaded' });
    await code.open('vlan.flowql');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    await code.command('Workspaces: Manage Workspace Trust');
    await page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ }).first().click();
    // The page of the trust lies over the others.
    await page.keyboard.press('Escape');
    await page.locator('.monaco-modal-editor-block').waitFor({ state: 'detached' });
    await code.open('vlan.flowql');
    await page.locator('.monaco-editor .squiggly-error').waitFor({ state: 'detached' });
    await code.command('View: Close All Editors');
  });

  await step('a file of filters is coloured, and its errors are underlined', async () => {
    await code.open('wrong.flowql');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    assert.equal((await page.locator('[id="status.editor.mode"]').innerText()).trim(), 'FlowQL');
    const colours = await code.colours();
    assert.notEqual(colours.get('SrcAS'), colours.get('AND'));
    assert.notEqual(colours.get('AS15169'), colours.get('SrcAS'));
  });

  await step('the status item says that the server of the extension runs', async () => {
    const item = page.locator('[id="flowql.flowql.flowql.status"], [id$="flowql.status"]').first();
    await item.waitFor();
    assert.match(await item.innerText(), /FlowQL/);
    await item.hover();
    await page.waitForFunction(() => /from\s+the\s+extension/.test(document.body.innerText));
    await page.keyboard.press('Escape');
    await page.mouse.move(600, 500);
  });

  await step('the problems are listed', async () => {
    await page.keyboard.press('Control+Shift+M');
    await page.waitForFunction(() => /is written `=` here/.test(document.querySelector('.markers-panel')?.textContent ?? ''));
    const rows = await page.locator('.markers-panel .monaco-list-row').allInnerTexts();
    assert.ok(rows.some(row => /E207/.test(row)), rows.join('\n'));
    await code.picture('problems');
    await page.keyboard.press('Control+Shift+M');
  });

  await step('a quick fix mends', async () => {
    await code.cursor('SrcAS ==', 7);
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'write `=`' }).first();
    await code.until(fix, () => page.keyboard.press('Control+.'));
    await code.picture('quick-fix');
    await page.keyboard.press('Enter');
    await code.hasText('SrcAS = AS15169 AND');
  });

  await step('the document is formatted', async () => {
    await code.cursor('srcas=', 2);
    await code.command('FlowQL: Format');
    await code.hasText('SrcAS = 15169 AND NOT @web');
    await page.locator('.notification-toast', { hasText: 'a filter with errors is left as it is' }).waitFor();
    await code.command('Notifications: Clear All Notifications');
    await page.keyboard.press('Control+S');
  });

  await step('a candidate is accepted', async () => {
    await code.open('web.flowql');
    await page.waitForSelector('.codelens-decoration');
    await page.keyboard.press('Control+End');
    await page.keyboard.type('AND InIfBound', { delay: 60 });
    const row = page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'InIfBoundary' }).first();
    await row.waitFor();
    await page.keyboard.press('Enter');
    await code.hasText('AND InIfBoundary');
    await page.keyboard.type('= ', { delay: 60 });
    const external = page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'external' }).first();
    await external.waitFor();
    await code.picture('completion');
    await external.click();
    await code.hasText('InIfBoundary = external');
  });

  await step('a filter that is typed to its end is what was typed', async () => {
    const typed = ' AND SrcPort = 80 AND DstAS IN (AS1, AS2) AND InIfName = "et-0"';
    await page.keyboard.type(typed, { delay: 60 });
    await code.hasText(`InIfBoundary = external${typed}`);
    await page.keyboard.press('Escape');
    for (let index = 0; index < typed.length; index++) await page.keyboard.press('Backspace');
    await page.keyboard.press('Escape');
  });

  await step('hover tells of a column', async () => {
    const hover = page.locator('.monaco-hover:not(.hidden)', { hasText: 'The number of the AS' }).first();
    await code.until(hover, () => code.hover('SrcAS'));
    await code.picture('hover');
    await page.keyboard.press('Escape');
    await page.mouse.move(600, 560);
  });

  await step('a filter is renamed in both files', async () => {
    await code.cursor('@web', 2);
    const box = page.locator('.rename-box input');
    await code.until(box, () => page.keyboard.press('F2'));
    await box.fill('browsing');
    await page.keyboard.press('Enter');
    await code.hasText('@browsing AND');
    await code.hasText('-- name: browsing');
    await code.open('wrong.flowql');
    await code.hasText('NOT @browsing');
  });

  await step('the SQL is shown beside the filter', async () => {
    await code.open('web.flowql');
    const lens = page.locator('.codelens-decoration a', { hasText: 'Show SQL' }).nth(1);
    await lens.click();
    await code.hasText('(DstPort IN (443, 8080) AND Proto = 6) AND SrcAS = 15169');
    await code.picture('sql');
  });

  await step('a fence of Markdown is coloured and underlined', async () => {
    await code.command('View: Close All Editors');
    const discard = page.locator('.monaco-dialog-box', { hasText: /save/i });
    if (await discard.isVisible().catch(() => false)) await page.getByText("Don't Save").click();
    await code.open('notes.md');
    await page.waitForSelector('.monaco-editor .squiggly-error');
    const colours = await code.colours();
    assert.notEqual(colours.get('SrcAS'), colours.get('AS15169'));
  });

  await step('the walkthrough is there', async () => {
    await code.command('Welcome: Open Walkthrough...');
    await page.locator('.quick-input-widget .monaco-list-row', { hasText: 'Get started with FlowQL' }).first().click();
    await page.waitForFunction(() => /Write a filter/.test(document.querySelector('.gettingStartedContainer')?.textContent ?? ''));
  });
});

/** What a user does. */
class Editor {
  constructor(page) {
    this.page = page;
  }

  async open(name) {
    const row = this.page.locator('.explorer-viewlet .monaco-list-row', { hasText: name }).first();
    await row.dblclick();
    await this.page.waitForSelector('.monaco-editor .view-line');
    await this.page.locator('.tab.active', { hasText: name }).first().waitFor();
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
    for (let attempts = 10; ; attempts--) {
      await action();
      const seen = await effect.waitFor({ timeout: 4000 }).then(() => true, () => false);
      if (seen) return;
      if (attempts === 0) throw new Error('tried ten times in vain');
    }
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

  /** The colour of each piece of text. */
  async colours() {
    const pairs = await this.page.evaluate(() =>
      [...document.querySelectorAll('.monaco-editor .view-line span span')].map(piece => [
        piece.textContent.replaceAll('\u00a0', ' ').trim(),
        getComputedStyle(piece).color,
      ]),
    );
    return new Map(pairs);
  }

  async picture(name) {
    await this.page.waitForTimeout(400);
    await this.page.screenshot({ path: path.join(pictures, `${name}.png`) });
  }
}

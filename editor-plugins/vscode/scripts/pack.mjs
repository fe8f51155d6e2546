// Packs the extension into a .vsix file: `npm run pack -- [--server FILE] [--out FILE]`.
// With a server, the program `flowql`, the extension is for the platform of this machine only.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const options = { server: { type: 'string' }, out: { type: 'string' } };
const { server, out } = parseArgs({ options }).values;
// npm changes to the folder of the package: what the user wrote is relative to where it was written.
const resolve = file => path.resolve(process.env.INIT_CWD ?? process.cwd(), file);
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

copyFileSync(path.join(root, '../../LICENSE'), path.join(root, 'LICENSE'));
rmSync(path.join(root, 'server'), { recursive: true, force: true });
const target = `${process.platform}-${process.arch}`;
if (server) {
  const program = path.join(root, 'server', process.platform === 'win32' ? 'flowql.exe' : 'flowql');
  mkdirSync(path.dirname(program));
  copyFileSync(resolve(server), program);
  chmodSync(program, 0o755);
}

const file = out ? resolve(out) : path.join(root, `flowql${server ? `-${target}` : ''}-${version}.vsix`);
const page = 'https://github.com/flowql/flowql';
const folder = 'main/editor-plugins/vscode';
execFileSync(
  process.execPath,
  [
    path.join(root, 'node_modules/@vscode/vsce/vsce'),
    ...['package', '--no-dependencies', '--out', file],
    ...['--baseContentUrl', `${page}/blob/${folder}`, '--baseImagesUrl', `${page}/raw/${folder}`],
    ...(server ? ['--target', target] : []),
  ],
  { cwd: root, stdio: 'inherit' },
);
rmSync(path.join(root, 'server'), { recursive: true, force: true });

/** Where the server is: in the settings, then in `PATH`, then in the extension. */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';

/** What the search depends on. */
export interface Surroundings {
  /** The path of the settings; empty when they have none. */
  setting: string;
  /** The first folder of the workspace, which a relative path of the settings starts at. */
  folder: string | undefined;
  /** The variable `PATH`. */
  searchPath: string;
  /** The folder of the extension. */
  extension: string;
  platform: NodeJS.Platform;
}

/** A server that was found. */
export interface Found {
  command: string;
  from: 'settings' | 'PATH' | 'extension';
}

/** The server; an error that says where it was looked for, and what to do. */
export async function findServer(around: Surroundings): Promise<Found> {
  const program = around.platform === 'win32' ? 'flowql.exe' : 'flowql';
  if (around.setting.trim() !== '') {
    const command = expand(around.setting.trim(), around.folder);
    // A path of the settings is meant: no other server takes its place.
    if (await isProgram(command)) return { command, from: 'settings' };
    throw new Error(`There is no program ${command}, which the setting flowql.server.path names.`);
  }
  for (const folder of around.searchPath.split(path.delimiter)) {
    // A relative folder would depend on where the editor was started.
    if (!path.isAbsolute(folder)) continue;
    const command = path.join(folder, program);
    if (await isProgram(command)) return { command, from: 'PATH' };
  }
  const command = path.join(around.extension, 'server', program);
  if (await isProgram(command)) return { command, from: 'extension' };
  throw new Error(
    'The program flowql is neither in PATH nor in the extension. Install it, or name it in the setting flowql.server.path.',
  );
}

function expand(setting: string, folder: string | undefined): string {
  const start = folder ?? homedir();
  const whole = setting.replace(/^~(?=$|[\\/])/, homedir()).replaceAll('${workspaceFolder}', start);
  return path.resolve(start, whole);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

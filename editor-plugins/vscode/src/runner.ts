/** Starts the server when a filter is opened, stops it, and starts it anew. */

import * as vscode from 'vscode';
import { type LanguageClient, State as ClientState } from 'vscode-languageclient/node';

import { createClient } from './client';
import { findServer } from './server';
import type { Status } from './status';

/** The one server, and the client that speaks with it. */
export class Runner implements vscode.Disposable {
  private client: LanguageClient | undefined;
  /** The start or stop that goes on; each waits for the one before. */
  private work: Promise<void> = Promise.resolve();
  /** Whether it was tried to start it: where that failed, it is for the user to try again. */
  wasStarted = false;

  constructor(
    private readonly extension: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly status: Status,
  ) {}

  /** The client, started if it was not; `undefined` when that fails, which the user is told. */
  async running(): Promise<LanguageClient | undefined> {
    this.wasStarted = true;
    await this.inTurn(() => this.start());
    return this.client;
  }

  /** Starts the server anew, with the settings of now. */
  restart(): Promise<void> {
    this.wasStarted = true;
    return this.inTurn(async () => {
      await this.stop();
      await this.start();
    });
  }

  /** Does the same, but only for a server that runs or failed to. */
  async restartIfStarted(): Promise<void> {
    if (this.wasStarted) await this.restart();
  }

  dispose(): Promise<void> {
    return this.inTurn(() => this.stop());
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    this.work = this.work.then(task);
    return this.work;
  }

  private async start(): Promise<void> {
    if (this.client) return;
    this.status.set({ kind: 'starting' });
    try {
      const server = await findServer({
        setting: vscode.workspace.getConfiguration('flowql').get('server.path', ''),
        folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
        searchPath: process.env['PATH'] ?? process.env['Path'] ?? '',
        extension: this.extension.extensionPath,
        platform: process.platform,
      });
      this.log.info(`server: ${server.command} (${server.from})`);
      const client = createClient(server, this.log, vscode.workspace.isTrusted);
      client.onDidChangeState(({ newState }) => {
        // The client starts a server that dies anew, a few times; what it says of itself is shown.
        if (newState === ClientState.Running) {
          const version = client.initializeResult?.serverInfo?.version ?? '';
          this.status.set({ kind: 'running', version, ...server });
        } else if (newState === ClientState.Starting) {
          this.status.set({ kind: 'starting' });
        } else if (this.client === client) {
          this.status.set({ kind: 'failed', message: 'The server has stopped.' });
        }
      });
      await client.start();
      this.client = client;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.status.set({ kind: 'failed', message });
      this.log.error(message);
      void this.complain(message);
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A server that has died cannot be asked to stop.
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error)));
    this.status.set({ kind: 'stopped' });
  }

  private async complain(message: string): Promise<void> {
    const [settings, log] = ['Open Settings', 'Show Log'];
    const chosen = await vscode.window.showErrorMessage(`FlowQL: ${message}`, settings, log);
    if (chosen === settings) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'flowql.server.path');
    } else if (chosen === log) {
      this.log.show();
    }
  }
}

/** The item of the status bar, which says how the server is. */

import * as vscode from 'vscode';

import type { Found } from './server';

/** How the server is. */
export type State =
  | { kind: 'stopped' }
  | { kind: 'starting' }
  | { kind: 'running'; version: string; command: string; from: Found['from'] }
  | { kind: 'failed'; message: string };

const LOOKS = {
  stopped: '$(circle-slash) FlowQL',
  starting: '$(sync~spin) FlowQL',
  running: '$(check) FlowQL',
  failed: '$(error) FlowQL',
};

const ORIGINS = { settings: 'the settings', PATH: 'PATH', extension: 'the extension' };

/** The item; it is there while a filter is in the editor. */
export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('flowql.status', vscode.StatusBarAlignment.Right, 90);
  private readonly follow = vscode.window.onDidChangeActiveTextEditor(() => this.showOrHide());
  private state: State = { kind: 'stopped' };

  constructor() {
    this.item.name = 'FlowQL';
    this.set(this.state);
  }

  set(state: State): void {
    this.state = state;
    this.item.text = LOOKS[state.kind];
    this.item.tooltip = tooltip(state);
    this.item.command = state.kind === 'failed' ? 'flowql.showLog' : undefined;
    this.item.backgroundColor =
      state.kind === 'failed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    void vscode.commands.executeCommand('setContext', 'flowql.running', state.kind === 'running');
    this.showOrHide();
  }

  dispose(): void {
    this.item.dispose();
    this.follow.dispose();
  }

  private showOrHide(): void {
    const language = vscode.window.activeTextEditor?.document.languageId;
    if (language === 'flowql' || (language === 'markdown' && this.state.kind !== 'stopped')) this.item.show();
    else this.item.hide();
  }
}

function tooltip(state: State): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.isTrusted = { enabledCommands: ['flowql.restart', 'flowql.showLog', 'workbench.action.openSettings'] };
  switch (state.kind) {
    case 'stopped':
      text.appendMarkdown('The server is not running.');
      break;
    case 'starting':
      text.appendMarkdown('The server starts.');
      break;
    case 'running':
      text.appendText(`Server ${state.version}, from ${ORIGINS[state.from]}: ${state.command}`);
      break;
    case 'failed':
      text.appendText(state.message);
      break;
  }
  const settings = encodeURIComponent(JSON.stringify(['flowql']));
  text.appendMarkdown(
    `\n\n[Restart](command:flowql.restart) · [Log](command:flowql.showLog) · ` +
      `[Settings](command:workbench.action.openSettings?${settings})`,
  );
  return text;
}

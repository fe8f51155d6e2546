/** The commands of the palette, of the menu and of the lenses. */

import * as vscode from 'vscode';
import { ExecuteCommandRequest, type LanguageClient } from 'vscode-languageclient/node';

import type { Results, Shown } from './results';
import type { Runner } from './runner';

/** Which filter is meant; a lens says it, from elsewhere it is the one at the cursor. */
interface Target {
  uri: string;
  position?: { line: number; character: number };
  reverse?: boolean;
}

/** Registers the commands. */
export function registerCommands(runner: Runner, results: Results, log: vscode.LogOutputChannel): vscode.Disposable {
  const show = (command: string, reverse: boolean) => async (given?: Target) => {
    const target = given ?? targetAtCursor(reverse);
    if (!target) {
      void vscode.window.showInformationMessage('FlowQL: put the cursor in a filter first.');
      return;
    }
    const shown = await execute<Shown>(runner, command, target);
    if (shown) await results.show(shown);
  };
  const commands: Record<string, (...args: never[]) => unknown> = {
    'flowql.showSql': show('flowql.showSql', false),
    'flowql.showReverseSql': show('flowql.showSql', true),
    'flowql.explain': show('flowql.explain', false),
    'flowql.run': show('flowql.run', false),
    'flowql.checkWorkspace': () => checkWorkspace(runner),
    'flowql.format': format,
    'flowql.newFile': newFile,
    'flowql.restart': () => runner.restart(),
    'flowql.showLog': () => log.show(),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run)),
  );
}

function targetAtCursor(reverse: boolean): Target | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !['flowql', 'markdown'].includes(editor.document.languageId)) return undefined;
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character }, reverse };
}

/** Has the server run a command; `undefined` when it cannot, which the user is told. */
async function execute<T>(runner: Runner, command: string, ...targets: Target[]): Promise<T | undefined> {
  const client = await runner.running();
  if (!client) return undefined;
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'FlowQL' }, () =>
    request<T>(client, command, targets),
  );
}

async function request<T>(client: LanguageClient, command: string, targets: Target[]): Promise<T | undefined> {
  try {
    return (await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: targets })) as T;
  } catch (error) {
    void vscode.window.showErrorMessage(`FlowQL: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function checkWorkspace(runner: Runner): Promise<void> {
  const found = await execute<{ files: number; errors: number; warnings: number }>(runner, 'flowql.checkWorkspace');
  if (!found) return;
  const counts = [count(found.errors, 'error'), count(found.warnings, 'warning')].join(' and ');
  void vscode.window.showInformationMessage(`FlowQL: ${counts} in ${count(found.files, 'file')}.`);
  if (found.errors + found.warnings > 0) await vscode.commands.executeCommand('workbench.actions.view.problems');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Formats the document, or says why it is left as it is. */
async function format(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  await vscode.commands.executeCommand('editor.action.formatDocument');
  const found = vscode.languages.getDiagnostics(editor.document.uri);
  if (found.some(({ severity }) => severity === vscode.DiagnosticSeverity.Error)) {
    void vscode.window.showInformationMessage('FlowQL: a filter with errors is left as it is.');
  }
}

async function newFile(): Promise<void> {
  const content = '-- name: my-first-filter\n';
  const document = await vscode.workspace.openTextDocument({ language: 'flowql', content });
  const editor = await vscode.window.showTextDocument(document);
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(end, end);
  await vscode.commands.executeCommand('editor.action.triggerSuggest');
}

/** The extension: it starts the language server when the first filter is opened. */

import * as vscode from 'vscode';

import { registerCommands } from './commands';
import { Results } from './results';
import { Runner } from './runner';
import { Status } from './status';

let runner: Runner | undefined;

export function activate(extension: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('FlowQL', { log: true });
  const status = new Status();
  const results = new Results();
  const server = new Runner(extension, log, status);
  runner = server;

  const startFor = (document: vscode.TextDocument) => {
    if (!server.wasStarted && hasFilters(document)) void server.running();
  };
  extension.subscriptions.push(
    log,
    status,
    results.register(),
    registerCommands(server, results, log),
    vscode.workspace.onDidOpenTextDocument(startFor),
    vscode.workspace.onDidChangeTextDocument(({ document }) => startFor(document)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restartIfStarted()),
    vscode.workspace.onDidChangeConfiguration(change => {
      // What the server is told when it starts. The trace is the client's own affair.
      const settings = ['server', 'configFile', 'backend', 'schema'];
      if (settings.some(name => change.affectsConfiguration(`flowql.${name}`))) void server.restartIfStarted();
    }),
  );
  vscode.workspace.textDocuments.forEach(startFor);
}

export async function deactivate(): Promise<void> {
  await runner?.dispose();
}

/** Whether a document is of filters, or is Markdown with a fence of filters. */
function hasFilters(document: vscode.TextDocument): boolean {
  if (document.languageId === 'flowql') return true;
  return document.languageId === 'markdown' && /^\s*(?:`{3,}|~{3,})\s*(?:flowql|\{\s*\.flowql)\b/im.test(document.getText());
}

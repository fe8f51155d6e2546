/** The client of the language server, and which of its features Markdown gets. */

import * as vscode from 'vscode';
import {
  type DocumentSelector,
  type DynamicFeature,
  LanguageClient,
  type LanguageClientOptions,
  type ServerCapabilities,
  type StaticFeature,
} from 'vscode-languageclient/node';

import type { Found } from './server';

const FILTERS: DocumentSelector = [{ language: 'flowql' }];

/** What Markdown has providers of its own for, which ours must not get in the way of. */
const OF_FILTERS_ONLY = new Set([
  'textDocument/formatting',
  'textDocument/rangeFormatting',
  'textDocument/documentSymbol',
  'textDocument/foldingRange',
  'textDocument/selectionRange',
]);

class Client extends LanguageClient {
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = 'registrationType' in feature ? feature.registrationType.method : '';
    // The commands of the server are commands of the extension, which shows their results.
    if (method === 'workspace/executeCommand') return;
    if (OF_FILTERS_ONLY.has(method)) {
      const initialize = feature.initialize.bind(feature);
      feature.initialize = (capabilities: ServerCapabilities) => initialize(capabilities, FILTERS);
    }
    super.registerFeature(feature);
  }
}

/** The settings that the server is told when it starts. */
export function initializationOptions(trusted: boolean): object {
  // Without a configuration of its own the server would read the workspace's, which may name a backend to ask.
  if (!trusted) return { settings: {} };
  const settings = vscode.workspace.getConfiguration('flowql');
  const backend = settings.get<object | null>('backend');
  const schema = settings.get<object | null>('schema');
  if (backend || schema) return { settings: { ...backend, ...(schema && { schema }) } };
  const config = settings.get<string>('configFile', '').trim();
  return config === '' ? {} : { config };
}

/** A client of the server that was found; it is not started yet. */
export function createClient(server: Found, log: vscode.OutputChannel, trusted: boolean): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: [{ language: 'flowql' }, { language: 'markdown' }],
    initializationOptions: initializationOptions(trusted),
    outputChannel: log,
    traceOutputChannel: log,
  };
  const more = vscode.workspace.getConfiguration('flowql').get<string[]>('server.arguments', []);
  return new Client('flowql', 'FlowQL', { command: server.command, args: ['lsp', ...more] }, options);
}

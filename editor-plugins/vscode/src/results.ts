/** What the commands show: documents that cannot be edited, beside the filter. */

import * as vscode from 'vscode';

/** What the server answers to a command. */
export interface Shown {
  title: string;
  language: string;
  text: string;
  failed: boolean;
}

const SCHEME = 'flowql-result';

/** The documents that were shown, by title. */
export class Results implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  register(): vscode.Disposable {
    const closed = vscode.workspace.onDidCloseTextDocument(document => {
      if (document.uri.scheme === SCHEME) this.texts.delete(document.uri.toString());
    });
    const provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
    return vscode.Disposable.from(provider, closed, this.changed);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** Shows a result; one of the same title takes the place of the one before. */
  async show(shown: Shown): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${shown.title.replaceAll('/', '\u2215')}` });
    this.texts.set(uri.toString(), shown.text);
    this.changed.fire(uri);
    let document = await vscode.workspace.openTextDocument(uri);
    if (document.languageId !== shown.language) {
      document = await vscode.languages.setTextDocumentLanguage(document, shown.language);
    }
    // The closing of the document under its first language has forgotten the text.
    this.texts.set(uri.toString(), shown.text);
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }
}

"""What can be said of languages.toml without the editor: its keys, and the server that it starts."""

import json
import os
import re
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

FOLDER = Path(__file__).parent.parent

# The keys that Helix documents, in `book/src/languages.md` of its repository. It refuses a language with another one.
LANGUAGE_KEYS = {
    "name", "language-id", "scope", "injection-regex", "file-types", "shebangs", "roots", "auto-format",
    "diagnostic-severity", "comment-tokens", "block-comment-tokens", "indent", "language-servers", "grammar",
    "formatter", "soft-wrap", "text-width", "rulers", "path-completion", "word-completion", "workspace-lsp-roots",
    "persistent-diagnostic-sources",
}
REQUIRED_KEYS = {"name", "scope", "file-types"}
SERVER_KEYS = {"command", "args", "config", "timeout", "environment", "required-root-patterns"}

# Seconds after which a server that is to end hangs. A slow machine must not reach it.
PATIENCE = 120

TEXT = (FOLDER / "languages.toml").read_text()
LANGUAGES = tomllib.loads(TEXT)
(LANGUAGE,) = LANGUAGES["language"]
SERVER = LANGUAGES["language-server"]["flowql"]


def commented_settings():
    """The settings that the comments show, as they are once the marks of the comments are gone."""
    _, _, block = TEXT.partition("# [language-server.flowql.config.settings]\n")
    lines = re.match(r"(# .*\n)+", block)[0].splitlines()
    return tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))


class Server:
    """The server that languages.toml names, with FLOWQL in its place in PATH."""

    def __init__(self, root, config):
        program = Path(os.environ["FLOWQL"])
        environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
        self.root = Path(root)
        self.process = subprocess.Popen(
            [SERVER["command"], *SERVER["args"]],
            cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self.capabilities = self.ask("initialize", {
            "processId": os.getpid(),
            "rootUri": self.root.as_uri(),
            "workspaceFolders": [{"uri": self.root.as_uri(), "name": "test"}],
            "capabilities": {"general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]}},
            "initializationOptions": config,
        })["capabilities"]
        self.tell("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError("the server has ended")
        return json.loads(self.process.stdout.read(length))

    def until(self, wanted):
        while True:
            message = self.receive()
            if wanted(message):
                return message
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})

    def ask(self, method, params):
        self.send({"id": method, "method": method, "params": params})
        return self.until(lambda message: message.get("id") == method and "method" not in message)["result"]

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def diagnostics(self, text):
        uri = (self.root / "a.flowql").as_uri()
        self.tell("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": LANGUAGE["language-id"], "version": 1, "text": text,
        }})
        found = self.until(lambda message: message.get("method") == "textDocument/publishDiagnostics")
        return [item["code"] for item in found["params"]["diagnostics"]]

    def stop(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        return status


class Keys(unittest.TestCase):
    def test_helix_documents_every_key_of_the_language(self):
        self.assertEqual(set(LANGUAGE) - LANGUAGE_KEYS, set())
        self.assertEqual(REQUIRED_KEYS - set(LANGUAGE), set())

    def test_helix_documents_every_key_of_the_server(self):
        self.assertEqual(set(SERVER) - SERVER_KEYS, set())
        self.assertEqual(set(LANGUAGES), {"language", "language-server"})

    def test_the_language_has_its_server(self):
        self.assertEqual(LANGUAGE["language-servers"], list(LANGUAGES["language-server"]))

    def test_files_and_comments_are_those_of_flowql(self):
        self.assertEqual(LANGUAGE["file-types"], ["flowql"])
        self.assertEqual((LANGUAGE["comment-tokens"], LANGUAGE["block-comment-tokens"]),
                         ("--", {"start": "/*", "end": "*/"}))
        self.assertTrue(re.search(LANGUAGE["injection-regex"], "flowql"))
        self.assertFalse(re.search(LANGUAGE["injection-regex"], "flowqlx"))


class Starts(unittest.TestCase):
    def start(self, config=None):
        root = self.enterContext(tempfile.TemporaryDirectory())
        server = Server(root, config)
        self.addCleanup(server.process.kill)
        return server

    def test_the_server_starts_and_offers_what_helix_asks_for(self):
        server = self.start()
        for feature in (
            "completionProvider", "hoverProvider", "definitionProvider", "referencesProvider", "renameProvider",
            "documentHighlightProvider", "documentSymbolProvider", "workspaceSymbolProvider", "codeActionProvider",
            "documentFormattingProvider", "inlayHintProvider", "executeCommandProvider",
        ):
            self.assertIn(feature, server.capabilities)
        self.assertEqual(server.diagnostics("SrcAS == 1"), ["E031"])
        self.assertEqual(server.stop(), 0)

    def test_the_settings_of_the_comment_are_settings(self):
        settings = commented_settings()
        self.assertEqual(set(settings), {"schema", "backend"})
        server = self.start()
        self.assertNotEqual(server.diagnostics("SrcVlan = 1"), [])
        self.assertEqual(server.stop(), 0)
        server = self.start({"settings": settings})
        self.assertEqual(server.diagnostics("SrcVlan = 1"), [])
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"helix: {program.result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)

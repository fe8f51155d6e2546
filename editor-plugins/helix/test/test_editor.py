"""Helix itself, in tmux, on the real server. Without `hx` in PATH there is nothing to test."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER.parent))
import terminal  # noqa: E402

HX = shutil.which("hx")
FLOWQL = os.environ["FLOWQL"]


# Debian has Helix from its next release on: where .ci/helix cannot fetch it, there is no editor to test.
@unittest.skipUnless(HX and shutil.which("tmux"), "Helix, `hx`, or tmux is not installed")
class Editor(unittest.TestCase):
    def start(self, text=terminal.EDGE):
        """Opens a text in an editor of its own, and waits until the server has said what is wrong with it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        config = self.folder / ".config/helix"
        config.mkdir(parents=True)
        shutil.copy(FOLDER / "languages.toml", config)
        # What Helix says to the server is written down.
        self.sent = self.folder / "sent"
        program = self.folder / "recorded"
        program.write_text(f'#!/bin/sh\ntee -a {self.sent} | {Path(FLOWQL).resolve()} "$@"\n')
        program.chmod(0o755)
        self.enterContext(terminal.editor(self.folder, program, HX, text))
        # The mark at a line with a diagnostic.
        self.wait_for(r"●\s+8\s+SrcAS ==")

    def type(self, keys):
        terminal.type_keys(self.folder, keys)

    def write(self, text):
        """Types a text, each character when the server has the one before: Helix sends changes that come at once in
        any order, and the server then has another text than the editor."""
        changes = lambda: self.sent.read_bytes().count(b'"textDocument/didChange"')
        for character in text:
            before = changes()
            self.type(character)
            terminal.wait_until(self.folder, f"the change by {character!r}", lambda: changes() > before)

    def wait_for(self, pattern):
        terminal.wait_for(self.folder, pattern)

    def text(self):
        self.type("<Esc>")
        self.wait_for("NOR")
        self.type(":write<CR>")
        self.wait_for(r"' written, \d+L")
        return (self.folder / "filters/edge.flowql").read_text()

    def test_health(self):
        self.start()
        environment = {**os.environ, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / ".config")}
        environment["PATH"] = f"{self.folder}/bin:{environment['PATH']}"
        health = subprocess.run(
            [HX, "--health", "flowql"], env=environment, check=True, capture_output=True, text=True
        ).stdout
        self.assertRegex(health, r"✓.*flowql: .*/bin/flowql")

    def test_a_candidate_is_accepted(self):
        self.start()
        self.type("8gg")
        self.write("o")
        self.wait_for("INS")
        self.write("AND InIfBoundary = ext")
        self.wait_for(r"external +value")
        self.type("<Tab><CR>")
        self.wait_for("InIfBoundary = external")
        self.assertIn("\nAND InIfBoundary = external\n", self.text())

    def test_hover(self):
        self.start()
        self.type("5gg k")
        self.wait_for("saved filter")

    def test_a_fix_removes_its_error(self):
        self.start()
        self.type("8gg")
        self.type("f=")
        self.type(" a")
        self.wait_for("write `=`")
        self.type("<CR>")
        self.wait_for(r"SrcAS = AS15169")
        self.assertIn("\nSrcAS = AS15169 AND", self.text())

    def test_a_filter_is_renamed_wherever_it_is_used(self):
        self.start()
        self.type("5ggl r")
        self.wait_for("rename-to:")
        self.type("<BS><BS><BS>edge<CR>")
        self.wait_for("@edge AND")
        text = self.text()
        self.assertIn("-- name: edge\n", text)
        self.assertIn("\n@edge AND DstAS", text)

    def test_a_line_becomes_a_comment_and_a_filter_again(self):
        self.start()
        self.type("2gg<C-c>")
        self.wait_for(r"-- DstPort")
        self.type("<C-c>")
        self.wait_for(r"2\s+DstPort")

    def test_a_file_is_formatted(self):
        self.start(terminal.EDGE.replace("/15", "/15  AND (  Proto=6 )"))
        self.type(":format<CR>")
        self.wait_for(r"5\s+@web AND .*/15 AND \(?Proto = 6")
        self.assertIn("142.250.0.0/15 AND ", self.text())


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    failed, skipped = len(program.result.failures) + len(program.result.errors), len(program.result.skipped)
    print(f"helix-editor: {program.result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    raise SystemExit(failed > 0)

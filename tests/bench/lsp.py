#!/usr/bin/env python3
"""How fast the language server is, and whether its memory stays level.

Usage: tests/bench/lsp.py [--edits N] [--check] [--program PATH]

Types into a file of 500 named filters, 64 KiB in all, that refer to each other, and measures

- from an edit to the diagnostics that are published for it,
- from the same edit to the answer to a completion that is asked for right after it,
- the memory of the server after 1,000 edits and after all of them (10,000 unless --edits says otherwise).

With --check the exit status is 1 when the 99th percentile of either is above 10 ms or the memory has grown by more than
a tenth. It builds the server in release mode, and needs Linux for the memory.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
AIM_MS = 10.0


def build():
    command = ["cargo", "build", "--quiet", "--release", "--package", "flowql-cli", "--message-format", "json"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = (json.loads(line) for line in output.splitlines())
    return next(found["executable"] for found in artifacts if found.get("executable"))


class Server:
    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [program, "lsp", "--no-config"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
        )
        self.ids = 0

    def send(self, method, params, is_request=False):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if is_request:
            self.ids += 1
            message["id"] = self.ids
        data = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()
        return self.ids

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name == b"Content-Length":
                length = int(value)
        return self.process.stdout.read(length)

    def memory(self):
        """The resident memory, in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def filters(count=500, size=64 * 1024):
    """The lines of a file of filters, three for each; each filter but the first refers to an earlier one."""
    lines = []
    for number in range(count):
        reference = f" AND @filter{number // 2}" if number else ""
        header = f"-- name: filter{number}"
        body = f"SrcAS IN (AS{64512 + number}, AS15169) AND DstPort = {number + 1} AND InIfBoundary = external{reference}"
        left = size // count - len(header) - len(body) - len("\n\n-- \n")
        lines += [header, body, "-- " + "x" * left]
    return lines


def percentile(samples, part):
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * part))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--program", help="measure this program instead of the one that is built")
    options = parser.parse_args()
    program = options.program or build()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, folder)
        try:
            failed = measure(server, folder, options)
        finally:
            server.process.kill()
            server.process.wait()
    sys.exit(1 if failed and options.check else 0)


def measure(server, folder, options):
    uri = f"file://{folder}/bench.flowql"
    server.send("initialize", {"capabilities": {}, "rootUri": f"file://{folder}"}, is_request=True)
    server.receive()
    server.send("initialized", {})
    lines = filters()
    text = "\n".join(lines)
    print(f"{len(text)} bytes, {len(lines) // 3} filters, {options.edits} edits")
    server.send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "flowql", "version": 0, "text": text}})
    while b"publishDiagnostics" not in server.receive():
        pass
    chance = random.Random(1)
    published, completed = [], []
    early = None
    for version in range(1, options.edits + 1):
        # A letter is typed at the end of a filter, and taken back by the next edit.
        if version % 2:
            line = 3 * chance.randrange(len(lines) // 3) + 1
            end = len(lines[line])
            start, stop, typed = end, end, " "
        else:
            start, stop, typed = end, end + 1, ""
        place = lambda column: {"line": line, "character": column}
        change = {"range": {"start": place(start), "end": place(stop)}, "text": typed}
        began = time.perf_counter()
        server.send("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]})
        asked = server.send("textDocument/completion", {"textDocument": {"uri": uri}, "position": place(end)}, is_request=True)
        waits = 2
        while waits:
            message = server.receive()
            now = 1000 * (time.perf_counter() - began)
            if b"publishDiagnostics" in message[:100]:
                published.append(now)
                waits -= 1
            elif message.endswith(b'"id":%d}' % asked):
                completed.append(now)
                waits -= 1
        if version == min(1000, options.edits // 2):
            early = server.memory()
    late = server.memory()
    failed = False
    for name, samples in [("diagnostics", published), ("completion", completed)]:
        p50, p99 = percentile(samples, 0.5), percentile(samples, 0.99)
        failed |= p99 > AIM_MS
        print(f"{name:<12} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   max {max(samples):7.2f} ms   (aim: p99 {AIM_MS:.0f} ms)")
    growth = late / early - 1
    failed |= growth > 0.1
    print(f"memory       {early / 1024:.1f} MiB after 1,000 edits, {late / 1024:.1f} MiB at the end: {growth:+.1%}")
    return failed


if __name__ == "__main__":
    main()

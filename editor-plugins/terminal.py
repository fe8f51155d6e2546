"""Editors of the terminal in tmux: typed into, waited for, and drawn by Chromium."""

import contextlib
import html
import os
import re
import subprocess
import time
from pathlib import Path

COLUMNS, LINES = 96, 22

# Seconds after which something that is waited for will not come. A slow machine must not reach it.
PATIENCE = 120
FOREGROUND, BACKGROUND = "#e0e2ea", "#14161b"

# What is edited.
EDGE = """\
-- name: web
DstPort IN ("https", 8080) AND Proto = 6

-- name: to-google
@web AND DstAS = AS15169 AND DstAddr << 142.250.0.0/15

-- name: slips
SrcAS == AS15169 AND DstAddr << 192.0.2.0/24
"""


def tmux(folder, *arguments):
    command = ["tmux", "-S", f"{folder}/tmux", "-f", "/dev/null", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def type_keys(folder, keys):
    for key in re.findall(r"<[^>]+>|[^<]+", keys):
        names = {"<CR>": "Enter", "<BS>": "BSpace", "<Esc>": "Escape", "<C-c>": "C-c", "<C-x>": "C-x", "<C-o>": "C-o",
                 "<Tab>": "Tab"}
        tmux(folder, "send-keys", "-t", "0", *([names[key]] if key in names else ["-l", "--", key]))


def screen(folder, *options):
    return tmux(folder, "capture-pane", "-p", *options, "-t", "0")


def wait_until(folder, what, probe):
    """Waits until a probe gives something true."""
    end = time.monotonic() + PATIENCE
    while not probe():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}:\n" + screen(folder))
        time.sleep(0.02)


def wait_for(folder, pattern):
    """Waits until the screen has a text that matches."""
    wait_until(folder, pattern, lambda: re.search(pattern, screen(folder)))


def still(folder):
    """The screen, colours included, once it has not changed for a second."""
    seen, since = screen(folder, "-e"), time.monotonic()
    end = since + PATIENCE
    while time.monotonic() < since + 1:
        if time.monotonic() > end:
            raise TimeoutError("the screen does not come to rest:\n" + screen(folder))
        time.sleep(0.05)
        now = screen(folder, "-e")
        if now != seen:
            seen, since = now, time.monotonic()
    return seen


def palette(number):
    """A colour of the 256, those of terminals."""
    if number < 16:
        names = "14161b ffc0b9 b3f6c0 fce094 a6dbff ffcaff 8cf8f7 e0e2ea 4f5258 ffc0b9 b3f6c0 fce094 a6dbff ffcaff 8cf8f7 eef1f8"
        return "#" + names.split()[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    levels = (0, 95, 135, 175, 215, 255)
    number -= 16
    return "#%02x%02x%02x" % (levels[number // 36], levels[number // 6 % 6], levels[number % 6])


def change(style, codes):
    """The style after the codes of an escape sequence `CSI … m`."""
    parts = codes.replace(":", ";").split(";") if not re.fullmatch(r"4:\d", codes) else [codes]
    numbers = iter(parts or ["0"])
    for part in numbers:
        if part in ("", "0"):
            style = {}
        elif part in ("38", "48", "58"):
            name = {"38": "color", "48": "background", "58": "text-decoration-color"}[part]
            if next(numbers) == "5":
                value = palette(int(next(numbers)))
            else:
                value = "#%02x%02x%02x" % tuple(int(next(numbers)) for _ in range(3))
            style = {**style, name: value}
        elif part in ("1", "2", "3", "7"):
            flag = {"1": "bold", "2": "faint", "3": "italic", "7": "reverse"}[part]
            style = {**style, flag: True}
        elif part == "4" or part.startswith("4:"):
            style = {**style, "underline": {"4:3": "wavy"}.get(part, "solid")}
        elif part in ("22", "23", "24", "27", "39", "49", "59"):
            gone = {"22": ("bold", "faint"), "23": ("italic",), "24": ("underline",), "27": ("reverse",),
                    "39": ("color",), "49": ("background",), "59": ("text-decoration-color",)}[part]
            style = {name: value for name, value in style.items() if name not in gone}
        elif 30 <= int(part) <= 37 or 90 <= int(part) <= 97:
            style = {**style, "color": palette(int(part) - (30 if int(part) < 40 else 82))}
        elif 40 <= int(part) <= 47 or 100 <= int(part) <= 107:
            style = {**style, "background": palette(int(part) - (40 if int(part) < 50 else 92))}
    return style


def css(style):
    color, background = style.get("color", FOREGROUND), style.get("background", BACKGROUND)
    if style.get("reverse"):
        color, background = background, color
    rules = [f"color:{color}", f"background:{background}"]
    rules += ["font-weight:bold"] * ("bold" in style) + ["font-style:italic"] * ("italic" in style)
    rules += ["opacity:.7"] * ("faint" in style)
    if "underline" in style:
        rules.append(f"text-decoration:underline {style['underline']} {style.get('text-decoration-color', '')}")
    return ";".join(rules)


def page(drawn):
    """A screen as HTML."""
    out, style = [], {}
    for line in drawn.split("\n")[:LINES]:
        width = 0
        for codes, text in re.findall(r"\x1b\[([\d;:]*)m|([^\x1b]+)", line):
            if text:
                width += len(text)
                out.append(f'<span style="{css(style)}">{html.escape(text)}</span>')
            else:
                style = change(style, codes)
        out.append(f'<span style="{css(style)}">{" " * (COLUMNS - width)}</span>\n')
    return (
        "<meta charset=utf-8><style>*{margin:0}html{background:%s}"
        "pre{font:15px/20px 'DejaVu Sans Mono',monospace;padding:12px;display:inline-block}"
        "span{display:inline-block;height:20px;vertical-align:top}</style><pre>%s</pre>"
    ) % (BACKGROUND, "".join(out))


@contextlib.contextmanager
def editor(folder, flowql, command, text=EDGE):
    """Runs an editor on `edge.flowql`, with this text, in a home folder of its own, with `flowql` in PATH."""
    for needed in ("bin", "filters"):
        Path(folder, needed).mkdir(parents=True)
    Path(folder, "bin/flowql").symlink_to(flowql)
    Path(folder, "filters/edge.flowql").write_text(text)
    environment = f"env -i HOME={folder} PATH={folder}/bin:/usr/bin:/bin LANG=C.UTF-8 TERM=tmux-256color COLORTERM=truecolor"
    shell = f"cd {folder}/filters && exec {environment} {command} edge.flowql"
    tmux(folder, "new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), shell, ";", "set", "status", "off")
    try:
        yield
    finally:
        subprocess.run(["tmux", "-S", f"{folder}/tmux", "kill-server"], check=False, capture_output=True)


def draw(folder, steps, picture):
    """Types, waits for what each step names, and draws the screen to a file."""
    for keys, wanted in steps:
        type_keys(folder, keys)
        wait_for(folder, wanted)
    # What is drawn last, such as the hints, has no text to wait for.
    Path(folder, "page.html").write_text(page(still(folder)))
    width, height = COLUMNS * 9.04 + 24, LINES * 20 + 24
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={folder}/chromium", "--force-device-scale-factor=1.5",
         f"--window-size={width:.0f},{height}", f"--screenshot={picture}", f"file://{folder}/page.html"],
        check=True, capture_output=True, env={**os.environ, "HOME": str(folder)},
    )

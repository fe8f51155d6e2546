/**
 * The Markdown of the compiler's documentation as elements: paragraphs, lists, bold and code. It is text of the
 * compiler with words of the user in it, and nothing of it is ever read as HTML.
 */
export function rendered(markdown: string): HTMLElement {
  const dom = document.createElement("div");
  let list: HTMLElement | null = null;
  for (const block of blocks(markdown)) {
    if (block.kind === "item") {
      if (!list) dom.append((list = document.createElement("ul")));
      list.append(withInline("li", block.text));
      continue;
    }
    list = null;
    if (block.kind === "code") {
      const pre = document.createElement("pre");
      pre.textContent = block.text;
      dom.append(pre);
    } else {
      dom.append(withInline("p", block.text));
    }
  }
  return dom;
}

interface Block {
  kind: "paragraph" | "item" | "code";
  text: string;
}

function blocks(markdown: string): Block[] {
  const found: Block[] = [];
  let fence: { mark: string; lines: string[] } | null = null;
  for (const line of markdown.split("\n")) {
    const mark = /^(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (line === fence.mark) {
        found.push({ kind: "code", text: fence.lines.join("\n") });
        fence = null;
      } else {
        fence.lines.push(line);
      }
    } else if (mark) {
      fence = { mark, lines: [] };
    } else if (line.startsWith("- ")) {
      found.push({ kind: "item", text: line.slice(2) });
    } else if (line.trim() !== "") {
      found.push({ kind: "paragraph", text: line });
    }
  }
  if (fence) found.push({ kind: "code", text: fence.lines.join("\n") });
  return found;
}

/** An element with a line of text: `code`, **bold**, and backslashes before what would be a mark. */
function withInline(name: string, line: string): HTMLElement {
  const dom = document.createElement(name);
  const parts = /(`+) ?(.+?) ?\1(?!`)|\*\*(.+?)\*\*|\\([\\`*_{}[\]()#+\-.!<>|~&])/gs;
  let done = 0;
  const element = (tag: string, text: string): void => {
    const part = document.createElement(tag);
    part.textContent = text;
    dom.append(part);
  };
  for (const found of line.matchAll(parts)) {
    dom.append(line.slice(done, found.index));
    if (found[2] !== undefined) element("code", found[2]);
    else if (found[3] !== undefined) element("strong", found[3].replace(/\\(.)/g, "$1"));
    else dom.append(found[4] ?? "");
    done = found.index + found[0].length;
  }
  dom.append(line.slice(done));
  return dom;
}

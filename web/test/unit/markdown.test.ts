// Markdown of strangers, against a small stand-in for the document: any text gives elements of the list alone.

import assert from "node:assert/strict";
import { test } from "node:test";

class Element {
  readonly children: (Element | string)[] = [];
  readonly attributes: Record<string, unknown> = {};
  constructor(readonly localName: string) {}
  append(child: Element | string): void {
    this.children.push(child);
  }
  set textContent(text: string) {
    this.children.splice(0, this.children.length, text);
  }
  set href(value: string) {
    this.attributes["href"] = value;
  }
}
class Anchor extends Element {}
class List extends Element {}

Object.assign(globalThis, {
  HTMLAnchorElement: Anchor,
  HTMLOListElement: List,
  document: {
    createElement: (name: string): Element => (name === "a" ? new Anchor(name) : name === "ol" ? new List(name) : new Element(name)),
  },
});
const { Markdown, safeAddress } = await import("../../src/markdown.ts");

const ALLOWED = ["p", "h3", "h4", "h5", "h6", "code", "em", "strong", "s", "a", "blockquote", "br", "hr", "ul", "ol", "li", "table", "tr", "td", "pre", "span"];
const PIECES = ["# ", "> ", "- ", "1. ", "* ", "**", "_", "`", "```", "\n", "\n\n", "[", "](", ")", "![", "|", "|---|", "~~", "$", "$$", "\\", "<script>",
  "javascript:alert(1)", "https://example.com/", "data:text/html,x", " ", "    ", "a", "é", "😀", "- [ ] ", "- [x] ", "<br>", "&lt;", "---", "\t", "\0"];

function render(pieces: readonly string[]): Element {
  const root = new Element("div");
  const markdown = new Markdown(root as unknown as HTMLElement);
  for (const piece of pieces) markdown.write(piece);
  markdown.end();
  return root;
}

function all(element: Element): Element[] {
  const inner = element.children.filter((child) => child instanceof Element);
  return [...inner, ...inner.flatMap(all)];
}

/** Numbers that are the same in each run (xorshift). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test("any text, in any pieces, gives elements of the list and links that run nothing", () => {
  const next = numbers(42);
  let links = 0;
  for (let count = 0; count < 5000; count += 1) {
    const pieces = Array.from({ length: 1 + next(40) }, () => PIECES[next(PIECES.length)] ?? "");
    for (const element of all(render(pieces))) {
      assert.ok(ALLOWED.includes(element.localName), `${element.localName} of ${JSON.stringify(pieces)}`);
      const href = element.attributes["href"];
      if (href === undefined) continue;
      links += 1;
      assert.match(String(href), /^(https?|mailto):/, JSON.stringify(pieces));
    }
  }
  assert.ok(links > 20, `${String(links)} links`);
});

/** As much as the page shows of an answer. */
const LENGTH = 256 * 1024;

for (const piece of ["[", "![", "*", "_", "`", "> ", "- ", "|", "$", "<", "\\", "h", "https://", "**a", "[a](", "1. ", "\n", "| a |\n", "- a\n  "]) {
  test(`256 kB of ${JSON.stringify(piece)} take no longer than a moment`, () => {
    const text = piece.repeat(Math.ceil(LENGTH / piece.length));
    const started = performance.now();
    render([text]);
    const took = performance.now() - started;
    assert.ok(took < 3000, `${String(Math.round(took))} ms`);
  });
}

test("an address leads out of the page, by https, http or mailto", () => {
  for (const good of ["https://example.com/x", "http://example.com", "mailto:a@example.com"]) assert.notEqual(safeAddress(good), null, good);
  for (const bad of [
    "javascript:alert(1)", " javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "vbscript:x", "data:text/html,x", "blob:https://x",
    "file:///etc/passwd", "//example.com", "/me", "#/me", "../x", "", "https://user@example.com", "https://bank.example@evil.example", "ftp://example.com",
    `https://example.com/${"x".repeat(3000)}`,
  ]) {
    assert.equal(safeAddress(bad), null, bad);
  }
});

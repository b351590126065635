// Markdown of agents, as it arrives, built from a closed list of elements.
//
// An agent's text is a stranger's: it gets no markup of its own, no script, no style, no class, no id, no image that would load
// by itself, and links to https, http and mailto alone.

import * as smd from "streaming-markdown";

const ELEMENTS: Readonly<Partial<Record<number, string>>> = {
  [smd.PARAGRAPH]: "p",
  // The page's own headings stand above: an answer begins at the third level.
  [smd.HEADING_1]: "h3",
  [smd.HEADING_2]: "h4",
  [smd.HEADING_3]: "h5",
  [smd.HEADING_4]: "h6",
  [smd.HEADING_5]: "h6",
  [smd.HEADING_6]: "h6",
  [smd.CODE_INLINE]: "code",
  [smd.ITALIC_AST]: "em",
  [smd.ITALIC_UND]: "em",
  [smd.STRONG_AST]: "strong",
  [smd.STRONG_UND]: "strong",
  [smd.STRIKE]: "s",
  [smd.LINK]: "a",
  [smd.RAW_URL]: "a",
  [smd.IMAGE]: "a",
  [smd.BLOCKQUOTE]: "blockquote",
  [smd.LINE_BREAK]: "br",
  [smd.RULE]: "hr",
  [smd.LIST_UNORDERED]: "ul",
  [smd.LIST_ORDERED]: "ol",
  [smd.LIST_ITEM]: "li",
  [smd.TABLE]: "table",
  [smd.TABLE_ROW]: "tr",
  [smd.TABLE_CELL]: "td",
  [smd.EQUATION_BLOCK]: "code",
  [smd.EQUATION_INLINE]: "code",
};

const SCHEMES = ["http:", "https:", "mailto:"];
const MAX_ADDRESS = 2048;
/** The parser keeps no deeper nesting (`TOKEN_ARRAY_CAP` in its source). */
const MAX_DEPTH = 20;
/** The parser reads what it has not decided on again with each character: that must stay short. */
const MAX_PENDING = 4096;
const SLICE = 1024;

interface Place {
  readonly stack: HTMLElement[];
}

export class Markdown {
  readonly #root: HTMLElement;
  readonly #parser: smd.Parser;
  /** The element for the rest once the parser has given up */
  #plain: HTMLElement | null = null;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#parser = smd.parser(renderer(root));
  }

  /** Takes a piece, which may end anywhere. */
  write(piece: string): void {
    for (let at = 0; at < piece.length; at += SLICE) this.#slice(piece.slice(at, at + SLICE));
  }

  #slice(slice: string): void {
    if (this.#plain !== null) {
      this.#plain.append(slice);
      return;
    }
    try {
      smd.parser_write(this.#parser, slice);
    } catch {
      this.#giveUp(slice);
      return;
    }
    if (this.#parser.pending.length > MAX_PENDING) this.#giveUp(this.#parser.pending);
  }

  /** The rest is shown as it is written. */
  #giveUp(rest: string): void {
    this.#plain = document.createElement("pre");
    this.#plain.tabIndex = 0;
    this.#plain.append(rest);
    this.#root.append(this.#plain);
  }

  end(): void {
    if (this.#plain !== null) return;
    try {
      smd.parser_end(this.#parser);
    } catch {
      // What is left are the signs of an unfinished mark.
    }
  }
}

class TooDeepError extends Error {}

function renderer(root: HTMLElement): smd.Renderer<Place> {
  return {
    data: { stack: [root] },
    add_token(place, type) {
      if (type === smd.DOCUMENT) return;
      if (place.stack.length > MAX_DEPTH) throw new TooDeepError();
      const parent = top(place);
      const made = element(type);
      parent.append(made.outer);
      place.stack.push(made.inner);
    },
    end_token(place) {
      if (place.stack.length > 1) place.stack.pop();
    },
    add_text(place, text) {
      top(place).append(text);
    },
    set_attr(place, type, value) {
      const target = top(place);
      if (type === smd.HREF || type === smd.SRC) link(target, value);
      if (type === smd.START && target instanceof HTMLOListElement && /^\d{1,6}$/.test(value)) target.start = Number(value);
      if (type === smd.CHECKED) target.textContent = "☑ ";
    },
  };
}

function element(type: number): { outer: HTMLElement; inner: HTMLElement } {
  if (type === smd.CODE_BLOCK || type === smd.CODE_FENCE) {
    const outer = document.createElement("pre");
    const inner = document.createElement("code");
    // Long lines are scrolled by keyboard as well.
    outer.tabIndex = 0;
    outer.append(inner);
    return { outer, inner };
  }
  const made = document.createElement(ELEMENTS[type] ?? "span");
  if (type === smd.CHECKBOX) made.textContent = "☐ ";
  return { outer: made, inner: made };
}

function link(target: HTMLElement, address: string): void {
  const checked = safeAddress(address);
  if (checked === null || !(target instanceof HTMLAnchorElement)) return;
  target.href = checked;
  target.rel = "noreferrer noopener nofollow";
  target.target = "_blank";
  // The text of a link may claim another address than it leads to.
  target.title = checked;
}

/** A whole address with a scheme that runs nothing; what is relative would lead into the page itself. */
export function safeAddress(address: string): string | null {
  if (address.length > MAX_ADDRESS) return null;
  try {
    const url = new URL(address);
    return SCHEMES.includes(url.protocol) && url.username === "" && url.password === "" ? url.href : null;
  } catch {
    return null;
  }
}

function top(place: Place): HTMLElement {
  const found = place.stack.at(-1);
  if (found === undefined) throw new TooDeepError();
  return found;
}

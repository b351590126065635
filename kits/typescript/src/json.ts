/**
 * Strict JSON reader: one object in UTF-8, no duplicate member, bounded nesting.
 *
 * `JSON.parse` will not do. It keeps the last of two members with one name, so that two readers of one token see two
 * values (RFC 7515, section 4 and RFC 7519, section 4 allow refusing it), rounds large numbers in silence, and takes lone
 * surrogates, which no UTF-8 text holds. Objects are maps, so that a member named `__proto__` is a member like any other.
 */

/** A number as it was written. Its value is computed only where a member is a number. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** As many arrays and objects may be inside each other as the door's own parser allows. */
const MAX_DEPTH = 127;

const MAX_UINT64 = 2n ** 64n - 1n;

class SyntaxFault extends Error {}

/** Reads one JSON object, or nothing. Its own members may not repeat; of repeated deeper members, the last one counts. */
export function parseObject(bytes: Uint8Array): JsonObject | undefined {
  let text: string;
  try {
    // `ignoreBOM` keeps a byte order mark in the text, where it is a fault (RFC 8259, section 8.1).
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  try {
    return new Reader(text).document();
  } catch (fault) {
    if (fault instanceof SyntaxFault) return undefined;
    throw fault;
  }
}

/** The value of an unsigned 64-bit integer that is written as one: no sign, no fraction, no exponent. */
export function uint64(value: Json | undefined): bigint | undefined {
  if (!(value instanceof JsonNumber) || !/^[0-9]+$/.test(value.text)) return undefined;
  const number = BigInt(value.text);
  return number <= MAX_UINT64 ? number : undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  document(): JsonObject {
    this.#space();
    if (this.#peek() !== "{") throw new SyntaxFault();
    const members = this.#object(1, true);
    this.#space();
    if (this.#at !== this.text.length) throw new SyntaxFault();
    return members;
  }

  #value(depth: number): Json {
    this.#space();
    switch (this.#peek()) {
      case "{":
        return this.#object(depth + 1, false);
      case "[":
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number, isOutermost: boolean): JsonObject {
    if (depth > MAX_DEPTH) throw new SyntaxFault();
    const members = new Map<string, Json>();
    this.#list("{", "}", () => {
      this.#space();
      const name = this.#string();
      this.#space();
      this.#sign(":");
      const value = this.#value(depth);
      if (isOutermost && members.has(name)) throw new SyntaxFault();
      members.set(name, value);
    });
    return members;
  }

  #array(depth: number): readonly Json[] {
    if (depth > MAX_DEPTH) throw new SyntaxFault();
    const items: Json[] = [];
    this.#list("[", "]", () => items.push(this.#value(depth)));
    return items;
  }

  #list(opening: string, closing: string, item: () => void): void {
    this.#sign(opening);
    this.#space();
    if (this.#peek() === closing) {
      this.#at += 1;
      return;
    }
    for (;;) {
      item();
      this.#space();
      if (this.#peek() !== ",") break;
      this.#at += 1;
    }
    this.#sign(closing);
  }

  #string(): string {
    this.#sign('"');
    let text = "";
    for (;;) {
      text += this.#match(PLAIN);
      if (this.#peek() === '"') break;
      this.#sign("\\");
      text += this.#escape();
    }
    this.#at += 1;
    // Only escapes can make one: the text came from UTF-8, which has none.
    if (!isWellFormed(text)) throw new SyntaxFault();
    return text;
  }

  #escape(): string {
    const sign = this.#peek();
    this.#at += 1;
    if (sign !== "u") {
      const meant = ESCAPES.get(sign);
      if (meant === undefined) throw new SyntaxFault();
      return meant;
    }
    const digits = this.text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new SyntaxFault();
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): JsonNumber {
    const text = this.#match(NUMBER);
    // Beyond what a double holds, the door's own parser gives up.
    if (text === "" || !Number.isFinite(Number(text))) throw new SyntaxFault();
    return new JsonNumber(text);
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    for (const letter of word) this.#sign(letter);
    return value;
  }

  #sign(sign: string): void {
    if (this.#peek() !== sign) throw new SyntaxFault();
    this.#at += 1;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #peek(): string {
    return this.text.charAt(this.#at);
  }
}

/** True if each surrogate is half of a pair. `String.prototype.isWellFormed` is younger than some runtimes. */
function isWellFormed(text: string): boolean {
  return !/(?:[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])/.test(text);
}

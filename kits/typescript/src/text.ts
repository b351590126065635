/** Rules for short texts: a length and an alphabet. */

/** True for 1 to `max` ASCII letters, digits, and these signs. */
export function isWord(text: string, max: number, signs: string): boolean {
  if (text.length < 1 || text.length > max) return false;
  for (const sign of text) {
    if (!/^[A-Za-z0-9]$/.test(sign) && !signs.includes(sign)) return false;
  }
  return true;
}

/** True for 1 to `max` visible ASCII characters: no space, no control character. */
export function isVisible(text: string, max: number): boolean {
  return text.length >= 1 && text.length <= max && !/[^!-~]/.test(text);
}

/** The name of an agent in the door's `AGENTS`: `[a-z0-9][a-z0-9-]{0,62}`. */
export function isAgentName(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9][a-z0-9-]*$/.test(text);
}

/** The bytes of a text's UTF-8, one character each (ISO 8859-1): how a header's value arrives. */
export function asHeaderValue(text: string): string {
  let value = "";
  for (const byte of new TextEncoder().encode(text)) value += String.fromCharCode(byte);
  return value;
}

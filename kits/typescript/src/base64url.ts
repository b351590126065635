/** Strict base64url (RFC 4648, section 5): no padding, no other alphabet, one spelling for each sequence of bytes. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((sign, value) => [sign.charCodeAt(0), value]));

/** The bytes, or nothing if the text is not the canonical spelling of any. */
export function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  // Six bits are less than a byte: no number of bytes has such a length.
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = VALUES.get(text.charCodeAt(index));
    if (value === undefined) return undefined;
    pending = ((pending << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (pending >> bits) & 0xff;
      at += 1;
    }
  }
  // Bits that no byte takes must be zero (RFC 4648, section 3.5), or one token would have many texts.
  if ((pending & ((1 << bits) - 1)) !== 0) return undefined;
  return bytes;
}

export function encode(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET.charAt((pending >> bits) & 63);
    }
  }
  return bits > 0 ? text + ALPHABET.charAt((pending << (6 - bits)) & 63) : text;
}

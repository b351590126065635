// 20 MB of text, in the pieces in which an agent would send it.

export const MUCH = 20_000_000
const PIECES = 80

export function* pieces() {
  for (let piece = 0; piece < PIECES; piece += 1) yield 'x'.repeat(MUCH / PIECES)
}

/** Bounded reader of bodies. */

/** The bytes of a stream of the Fetch API, or nothing if there are more than `max`, or the stream was cut. */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  max: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const collected = new Collected(max);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return collected.whole();
      if (!collected.add(value)) {
        // The rest is not wanted. The guard does not wait for the sender to notice.
        reader.cancel().catch(() => undefined);
        return undefined;
      }
    }
  } catch {
    return undefined;
  }
}

/** Pieces of a body, up to a bound. */
export class Collected {
  readonly #max: number;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** True if the bytes so far are within the bound. */
  add(piece: Uint8Array): boolean {
    if (this.#length + piece.length > this.#max) return false;
    this.#length += piece.length;
    this.#pieces.push(piece);
    return true;
  }

  whole(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

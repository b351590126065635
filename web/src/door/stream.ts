// An answer as it arrives: events of a stream, or one document.

import { createParser } from "eventsource-parser";

export interface Listener {
  event(name: string | undefined, data: string): void;
  /** A comment of the door's: the agent is still there. */
  heartbeat(): void;
  /** Bytes of the answer, as they come. */
  bytes(count: number): void;
  document(body: string): void;
}

/** The longest event that is read, in characters: the door passes on events of any length. */
const MAX_EVENT = 32_000_000;
/** A document that is longer is read to its end and not shown. */
const MAX_DOCUMENT = 32_000_000;

export async function listen(response: Response, listener: Listener): Promise<void> {
  if (response.body === null) return;
  const type = response.headers.get("content-type") ?? "";
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        listener.bytes(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
  // The lib's types of the two ends differ in the buffers that they take.
  const decoder = new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>;
  const reader = counted.pipeThrough(decoder).getReader();
  const take = type.startsWith("text/event-stream") ? eventReader(listener) : documentReader(listener);
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) take.piece(piece.value);
  take.end();
}

interface Taker {
  piece(text: string): void;
  end(): void;
}

function eventReader(listener: Listener): Taker {
  let broken = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent: (event) => {
      listener.event(event.event, event.data);
    },
    onComment: () => {
      listener.heartbeat();
    },
    onError: (error) => {
      broken ||= error.type === "max-buffer-size-exceeded";
    },
  });
  return {
    piece(text) {
      if (!broken) parser.feed(text);
    },
    end() {
      if (broken) listener.event("gatehouse.error", '{"code":"answer_too_long"}');
    },
  };
}

function documentReader(listener: Listener): Taker {
  let body = "";
  let tooLong = false;
  return {
    piece(text) {
      tooLong ||= body.length + text.length > MAX_DOCUMENT;
      if (!tooLong) body += text;
    },
    end() {
      if (tooLong) listener.event("gatehouse.error", '{"code":"answer_too_long"}');
      else listener.document(body);
    },
  };
}

/** HTTP client on a bare socket: targets, header values and repetitions go out as they are written. */

import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The head of a request; its values may be any bytes. */
export function requestHead(method: string, target: string, headers: readonly (readonly [string, string])[]): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), "", ""];
  return Buffer.from(lines.join("\r\n"), "latin1");
}

/** Sends these bytes, and reads the answer to its end. With `hangUp`, the sending side is closed after them. */
export function exchange(port: number, pieces: readonly Uint8Array[], hangUp = false): Promise<RawAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const received: Buffer[] = [];
    socket.on("data", (piece) => {
      received.push(piece);
      // The last chunk. A server of events may keep the connection although it was asked to close it.
      if (piece.toString("latin1").endsWith("\r\n0\r\n\r\n")) socket.end();
    });
    // A server that answers before it has read all may reset the connection after its answer.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(parsed(Buffer.concat(received))));
    for (const piece of pieces) socket.write(piece);
    if (hangUp) socket.destroySoon();
  });
}

function parsed(bytes: Buffer): RawAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = new Map(
    lines.map((header): [string, string] => {
      const colon = header.indexOf(":");
      return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? unchunked(rest) : rest;
  return { status: Number(line.split(" ")[1]), headers, body: body.toString() };
}

function unchunked(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at);
    const length = Number.parseInt(bytes.subarray(at, end).toString(), 16);
    if (end < 0 || !(length > 0)) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}

/** A request with a whole body, after which the connection ends. */
export function send(
  port: number,
  method: string,
  target: string,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array,
): Promise<RawAnswer | undefined> {
  const framing: [string, string][] = [
    ["Host", "agent.example"],
    ["Connection", "close"],
    ...(body.length > 0 ? ([["Content-Length", String(body.length)]] as [string, string][]) : []),
  ];
  return exchange(port, [requestHead(method, target, [...framing, ...headers]), body]);
}

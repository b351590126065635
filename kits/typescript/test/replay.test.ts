/** Tests of what time does to an assertion while its request is being read. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { guard } from "@gatehouse/agent";

import { TestDoor } from "./signer.js";

test("a body that is kept back does not outlive its assertion", async () => {
  for (const [seconds, status, again] of [[0, 200, 403], [89, 200, 403], [90, 403, 200], [3600, 403, 200]] as const) {
    const door = new TestDoor();
    const answer = guard(() => new Response("ok"), door.settings);
    const request = door.request("{}");
    const slow = new ReadableStream<Uint8Array>({
      pull(stream) {
        // By now the assertion may have been forgotten, and shown again.
        door.clock.advance(seconds);
        stream.enqueue(new TextEncoder().encode("{}"));
        stream.close();
      },
    }, { highWaterMark: 0 });
    const init = { method: "POST", headers: request.headers, body: slow, duplex: "half" };
    assert.equal((await answer(new Request(request.url, init))).status, status, `${seconds}`);
    door.clock.advance(-seconds);
    assert.equal((await answer(request)).status, again, `${seconds}, again`);
    assert.deepEqual(door.log.map(({ reason }) => reason).filter((reason) => reason !== undefined), ["proof_replayed"]);
  }
});

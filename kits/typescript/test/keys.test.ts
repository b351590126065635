/** Tests of the door's keys: rotated, out of reach, too old, and asked for by one request at a time. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { Door, guard, HARD_AGE, SOFT_AGE, WITHOUT_DOOR } from "@gatehouse/agent";

import { running } from "./servers.js";
import { Key, TestDoor } from "./signer.js";

class Scene extends TestDoor {
  readonly #answer = guard(() => new Response("ok"), this.settings);

  /** The status of a good request, now. */
  async status(key = this.key): Promise<number> {
    const request = this.request("{}");
    request.headers.set("x-amzn-bedrock-agentcore-runtime-custom-identity", key.sign(this.claims("{}")));
    return (await this.#answer(request)).status;
  }

  down(): void {
    this.answer = async () => new Response("", { status: 503 });
  }

  publish(...keys: Key[]): void {
    this.answer = async () => Response.json({ keys: keys.map(({ jwk }) => jwk) });
  }
}

const LIMIT = 64 * 1024;

test("without keys it is 503 and never 403 or 200", async () => {
  const scene = new Scene();
  const good = JSON.stringify({ keys: [scene.key.jwk] });
  const rows: [string, () => Response | Promise<Response>][] = [
    ["down", () => new Response("", { status: 503 })],
    ["not found", () => new Response(good, { status: 404 })],
    ["created", () => new Response(good, { status: 201 })],
    ["a redirect", () => new Response(good, { status: 302, headers: { location: "https://evil.test/keys" } })],
    ["empty", () => new Response("")],
    ["no keys", () => new Response("{}")],
    ["a list", () => new Response(`[${good}]`)],
    ["an empty list", () => new Response('{"keys":[]}')],
    ["a key without point", () => new Response('{"keys":[{"kid":"k1"}]}')],
    ["keys twice", () => new Response(good.replace("{", '{"keys":[],'))],
    ["cut", () => new Response(good.slice(0, -1))],
    ["two byte order marks", () => new Response(`\ufeff\ufeff${good}`)],
    ["too long", () => new Response(good.padEnd(LIMIT + 1))],
    ["a gzip bomb", () => new Response(gzipSync(good.padEnd(LIMIT + 1)))],
    ["two gzip files", () => new Response(Buffer.concat([gzipSync(good), gzipSync(good)]))],
    ["half a gzip file", () => new Response(gzipSync(good).subarray(0, -9))],
    ["a damaged gzip file", () => new Response(Buffer.concat([gzipSync(good).subarray(0, -8), Buffer.alloc(8, "x")]))],
    ["a body that fails", () => new Response(new ReadableStream({ pull: (stream) => stream.error(new Error("reset")) }))],
    ["out of reach", () => Promise.reject(new TypeError("fetch failed"))],
  ];
  for (const [what, answer] of rows) {
    scene.answer = async () => answer();
    scene.clock.advance(40);
    assert.equal(await scene.status(), 503, what);
    if (what === "too long") assert.match(scene.log.at(-2)?.error ?? "", /^the document is longer than 65536 bytes, or was cut$/);
  }
  const asked = scene.fetches;
  assert.equal(asked, rows.length);
  for (let times = 0; times < 100; times += 1) assert.equal(await scene.status(), 503);
  assert.equal(scene.fetches, asked, "it rests");
  scene.answer = async () => new Response(good.padEnd(LIMIT));
  scene.clock.advance(40);
  assert.equal(await scene.status(), 200, "as long as may be");
});

test("a document that is one gzip file is read, declared or not", async () => {
  const scene = new Scene();
  const file = gzipSync(JSON.stringify({ keys: [scene.key.jwk] }));
  scene.answer = async () => new Response(file);
  assert.equal(await scene.status(), 200);
  // Here the runtime unpacks it.
  const declared = new Scene();
  const good = gzipSync(JSON.stringify({ keys: [declared.key.jwk] }));
  const server = createServer((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(good));
  const { port, close } = await running(server);
  declared.answer = () => fetch(`http://127.0.0.1:${port}`);
  assert.equal(await declared.status(), 200);
  await close();
});

test("the door is asked without following redirects, and nothing of its words is logged", async () => {
  const scene = new Scene();
  let init: RequestInit | undefined;
  scene.answer = async (given) => {
    init = given;
    throw new Error("SECRET from the network");
  };
  assert.equal(await scene.status(), 503);
  assert.equal(init?.redirect, "manual");
  assert.equal(init.cache, "no-store");
  assert.doesNotMatch(JSON.stringify(scene.log), /SECRET/);
  assert.match(JSON.stringify(scene.log), /the door cannot be reached/);
});

test("keys are kept and outlive an outage of the door, up to the hard age", async () => {
  const scene = new Scene();
  for (let times = 0; times < 50; times += 1) assert.equal(await scene.status(), 200);
  assert.equal(scene.fetches, 1);
  scene.down();
  let age = 0;
  while (age + SOFT_AGE < HARD_AGE) {
    scene.clock.advance(SOFT_AGE / 1000);
    age += SOFT_AGE;
    assert.equal(await scene.status(), 200, `after ${age}`);
  }
  scene.clock.advance(SOFT_AGE / 1000);
  assert.equal(await scene.status(), 503, "too old");
  scene.publish(scene.key);
  scene.clock.advance(40);
  assert.equal(await scene.status(), 200, "it comes back");
});

test("keys are renewed at the soft age, by either clock", async () => {
  const scene = new Scene();
  assert.equal(await scene.status(), 200);
  scene.clock.advance(SOFT_AGE / 1000 - 1);
  assert.equal(await scene.status(), 200);
  assert.equal(scene.fetches, 1);
  // A frozen isolate: only the wall clock went on.
  scene.clock.wall += 1000;
  assert.equal(await scene.status(), 200);
  assert.equal(scene.fetches, 2);
  // The wall clock was set back: the monotonic one counts.
  scene.clock.wall -= 3_600_000;
  scene.clock.steady += SOFT_AGE;
  assert.equal(await scene.status(), 200);
  assert.equal(scene.fetches, 3);
});

test("keys are fetched before the first request, if that is asked for", async () => {
  const scene = new TestDoor();
  const door = new Door(scene.settings);
  await Promise.all([door.warm(), door.warm()]);
  assert.equal(scene.fetches, 1);
  const answer = guard(() => new Response("ok"), door);
  assert.equal((await answer(scene.request("{}"))).status, 200);
  assert.equal(scene.fetches, 1);
  scene.clock.advance(SOFT_AGE / 1000);
  await door.warm();
  assert.equal(scene.fetches, 2, "old keys are renewed");
  await new Door({ withoutDoor: WITHOUT_DOOR, log: () => undefined }).warm();
});

test("keys that could not be fetched at the start are fetched with the first request", async () => {
  const scene = new TestDoor();
  const { answer: good } = scene;
  const door = new Door(scene.settings);
  scene.answer = () => new Promise(() => undefined);
  const start = performance.now();
  await door.warm(50);
  assert.ok(performance.now() - start < 2_000);
  scene.answer = good;
  const answer = guard(() => new Response("ok"), door);
  assert.equal((await answer(scene.request("{}"))).status, 200, "it does not rest");
});

test("guards of one door share its keys and its memory", async () => {
  const scene = new TestDoor();
  const door = new Door(scene.settings);
  const [first, second] = [guard(() => new Response("ok"), door), guard(() => new Response("ok"), door)];
  const request = scene.request("{}");
  assert.equal((await first(request.clone())).status, 200);
  assert.equal((await second(request.clone())).status, 403);
  assert.equal(scene.log.at(-1)?.reason, "proof_replayed");
  assert.equal(scene.fetches, 1);
});

test("a withdrawn key is no longer believed after the renewal", async () => {
  const scene = new Scene();
  const old = scene.key;
  assert.equal(await scene.status(old), 200);
  scene.publish(new Key("k2"));
  scene.clock.advance(SOFT_AGE / 1000);
  assert.equal(await scene.status(old), 403);
});

test("a new key is found and made-up ones do not hammer the door", async () => {
  const scene = new Scene();
  assert.equal(await scene.status(), 200);
  for (let id = 0; id < 100; id += 1) assert.equal(await scene.status(new Key(`made-up-${id}`)), 403);
  assert.equal(scene.fetches, 2, "one search");
  const next = new Key("k2");
  scene.publish(scene.key, next);
  assert.equal(await scene.status(next), 403, "a search has just been made");
  scene.clock.advance(10);
  assert.equal(await scene.status(next), 200);
  assert.equal(scene.fetches, 3);
});

test("a search that fails leaves the keys that are held", async () => {
  const scene = new Scene();
  assert.equal(await scene.status(), 200);
  scene.down();
  assert.equal(await scene.status(new Key("made-up")), 403);
  assert.equal(await scene.status(), 200);
});

test("requests at the same time share one fetch", async () => {
  const scene = new Scene();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const keys = [scene.key.jwk];
  scene.answer = async () => {
    await held;
    return Response.json({ keys });
  };
  const statuses = Array.from({ length: 50 }, () => scene.status());
  release();
  assert.deepEqual(new Set(await Promise.all(statuses)), new Set([200]));
  assert.equal(scene.fetches, 1);
});

test("requests at the same time share one failure", async () => {
  const scene = new Scene();
  scene.down();
  const statuses = Array.from({ length: 50 }, () => scene.status());
  assert.deepEqual(new Set(await Promise.all(statuses)), new Set([503]));
  assert.equal(scene.fetches, 1);
});

test("while one request renews old keys, the others do not wait", async () => {
  const scene = new Scene();
  assert.equal(await scene.status(), 200);
  scene.clock.advance(SOFT_AGE / 1000);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const began = new Promise<void>((resolve) => {
    scene.answer = async () => {
      resolve();
      await held;
      return Response.json({ keys: [scene.key.jwk] });
    };
  });
  const renewing = scene.status();
  await began;
  assert.equal(await scene.status(), 200, "with the held keys");
  release();
  assert.equal(await renewing, 200);
  assert.equal(scene.fetches, 2);
});

test("a door that does not answer is given up: a renewal early, a fetch later", async () => {
  const scene = new Scene();
  assert.equal(await scene.status(), 200);
  scene.clock.advance(SOFT_AGE / 1000);
  let isAborted = false;
  scene.answer = ({ signal }) =>
    new Promise(() => {
      signal?.addEventListener("abort", () => {
        isAborted = true;
      });
    });
  const start = performance.now();
  assert.equal(await scene.status(), 200, "the held keys serve");
  const waited = performance.now() - start;
  assert.ok(waited >= 490 && waited < 2_900, `${waited} ms`);
  assert.equal(isAborted, true);
  assert.equal(scene.log.at(-1)?.error, "it took too long");
});

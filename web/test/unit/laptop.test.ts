// The trace of the local stack, from a recorded one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Feed } from "../../src/laptop/feed.ts";
import { inOrder, NAMES, ORDER, parseHop, TITLES } from "../../src/laptop/hop.ts";
import { parseAccess, parseState } from "../../src/laptop/state.ts";

const TRACE = JSON.parse(readFileSync(new URL("../../../fixtures/trace.json", import.meta.url), "utf8")) as Record<string, unknown>[];

test("each recorded hop is understood, and has a title and two names", () => {
  const hops = TRACE.map(parseHop);
  assert.ok(hops.length >= 8);
  for (const hop of hops) {
    assert.ok(hop !== null);
    assert.ok(TITLES[hop.hop] !== undefined, hop.hop);
    assert.ok(NAMES[hop.from] !== undefined && ORDER.includes(hop.from), hop.from);
    assert.ok(NAMES[hop.to] !== undefined && ORDER.includes(hop.to), hop.to);
  }
});

test("no hop has anything like a token", () => {
  assert.doesNotMatch(JSON.stringify(TRACE), /eyJ[A-Za-z0-9_-]{10}/);
});

test("a feed keeps each hop once, by request, and within bounds", () => {
  const feed = new Feed();
  for (const hop of TRACE) {
    feed.take(hop);
    feed.take(hop);
  }
  const [request] = feed.requests.value.keys();
  assert.ok(request !== undefined);
  assert.equal(feed.of(request, 0).length, TRACE.length);
  assert.deepEqual(feed.of("another", 0), []);
  for (let count = 0; count < 300; count += 1) feed.take({ ...TRACE[1], request: `r${String(count)}`, seq: 1000 + count });
  assert.equal(feed.requests.value.size, 100);
});

test("another run of the stack begins anew", () => {
  const feed = new Feed();
  for (const hop of TRACE) feed.take(hop);
  feed.take({ ...TRACE[0], seq: 1, request: "another" });
  assert.deepEqual([...feed.requests.value.keys()], ["another"]);
});

test("hops are read in the order in which they began, and the answer last", () => {
  const hops = TRACE.flatMap((value) => parseHop(value) ?? []);
  const sorted = inOrder([...hops].reverse());
  assert.equal(sorted.at(-1)?.hop, "answer");
  assert.ok(sorted.slice(0, -1).every((hop, index) => index === 0 || (sorted[index - 1]?.at ?? 0) <= hop.at));
});

test("of hops that began at once, one that waits comes before the one that it waits for", () => {
  const [first] = TRACE.flatMap((value) => parseHop(value) ?? []);
  assert.ok(first !== undefined);
  const told = ["pretoken", "tool_token", "proxy"].map((hop, index) => ({ ...first, hop, at: 7, seq: index + 1 }));
  assert.deepEqual(inOrder(told).map((hop) => hop.hop), ["proxy", "tool_token", "pretoken"]);
});

test("what is no hop, or of a later version, is left out", () => {
  const feed = new Feed();
  for (const value of [null, 7, [], {}, { ...TRACE[0], v: 2 }, { ...TRACE[0], outcome: "maybe" }, { ...TRACE[0], request: null }]) {
    feed.take(value);
  }
  assert.equal(feed.requests.value.size, 0);
});

test("state and access are read as the document has them", () => {
  const state = parseState({
    agents: ["demo"],
    toolTokenSeconds: 60,
    users: [{ name: "bob", password: "p", groups: ["guest"], department: null, role: null, subject: "s" }],
  });
  assert.deepEqual(state?.users, [{ name: "bob", password: "p", groups: ["guest"], department: null, role: null }]);
  const access = parseAccess({
    agents: [{ cells: [{ caller: "bob", outcome: "refused" }], name: "finance" }],
    callers: ["bob"],
    policies: [{ effect: "permit", id: "p", text: "permit (...);" }],
    tools: [{ cells: [{ caller: "bob", outcome: "depends", policies: ["p"] }], name: "t" }],
  });
  assert.deepEqual(access?.tools[0]?.cells[0]?.policies, ["p"]);
  assert.equal(access.policies.get("p")?.effect, "permit");
  assert.equal(parseAccess([]), null);
  assert.equal(parseState("x"), null);
});

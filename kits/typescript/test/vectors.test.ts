/** Tests of the verifier by the shared vectors: the bare verification, the whole guard, and the guard of fetch handlers. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ALL_REASONS, caller, guard, HARD_AGE, LIFETIME, MAX_ASSERTION, MAX_SEEN, SKEW, SOFT_AGE } from "@gatehouse/agent";

import { MAX_BACK_OFF, MIN_BACK_OFF } from "../dist/cache.js";
import { bareVerify, bodyOf, differences, DIST, loadKit, readVectors, shown, wholeGuard } from "./vectors.js";
import type { Case, Expected, Runner, Vectors } from "./vectors.js";

const vectors = readVectors();
const good = vectors.cases.find(({ id }) => id === "good")?.steps[0]?.expect;
assert.ok(good);
const RESOLVED = { ...good, code: undefined, reason: undefined };
const kit = await loadKit(DIST);

/** Runs the cases, and counts them by check. */
async function run(cases: Vectors["cases"], runner: Runner, countsFetches = true): Promise<void> {
  const wrong: string[] = [];
  const counts = new Map<string, number>();
  for (const vector of cases) {
    wrong.push(...(await differences(vectors, vector, runner, countsFetches)));
    counts.set(vector.check, (counts.get(vector.check) ?? 0) + 1);
  }
  assert.deepEqual(wrong, []);
  console.log(`by check: ${[...counts].map(([check, count]) => `${check} ${count}`).join(", ")}`);
}

test("the constants are those of the vectors", () => {
  const { limits } = vectors;
  assert.equal(Number(SKEW), limits["skew"]);
  assert.equal(Number(LIFETIME), limits["lifetime"]);
  assert.equal(MAX_ASSERTION, limits["max_assertion"]);
  assert.equal(MAX_SEEN, limits["max_seen"]);
  assert.equal(SOFT_AGE / 1000, limits["soft_age"]);
  assert.equal(HARD_AGE / 1000, limits["hard_age"]);
  assert.equal(MIN_BACK_OFF / 1000, limits["min_back_off"]);
  assert.equal(MAX_BACK_OFF / 1000, limits["max_back_off"]);
});

test("the whole guard decides every case as the Rust layer does", async () => {
  await run(vectors.cases, wholeGuard(kit));
  console.log(`counted: TypeScript decided ${vectors.count} vectors as the Rust layer does, 0 wrong`);
});

test("the bare verification decides every pure case", async () => {
  const pure = vectors.cases.filter((vector) => vector.pure);
  assert.ok(pure.length > 0);
  await run(pure, bareVerify(kit), false);
  console.log(`counted: TypeScript's bare verification decided ${pure.length} vectors, 0 wrong`);
});

test("every reason is met by a case, or named here", () => {
  const met = new Set(vectors.cases.flatMap(({ steps }) => steps.map(({ expect }) => expect.reason)));
  // 120,000 remembered assertions are more than a file should hold: replay.test.ts has them.
  const elsewhere = new Set(["crowded"]);
  assert.deepEqual(ALL_REASONS.filter((reason) => !met.has(reason) && !elsewhere.has(reason)), []);
});

/**
 * Cases whose subject the Fetch API hides, and what it can show instead. Equal headers are joined by a comma, so a comma is
 * taken for two headers: refused either way. Dots in a path are resolved before any handler runs, so the guard compares the
 * very path that the handler is given.
 */
const HIDDEN: Readonly<Record<string, Partial<Expected>>> = {
  form_comma: { reason: "proof_repeated" },
  form_json: { reason: "proof_repeated" },
  path_dot: RESOLVED,
  path_dots: RESOLVED,
};

const fetchGuard: Runner = (scene) => {
  let seen: Readonly<Record<string, unknown>> | undefined;
  let isOpen = false;
  const answer = guard((request) => {
    isOpen = scene.settings.open?.includes(new URL(request.url).pathname) === true && request.method === "GET";
    if (!isOpen) seen = shown(caller(request));
    return new Response("ok");
  }, scene.settings);
  return async (wanted) => {
    [seen, isOpen] = [undefined, false];
    const headers = new Headers();
    for (const [name, value] of wanted.headers) headers.append(name, value);
    const body = wanted.method === "GET" || wanted.method === "HEAD" ? null : bodyOf(wanted);
    const response = await answer(new Request(`https://agent.example${wanted.target}`, { method: wanted.method, headers, body }));
    if (response.status === 200) return { status: 200, isOpen, caller: seen };
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("retry-after"), response.status === 503 ? "10" : null);
    const problem = (await response.json()) as Record<string, unknown>;
    assert.deepEqual(Object.keys(problem), ["code", "status", "title"]);
    assert.equal(problem["status"], response.status);
    return { status: response.status, code: String(problem["code"]), reason: scene.reasons.at(-1) };
  };
};

test("the guard of fetch handlers decides every case that a Request can show", async () => {
  for (const id of Object.keys(HIDDEN)) assert.ok(vectors.cases.some((vector) => vector.id === id), id);
  const cases = vectors.cases.map((vector): Case => {
    const shownOnly = HIDDEN[vector.id];
    if (shownOnly === undefined) return vector;
    return { ...vector, steps: vector.steps.map((step) => ({ ...step, expect: { ...step.expect, ...shownOnly } })) };
  });
  await run(cases, fetchGuard);
  const hidden = Object.keys(HIDDEN).length;
  console.log(`counted: the guard of fetch handlers decided ${cases.length} vectors, 0 wrong, ${hidden} of them as a Request shows them`);
});

// The texts by code, compared with docs/errors.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { problem, read } from "../../src/door/problem.ts";
import { advice, PROBLEMS } from "../../src/texts.ts";

const ERRORS = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");

/** The codes that callers can see: the first cell in code of each table below that heading. */
function codes(): string[] {
  const part = ERRORS.split("\n## What callers see\n")[1]?.split("\n## What operators see\n")[0] ?? "";
  const rows = part.split("\n").filter((line) => line.startsWith("| "));
  const found = rows.flatMap((row) => /\| `([a-z_]+)` \|/.exec(row)?.[1] ?? []);
  // Headings and examples have members of the answers in the same form.
  return [...new Set(found)].filter((code) => code !== "code" && code !== "message");
}

test("each code that callers can see has a text", () => {
  const known = codes();
  assert.ok(known.length > 45, String(known.length));
  assert.deepEqual(known.filter((code) => PROBLEMS[code] === undefined), []);
});

test("a text says what happened and what to do, in sentences", () => {
  for (const [code, { happened, next }] of Object.entries(PROBLEMS)) {
    assert.match(happened, /^[A-Z].*\.$/, code);
    assert.match(next, /^[A-Z].*\.$/, code);
  }
});

test("an unknown code shows the door's own title, an unknown status says so", () => {
  assert.equal(advice(problem("of_tomorrow", { title: "The door is blue" })).happened, "The door is blue.");
  assert.match(advice(problem("http_418", { status: 418 })).happened, /418/);
});

const HEADERS = new Headers({ "x-request-id": "from-header", "retry-after": "7" });

test("a problem is read in both of the door's forms", () => {
  const plain = read({ status: 403, title: "T", code: "forbidden", request_id: "r" }, 403, HEADERS);
  assert.deepEqual(plain, { code: "forbidden", status: 403, title: "T", requestId: "r", retryAfter: 7, limit: null });
  const rpc = read({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "T", data: { code: "forbidden", request_id: "r" } } }, 403, HEADERS);
  assert.deepEqual(rpc, plain);
});

test("what is not the door's has a code of its status and the id of the header", () => {
  for (const value of [null, "text", 7, [], {}, { code: "<script>" }, { code: 7 }]) {
    const found = read(value, 502, HEADERS);
    assert.equal(found.code, "http_502");
    assert.equal(found.requestId, "from-header");
  }
});

/** Tests of properties: no changed assertion is accepted, and no input makes the guard fail in another way than by refusing. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Door, IDENTITY, RefusedError } from "@gatehouse/agent";

import { headOf } from "../dist/head.js";
import { TestDoor } from "./signer.js";

const BODY = "{}";
const bytes = new TextEncoder().encode(BODY);

/** The reason for which a request with this assertion is refused; nothing if it is let in. */
async function refused(door: Door, assertion: string): Promise<string | undefined> {
  try {
    await door.admit(headOf("POST", "/invocations", [[IDENTITY, assertion]]), async () => bytes);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RefusedError, String(error));
    return error.reason;
  }
}

/** The same numbers in every run. */
function numbers(): (below: number) => number {
  let state = 20_261_128;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

test("any changed character of a good assertion is refused, and nothing is used up", async () => {
  const signer = new TestDoor();
  const door = new Door(signer.settings);
  const good = signer.key.sign(signer.claims(BODY));
  for (let at = 0; at < good.length; at += 1) {
    const other = good[at] === "A" ? "B" : "A";
    assert.ok(await refused(door, good.slice(0, at) + other + good.slice(at + 1)), `${at}`);
    assert.ok(await refused(door, good.slice(0, at) + good.slice(at + 1)), `without ${at}`);
  }
  assert.equal(await refused(door, good), undefined);
});

test("random and half-random assertions are refused without another failure", async () => {
  const signer = new TestDoor();
  const door = new Door(signer.settings);
  const random = numbers();
  const text = (length: number, letters: string): string => Array.from({ length }, () => letters.charAt(random(letters.length))).join("");
  const base64 = (value: string): string => Buffer.from(value, "latin1").toString("base64url");
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
  const good = signer.key.sign(signer.claims(BODY)).split(".");
  for (let round = 0; round < 3_000; round += 1) {
    const parts = [
      round % 3 === 0 ? good[0] : base64(text(random(60), round % 2 === 0 ? every : '{}[]",:\\ualgtypkid012-.e')),
      round % 5 === 0 ? good[1] : base64(text(random(200), every)),
      round % 7 === 0 ? good[2] : text(random(90), "ABCxyz019-_="),
    ];
    const assertion = round % 11 === 0 ? text(random(300), every) : parts.join(".");
    if (assertion === good.join(".")) continue;
    assert.ok(await refused(door, assertion), JSON.stringify(assertion));
  }
});

test("signed claims of any form are refused without another failure", async () => {
  const signer = new TestDoor();
  const door = new Door(signer.settings);
  const random = numbers();
  const values: unknown[] = [null, true, 0, -1, 1.5, 1e300, "", "x", [], ["x"], [1], {}, { toString: 1 }, "__proto__", "\ud7ff"];
  const names = Object.keys(signer.claims(BODY));
  let accepted = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const claims = signer.claims(BODY);
    for (let change = 0; change <= random(2); change += 1) claims[names[random(names.length)] ?? ""] = values[random(values.length)];
    const reason = await refused(door, signer.key.sign(claims));
    // `username` may be any text, and absent.
    if (reason === undefined) accepted += 1;
  }
  assert.ok(accepted < 500, `${accepted} were accepted`);
});

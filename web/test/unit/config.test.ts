// config.json: what is taken, and each way in which it can be wrong.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ConfigError, parseConfig } from "../../src/config.ts";

const GOOD = { door: "https://door.example.com", issuer: "https://login.example.com/pool", clientId: "console", scopes: ["openid"] };

test("a good file is taken as it is", () => {
  assert.deepEqual(parseConfig(GOOD), { ...GOOD, laptop: false });
  const local = { ...GOOD, door: "http://127.0.0.1:8787/", issuer: "http://localhost:8788/pool", laptop: true };
  assert.deepEqual(parseConfig(local), { ...local, door: "http://127.0.0.1:8787" });
});

test("an issuer is kept byte for byte", () => {
  assert.equal(parseConfig({ ...GOOD, issuer: "https://login.example.com/" }).issuer, "https://login.example.com/");
});

const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
  ["no object", [GOOD], /not a JSON object/],
  ["null", null, /not a JSON object/],
  ["a member that is unknown", { ...GOOD, token: "x" }, /`token`, which the console does not know/],
  ["a door over http", { ...GOOD, door: "http://door.example.com" }, /`door` is not an https address/],
  ["a door that only begins like loopback", { ...GOOD, door: "http://localhost.example.com" }, /`door` is not an https address/],
  ["a door with a user", { ...GOOD, door: "https://localhost@evil.example.com" }, /`door` has more/],
  ["a door with a query", { ...GOOD, door: "https://door.example.com?x" }, /`door` has more/],
  ["a script for a door", { ...GOOD, door: "javascript:alert(1)" }, /`door` is not an https address/],
  ["no issuer", { ...GOOD, issuer: undefined }, /`issuer` is missing/],
  ["an issuer over http", { ...GOOD, issuer: "http://login.example.com" }, /`issuer` is not an https address/],
  ["a blank client", { ...GOOD, clientId: " " }, /`clientId` is missing/],
  ["no scopes", { ...GOOD, scopes: [] }, /`scopes` is not a list/],
  ["a scope with a space", { ...GOOD, scopes: ["openid email"] }, /`scopes` is not a list/],
  ["laptop as a text", { ...GOOD, laptop: "true" }, /`laptop` is neither/],
];

for (const [what, value, expected] of WRONG) {
  test(`refused: ${what}`, () => {
    assert.throws(() => parseConfig(value), (error) => error instanceof ConfigError && expected.test(error.message));
  });
}

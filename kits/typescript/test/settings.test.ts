/** Tests of the settings: every fault at once, and nothing that starts half configured. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CARD, Door, guard, HEALTH, MAX_BODY, settingsFromEnvironment, SettingsError, WITHOUT_DOOR, type Settings } from "@gatehouse/agent";
import { guard as guardExpress } from "@gatehouse/agent/express";
import { guard as guardHono } from "@gatehouse/agent/hono";

import { checkedSettings } from "../dist/settings.js";

const GOOD = { door: "https://door.example/live", agent: "demo" };

function faults(settings: object): readonly string[] {
  try {
    checkedSettings(settings as Settings);
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    for (const fault of error.faults) assert.match(error.message, new RegExp(fault.replace(/[^\w ]/g, "."), "u"));
    return error.faults;
  }
}

test("good settings have their defaults", () => {
  const { open, maxBody, trust } = checkedSettings(GOOD);
  assert.deepEqual({ open: [...open], maxBody, trust }, { open: [HEALTH, CARD], maxBody: MAX_BODY, trust: GOOD });
  assert.equal(checkedSettings({ withoutDoor: WITHOUT_DOOR }).trust, undefined);
  assert.equal(checkedSettings(GOOD).keys, "https://door.example/live/.well-known/jwks.json");
  assert.equal(checkedSettings({ ...GOOD, keys: "http://127.0.0.1:1/k" }).keys, "http://127.0.0.1:1/k");
  assert.deepEqual(faults({ ...GOOD, open: [], maxBody: 0 }), []);
});

test("each fault is named with what to do", () => {
  const rows: [object, RegExp][] = [
    [{ agent: "demo" }, /^`door` is missing; write the door's address exactly as its `PUBLIC_URL` has it$/],
    [{ ...GOOD, door: 7 }, /^`door` is missing/],
    [{ ...GOOD, door: "" }, /^`door` is not an absolute address/],
    [{ ...GOOD, door: "door.example" }, /^`door` is not an absolute address/],
    [{ ...GOOD, door: "http://door.example" }, /^`door` is neither https nor http on a loopback host/],
    [{ ...GOOD, door: "https://door.example/" }, /^`door` has a query, or a slash at its end/],
    [{ ...GOOD, door: "https://door.example/?a" }, /^`door` has a query, or a slash at its end/],
    [{ ...GOOD, door: "https://door.example?" }, /^`door` has a query, or a slash at its end/],
    [{ ...GOOD, door: "https://alice@door.example" }, /^`door` has user information/],
    [{ door: GOOD.door }, /^`agent` is missing; write the agent's name as the door's `AGENTS` has it$/],
    [{ ...GOOD, agent: "Demo" }, /^`agent` is not of the form/],
    [{ ...GOOD, agent: "demo\n" }, /^`agent` is not of the form/],
    [{ ...GOOD, agent: "-demo" }, /^`agent` is not of the form/],
    [{ ...GOOD, agent: "d".repeat(64) }, /^`agent` is not of the form/],
    [{ ...GOOD, open: "/ping" }, /^`open` is not a list of paths/],
    [{ ...GOOD, open: ["ping"] }, /^`open` is not a list of paths/],
    [{ ...GOOD, open: ["/ping?a"] }, /^`open` is not a list of paths/],
    [{ ...GOOD, maxBody: -1 }, /^`maxBody` is not a number of bytes/],
    [{ ...GOOD, maxBody: 0.5 }, /^`maxBody` is not a number of bytes/],
    [{ ...GOOD, maxBody: Number.POSITIVE_INFINITY }, /^`maxBody` is not a number of bytes/],
    [{ ...GOOD, maxBody: "1000" }, /^`maxBody` is not a number of bytes/],
    [{ withoutDoor: true }, /^`withoutDoor` is not `no-caller-is-verified`/],
    [{ withoutDoor: "" }, /^`withoutDoor` is not/],
    [{ ...GOOD, withoutDoor: WITHOUT_DOOR }, /^`withoutDoor` stands beside `door`, `agent` or `keys`/],
    [{ keys: "https://keys.example/", withoutDoor: WITHOUT_DOOR }, /^`withoutDoor` stands beside/],
    [{ ...GOOD, keys: "http://keys.example/" }, /^`keys` is neither https nor http on a loopback host; write where/],
    [{ ...GOOD, keys: 7 }, /^`keys` is not a text/],
  ];
  for (const [settings, fault] of rows) {
    const found = faults(settings);
    assert.equal(found.length, 1, JSON.stringify(settings));
    assert.match(found[0] ?? "", fault);
  }
  assert.equal(faults({ open: "x", maxBody: "y" }).length, 4, "all at once");
});

test("no guard starts with wrong settings", () => {
  const wrong = {} as Settings;
  for (const start of [() => new Door(wrong), () => guard(() => new Response(), wrong), () => guardExpress(wrong), () => guardHono(wrong)]) {
    assert.throws(start, SettingsError);
  }
});

test("settings come from the environment", () => {
  const good = { GATEHOUSE_DOOR: GOOD.door, GATEHOUSE_AGENT: "demo", GATEHOUSE_WITHOUT_DOOR: "", OTHER: "x" };
  assert.deepEqual(checkedSettings(settingsFromEnvironment(good)).trust, GOOD);
  assert.equal(checkedSettings(settingsFromEnvironment({ GATEHOUSE_WITHOUT_DOOR: WITHOUT_DOOR })).trust, undefined);
  assert.equal(checkedSettings(settingsFromEnvironment({ ...good, GATEHOUSE_KEYS: "https://k.example" })).keys, "https://k.example");
  const rows: [Record<string, string>, RegExp][] = [
    [{}, /`GATEHOUSE_DOOR` is missing.*`GATEHOUSE_AGENT` is missing/],
    [{ ...good, GATEHOUSE_DOOR: "x" }, /`GATEHOUSE_DOOR` is not an absolute address/],
    [{ GATEHOUSE_WITHOUT_DOOR: "true" }, /`GATEHOUSE_WITHOUT_DOOR` is not/],
    [{ ...good, GATEHOUSE_WITHOUT_DOOR: WITHOUT_DOOR }, /`GATEHOUSE_WITHOUT_DOOR` stands beside `GATEHOUSE_DOOR`/],
    [Object.create(good) as Record<string, string>, /`GATEHOUSE_DOOR` is missing/],
  ];
  for (const [environment, message] of rows) assert.throws(() => settingsFromEnvironment(environment), message);
});

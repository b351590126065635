/** Tests of the strict readers: JSON, base64url, addresses, and the memory for replays. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { DoorKeySet, MAX_SEEN, ProofError, RefusedError } from "@gatehouse/agent";

import { addressFault } from "../dist/address.js";
import { decode, encode } from "../dist/base64url.js";
import { checkClaims, type Claims } from "../dist/claims.js";
import { headOf, type RequestHead } from "../dist/head.js";
import { JsonNumber, parseObject, uint64, type Json } from "../dist/json.js";
import { parseProof } from "../dist/proof.js";
import { Seen } from "../dist/replay.js";
import { Key } from "./signer.js";

/** The y that belongs to x = 5 on P-256. */
const Y_OF_5 = 0x459243b9_aa581806_fe913bce_99817ade_11ca503c_64d9a3c5_33415c08_3248fbccn;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A value as `JSON.parse` would have it. */
function plain(value: Json): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<string, Json>)].map(([name, member]) => [name, plain(member)]);
    return Object.fromEntries(members) as unknown;
  }
  return value;
}

test("JSON is read as JSON.parse reads it, where both read it", () => {
  for (const text of [
    "{}",
    ' {\t"a"\n:\r1 } ',
    '{"a":[1,-2,0.5,1e3,-0,1E-2,1e+2],"b":{"c":null,"d":true,"e":false},"f":"","g":[],"h":[[],{}]}',
    String.raw`{"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é😀"}`,
    '{"__proto__":{"polluted":true},"constructor":1}',
    '{"a":{"b":1,"b":2}}',
  ]) {
    const read = parseObject(bytes(text));
    assert.ok(read, text);
    assert.deepEqual(plain(read), JSON.parse(text), text);
  }
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

test("what is not one strict object is refused", () => {
  const rows = [
    ..."|[]|1|null|\"a\"|{|}|{}{}|{},|{\"a\"}|{\"a\":}|{\"a\":1,}|{,}|{a:1}|{'a':1}|{\"a\":1 \"b\":2}|{\"a\":[1,]}|{\"a\":[1}".split("|"),
    ...["01", "+1", ".5", "1.", "1e", "1e400", "-1e400", "0x1", "NaN", "Infinity", "-", "--1", "tru", "nul", "True", "1_0"].map((value) => `{"a":${value}}`),
    ...["\\x", "\\u12", "\\u12g4", "\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800\\u0041", "\n", "\t", "\u0000", "\u001f"].map((value) => `{"a":"${value}"}`),
    '{"a":1,"a":1}',
    String.raw`{"a":1,"\u0061":2}`,
    '{"__proto__":1,"__proto__":2}',
    '\ufeff{"a":1}',
    '{"a":1}\u00a0',
    '{"a":1}//',
    '{"a":1}\0',
  ];
  for (const text of rows) assert.equal(parseObject(bytes(text)), undefined, JSON.stringify(text));
  for (const invalid of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]]) {
    const text = new Uint8Array([...bytes('{"a":"'), ...invalid, ...bytes('"}')]);
    assert.equal(parseObject(text), undefined, String(invalid));
  }
});

test("nesting is bounded as at the door", () => {
  const nested = (depth: number): string => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  assert.ok(parseObject(bytes(nested(127))));
  assert.equal(parseObject(bytes(nested(128))), undefined);
  assert.equal(parseObject(bytes(nested(30_000))), undefined, "and the stack holds");
});

test("JSON and JSON.parse agree on random texts", () => {
  const signs = ["{", "}", "[", "]", ",", ":", '"', "a", "\\", "u", "0", "1", "-", ".", "e", " ", "true", "null", '"b"', "\\n", "é"];
  let state = 1;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  let read = 0;
  for (let round = 0; round < 40_000; round += 1) {
    const inner = Array.from({ length: random(8) }, () => signs[random(signs.length)]).join("");
    const text = round % 2 === 0 ? `{"x":${inner}}` : inner;
    let expected: unknown;
    try {
      expected = JSON.parse(text);
    } catch {
      expected = undefined;
    }
    const found = parseObject(bytes(text));
    const isObject = typeof expected === "object" && expected !== null && !Array.isArray(expected);
    if (found === undefined) {
      // The strict reader may refuse more: repeated members and lone surrogates, which these texts hardly hold.
      assert.ok(!isObject || /"(\w*)".*"\1"/.test(text) || text.includes("\\u"), text);
    } else {
      assert.deepEqual(plain(found), expected, text);
      read += 1;
    }
  }
  assert.ok(read > 300, `${read} objects were read`);
});

test("only unsigned integers of 64 bits are times", () => {
  for (const [text, value] of [
    ["0", 0n],
    ["1800000000", 1_800_000_000n],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["18446744073709551615", 18_446_744_073_709_551_615n],
    ["18446744073709551616", undefined],
    ["-1", undefined],
    ["-0", undefined],
    ["1.0", undefined],
    ["1e3", undefined],
  ] as const) {
    assert.equal(uint64(new JsonNumber(text)), value, text);
  }
  for (const other of ["1", null, true, [], new Map(), undefined]) assert.equal(uint64(other), undefined);
});

test("base64url has one spelling for each sequence of bytes", () => {
  for (let length = 0; length < 70; length += 1) {
    const some = Uint8Array.from({ length }, (_, index) => (index * 89 + length * 7) & 255);
    const text = Buffer.from(some).toString("base64url");
    assert.equal(encode(some), text);
    assert.deepEqual(decode(text), some);
  }
  for (const text of ["A", "AAAAA", "AB", "AAB", "_x", "AA=", "AA==", "AA+A", "AA/A", "AA A", "AAA\n", "AAAé", "ÁAAA", "AA.A"]) {
    assert.equal(decode(text), undefined, text);
  }
});

test("only https or loopback http is dialled", () => {
  for (const good of [
    "https://door.example",
    "https://door.example:8443/live",
    "https://Door.Example",
    "http://127.0.0.1:1/x",
    "http://LOCALHOST:1",
    "http://[::1]:1",
  ]) {
    assert.equal(addressFault(good), undefined, good);
  }
  for (const bad of [
    "",
    "door.example",
    "/path",
    "https://",
    "https:///path",
    "https://a b",
    "https://\u00e9.example",
    "https://a\\@b.example",
    "https://%6c.example",
    "https://[::1",
    "https://[v1.x]",
    "https://a.example/#f",
    "https://user@a.example",
    "https://user:pw@a.example",
    "http://localhost:1@evil.test",
    "http://127.0.0.1@evil.test",
    "https://a.example:",
    "https://a.example:0",
    "https://a.example:99999",
    "https://a.example:0443",
    "https://a.example:1:2",
    "http://a.example",
    "http://localhost.evil.test",
    "http://127.0.0.1.evil.test",
    "http://169.254.169.254/",
    "http://0.0.0.0/",
    "http://[::ffff:127.0.0.1]/",
    "http://0x7f.1/",
    "http://2130706433/",
    "https://0x7f.1/",
    "file://localhost/etc/keys",
    "ftp://localhost/keys",
    "data:application/json,{}",
    `https://a.example/${"x".repeat(2048)}`,
  ]) {
    assert.notEqual(addressFault(bad), undefined, bad);
  }
});

test("the form of an assertion is decided before what it says", () => {
  const header = (members: object): string => encode(bytes(JSON.stringify(members)));
  const wrong = header({ alg: "none", kid: "k1", typ: "gatehouse-identity+jwt" });
  const reason = (text: string): string | undefined => {
    try {
      parseProof(text);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof ProofError);
      return error.reason;
    }
  };
  assert.equal(reason(`${wrong}.e30.AAAA`), "proof_type");
  for (const text of [`${wrong}.e30.AAA=`, `${wrong}.e31.AAAA`, `${wrong}.e30.AB`, `${wrong}.e30`]) assert.equal(reason(text), "proof_form", text);
});

test("a point that is not on the curve is no key, whatever the runtime imports", async () => {
  const jwk = new Key("k1").jwk as { x: string; y: string };
  const parse = (changes: object): Promise<DoorKeySet | undefined> => DoorKeySet.parse(JSON.stringify({ keys: [{ ...jwk, ...changes }] }));
  // As the import of a runtime that does not look; an import that fails would hide the check.
  const { importKey } = crypto.subtle;
  crypto.subtle.importKey = (async () => "a key") as unknown as typeof importKey;
  try {
    assert.ok(await parse({}));
    const order = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
    const number = (value: bigint): string => Buffer.from(value.toString(16).padStart(64, "0"), "hex").toString("base64url");
    const [x, y] = [jwk.x, jwk.y].map((text) => BigInt(`0x${Buffer.from(text, "base64url").toString("hex")}`));
    assert.ok(x !== undefined && y !== undefined);
    assert.ok(await parse({ y: number(order - y) }), "the other root");
    for (const changes of [{ x: jwk.y, y: jwk.x }, { y: number(y ^ 1n) }, { x: number(x ^ 1n) }, { x: number(0n), y: number(0n) }]) {
      assert.equal(await parse(changes), undefined, JSON.stringify(changes));
    }
    // The root of 5^3 - 3 * 5 + b has a second spelling, p more, where that fits into 256 bits.
    const second = { x: number(5n), y: number(Y_OF_5) };
    assert.ok(await parse(second));
    assert.equal(await parse({ ...second, x: number(5n + order) }), undefined, "one spelling");
  } finally {
    crypto.subtle.importKey = importKey;
  }
});

test("a session is compared as the bytes that a header is", () => {
  const claims = { session: "sitzung-\u00e9", iss: "d", aud: "a", iat: 0n, exp: 60n, method: "POST", path: "/" } as Claims;
  const head = (...sessions: string[]): RequestHead => ({ ...headOf("POST", "/", []), sessions });
  const check = (...sessions: string[]): void => checkClaims(claims, { door: "d", agent: "a" }, head(...sessions), 0n);
  check("sitzung-\u00c3\u00a9");
  check();
  assert.throws(() => check("sitzung-\u00e9"), /another session/);
  assert.throws(() => check("sitzung-\u00c3\u00a9", "sitzung-\u00c3\u00a9"), /there are two/);
});

test("a proof is good once and memory is bounded", () => {
  const seen = new Seen();
  const claims = (jti: string, exp: number): Claims => ({ jti, exp: BigInt(exp) }) as Claims;
  const reason = (jti: string, exp: number, now: number): string | undefined => {
    try {
      seen.once(claims(jti, exp), BigInt(now));
      return undefined;
    } catch (error) {
      assert.ok(error instanceof RefusedError);
      assert.equal(error instanceof ProofError, error.reason !== "crowded");
      return error.reason;
    }
  };
  for (let number = 0; number < MAX_SEEN; number += 1) assert.equal(reason(String(number), 170, 100), undefined);
  assert.equal(reason("7", 170, 100), "proof_replayed");
  assert.equal(reason("new", 170, 100), "crowded");
  assert.equal(reason("new", 170, 199), "crowded", "each may be shown for 30 seconds after its end");
  assert.equal(reason("new", 270, 200), undefined);
  assert.equal(reason("new", 270, 200), "proof_replayed");
  assert.equal(new RefusedError("crowded").status, 503);
});

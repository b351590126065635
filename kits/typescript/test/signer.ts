/** A door for tests: a key, its document, and assertions about requests. */

import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

import { IDENTITY, SESSION, TOOL_TOKEN, type BehindDoor } from "@gatehouse/agent";

export const DOOR = "https://door.example";
export const NOW = 1_800_000_000;

/** A clock that is advanced by hand, and may run differently as wall clock and monotonic clock. */
export class HandClock {
  wall = NOW * 1000;
  steady = 0;

  readonly read = (): { wall: number; steady: number } => ({ wall: this.wall, steady: this.steady });

  advance(seconds: number): void {
    this.wall += seconds * 1000;
    this.steady += seconds * 1000;
  }

  get now(): number {
    return Math.floor(this.wall / 1000);
  }
}

export class Key {
  readonly #key: KeyObject = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

  constructor(readonly id: string) {}

  get jwk(): Record<string, unknown> {
    return { ...createPublicKey(this.#key).export({ format: "jwk" }), kid: this.id, alg: "ES256", use: "sig" };
  }

  sign(claims: object, header: object = { alg: "ES256", kid: this.id, typ: "gatehouse-identity+jwt" }): string {
    const message = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const signature = sign("sha256", Buffer.from(message), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return `${message}.${signature.toString("base64url")}`;
  }
}

let count = 0;

/** The door, as a guard's settings see it. */
export class TestDoor {
  readonly clock = new HandClock();
  readonly log: { level: string; message: string; reason: string | undefined; error: string | undefined }[] = [];
  key = new Key("k1");
  fetches = 0;
  /** What the door answers when it is asked for its keys. */
  answer: (init: RequestInit) => Promise<Response> = async () => Response.json({ keys: [this.key.jwk] });

  get settings(): BehindDoor {
    return {
      door: DOOR,
      agent: "demo",
      clock: this.clock.read,
      fetch: (_address, init) => {
        this.fetches += 1;
        return this.answer(init);
      },
      log: (level, message, fields) => this.log.push({ level, message, reason: fields["reason"], error: fields["error"] }),
    };
  }

  claims(body: string | Uint8Array, changes: object = {}): Record<string, unknown> {
    count += 1;
    const now = this.clock.now;
    return {
      aud: "demo",
      body_sha256: createHash("sha256").update(body).digest("base64url"),
      exp: now + 60,
      iat: now,
      iss: DOOR,
      jti: `r-${count}`,
      method: "POST",
      path: "/invocations",
      session: "session-1",
      sub: "alice",
      sub_issuer: "https://issuer.example",
      username: "Alice A.",
      ...changes,
    };
  }

  /** The headers of a call of the door's. */
  headers(body: string | Uint8Array, changes: object = {}): [string, string][] {
    return [
      ["Content-Type", "application/json"],
      [IDENTITY, this.key.sign(this.claims(body, changes))],
      [SESSION, "session-1"],
      [TOOL_TOKEN, "t.o.k"],
    ];
  }

  request(body: string, changes: object = {}): Request {
    return new Request("https://agent.example/invocations", { method: "POST", headers: this.headers(body, changes), body });
  }
}

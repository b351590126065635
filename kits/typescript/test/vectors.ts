/** Reader of the shared test vectors (kits/vectors/README.md), and their runner. */

import { readFileSync } from "node:fs";

import type * as Body from "../dist/body.js";
import type * as DoorModule from "../dist/door.js";
import type * as Head from "../dist/head.js";
import type * as Index from "../dist/index.js";

export interface KeyDocument {
  readonly status: number;
  readonly headers?: readonly [string, string][];
  readonly body: string;
  readonly padded_to?: number;
}

export interface VectorRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly [string, string][];
  readonly body: { readonly base64: string } | { readonly repeat: string; readonly times: number };
}

export interface Expected {
  readonly verdict: "accepted" | "open" | "refused";
  readonly status: number;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly caller?: Readonly<Record<string, unknown>>;
  readonly fetches: number;
}

export interface Step {
  readonly now: number;
  readonly keys: string;
  readonly request: VectorRequest;
  readonly expect: Expected;
}

export interface Case {
  readonly id: string;
  readonly check: string;
  readonly comment: string;
  readonly pure: boolean;
  readonly settings?: Partial<VectorSettings>;
  readonly steps: readonly Step[];
}

export interface VectorSettings {
  readonly door: string;
  readonly agent: string;
  readonly max_body: number;
  readonly open: readonly string[];
}

export interface Vectors {
  readonly version: number;
  readonly count: number;
  readonly settings: VectorSettings;
  readonly limits: Readonly<Record<string, number>>;
  readonly key_documents: Readonly<Record<string, KeyDocument>>;
  readonly cases: readonly Case[];
}

export const VECTORS_FILE = new URL("../../vectors/vectors.json", import.meta.url);

/** The file, in which every member must be one that this runner knows: an unknown one would be a check left out. */
export function readVectors(): Vectors {
  const vectors = JSON.parse(readFileSync(VECTORS_FILE, "utf8")) as Vectors;
  only(vectors, ["version", "count", "settings", "limits", "key_documents", "cases"]);
  if (vectors.version !== 1) throw new Error(`the vectors are of version ${vectors.version}`);
  if (vectors.cases.length !== vectors.count) throw new Error("the vectors are not as many as they say");
  const settings = ["door", "agent", "max_body", "open"];
  only(vectors.settings, settings);
  for (const document of Object.values(vectors.key_documents)) only(document, ["status", "headers", "body", "padded_to"]);
  const ids = new Set<string>();
  for (const vector of vectors.cases) {
    only(vector, ["id", "check", "comment", "pure", "settings", "steps"]);
    if (vector.settings) only(vector.settings, settings);
    if (ids.has(vector.id) || vector.steps.length === 0) throw new Error(`the case ${vector.id} is there twice or empty`);
    ids.add(vector.id);
    for (const step of vector.steps) {
      only(step, ["now", "keys", "request", "expect"]);
      only(step.request, ["method", "target", "headers", "body"]);
      only(step.request.body, "base64" in step.request.body ? ["base64"] : ["repeat", "times"]);
      only(step.expect, ["verdict", "status", "code", "reason", "caller", "fetches"]);
    }
  }
  return vectors;
}

function only(value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`the vectors have members that are not known here: ${unknown.join(", ")}`);
}

export function bodyOf({ body }: VectorRequest): Uint8Array<ArrayBuffer> {
  if ("base64" in body) return new Uint8Array(Buffer.from(body.base64, "base64"));
  return new TextEncoder().encode(body.repeat.repeat(body.times));
}

/** The text of a key document. */
export function textOf({ body, padded_to: length = 0 }: KeyDocument): string {
  return body + " ".repeat(Math.max(length - Buffer.byteLength(body), 0));
}

/** The modules that the runner tests: the built ones, or a copy with a change. */
export interface Kit {
  readonly index: typeof Index;
  readonly door: typeof DoorModule;
  readonly head: typeof Head;
  readonly body: typeof Body;
}

export async function loadKit(folder: URL): Promise<Kit> {
  const load = async (name: string): Promise<unknown> => import(new URL(name, folder).href);
  const [index, door, head, body] = await Promise.all(["index.js", "door.js", "head.js", "body.js"].map(load));
  return { index, door, head, body } as Kit;
}

export const DIST: URL = new URL("../dist/", import.meta.url);

/** What became of a request. */
export interface Verdict {
  readonly status: number;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly caller?: Readonly<Record<string, unknown>> | undefined;
  readonly isOpen?: boolean;
}

/** What surrounds one case: a clock, the door's key document, and the log. */
export class Scene {
  now = 0;
  document: KeyDocument = { status: 500, body: "" };
  fetches = 0;
  readonly reasons: string[] = [];

  constructor(
    readonly vectors: Vectors,
    readonly vector: Case,
  ) {}

  get settings(): Index.BehindDoor {
    const { door, agent, max_body: maxBody, open } = { ...this.vectors.settings, ...this.vector.settings };
    return {
      door,
      agent,
      maxBody,
      open,
      clock: () => ({ wall: this.now * 1000, steady: this.now * 1000 }),
      fetch: async (address) => {
        this.fetches += 1;
        if (address !== `${door}/.well-known/jwks.json`) throw new Error(`asked for ${address}`);
        const { status, headers = [] } = this.document;
        return new Response(textOf(this.document), { status, headers: headers.map(([name, value]): [string, string] => [name, value]) });
      },
      log: (_level, _message, fields) => {
        if (fields["reason"] !== undefined) this.reasons.push(fields["reason"]);
      },
    };
  }

  begin(step: Step): void {
    this.now = step.now;
    const document = this.vectors.key_documents[step.keys];
    if (document === undefined) throw new Error(`there is no key document ${step.keys}`);
    this.document = document;
    this.reasons.length = 0;
  }
}

/** Answers the requests of one case, one after the other. */
export type Runner = (scene: Scene) => Promise<(request: VectorRequest) => Promise<Verdict>> | ((request: VectorRequest) => Promise<Verdict>);

/** The whole decision, without a transport: each header stands apart, and targets and methods are as they are written. */
export function wholeGuard(kit: Kit): Runner {
  return (scene) => {
    const door = new kit.door.Door(scene.settings);
    return async (request) => {
      const head = kit.head.headOf(request.method, request.target, request.headers);
      const read = (max: number): Promise<Uint8Array<ArrayBuffer> | undefined> =>
        kit.body.readBounded(new Response(bodyOf(request)).body, max);
      try {
        const turn = await door.admit(head, read);
        return turn === undefined ? { status: 200, isOpen: true } : { status: 200, caller: shown(turn.caller) };
      } catch (error) {
        if (!(error instanceof kit.index.RefusedError)) throw error;
        return { status: error.status, code: (JSON.parse(error.body) as { code: string }).code, reason: error.reason };
      }
    };
  };
}

/** The bare verification, with the keys of the step. */
export function bareVerify(kit: Kit): Runner {
  return (scene) => async (request) => {
    // A case may fail before keys matter, and then have none.
    const keys = (await keysOf(kit, scene.document)) ?? (await keysOf(kit, scene.vectors.key_documents["k1"]));
    if (keys === undefined) throw new Error("there are no keys");
    const { door, agent } = scene.settings;
    try {
      const caller = await kit.index.verify({ ...request, body: bodyOf(request) }, { door, agent, keys, now: scene.now });
      return { status: 200, caller: shown(caller) };
    } catch (error) {
      if (!(error instanceof kit.index.ProofError)) throw error;
      return { status: error.status, code: error.code, reason: error.reason };
    }
  };
}

async function keysOf(kit: Kit, document?: KeyDocument): Promise<Index.DoorKeySet | undefined> {
  return document && kit.index.DoorKeySet.parse(textOf(document));
}

/** A caller, with the names of the vectors. */
export function shown(caller: Index.Caller): Readonly<Record<string, unknown>> {
  if (!caller.isVerified) throw new Error("a caller is not verified");
  return {
    subject: caller.subject,
    subject_issuer: caller.subjectIssuer,
    client_id: caller.clientId ?? null,
    username: caller.username ?? null,
    email: caller.email ?? null,
    name: caller.name ?? null,
    groups: caller.groups ?? null,
    scopes: caller.scopes ?? null,
    session: caller.session,
    request_id: caller.requestId,
  };
}

/** What is not as the case expects; nothing if all is. */
export async function differences(vectors: Vectors, vector: Case, run: Runner, countsFetches = true): Promise<string[]> {
  const scene = new Scene(vectors, vector);
  const wrong: string[] = [];
  const ask = await run(scene);
  for (const [index, step] of vector.steps.entries()) {
    scene.begin(step);
    const { expect } = step;
    let verdict: Verdict;
    try {
      verdict = await ask(step.request);
    } catch (error) {
      wrong.push(`${vector.id}[${index}]: it threw ${String(error)}`);
      continue;
    }
    wrong.push(...verdictFaults(`${vector.id}[${index}]`, verdict, expect, countsFetches ? scene.fetches : expect.fetches));
  }
  return wrong;
}

/** What of a verdict is not as expected. */
export function verdictFaults(where: string, verdict: Verdict, expect: Expected, fetches: number): string[] {
  const wrong: string[] = [];
  const compare = (what: string, found: unknown, wanted: unknown): void => {
    const [a, b] = [JSON.stringify(sorted(found)), JSON.stringify(sorted(wanted))];
    if (a !== b) wrong.push(`${where}: ${what} is ${a}, expected ${b}`);
  };
  compare("status", verdict.status, expect.status);
  compare("code", verdict.code, expect.code);
  compare("reason", verdict.reason, expect.reason);
  compare("caller", verdict.caller, expect.caller);
  compare("verdict", verdictName(verdict), expect.verdict);
  compare("fetches", fetches, expect.fetches);
  return wrong;
}

function verdictName({ status, isOpen }: Verdict): string {
  if (status !== 200) return "refused";
  return isOpen === true ? "open" : "accepted";
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

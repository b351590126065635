/** Tests of the adapters by the shared vectors, over real sockets. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Door, SESSION, WITHOUT_DOOR, type BehindDoor } from "@gatehouse/agent";

import { send } from "./raw.js";
import { startAgentCore, startExpress, startHono, type Running, type Start } from "./servers.js";
import { bodyOf, readVectors, Scene, verdictFaults, type Expected, type Step, type Verdict } from "./vectors.js";

const vectors = readVectors();

/** A door in whose place another one decides: each case has a new one, and all have one server. */
class AnyDoor extends Door {
  current: Door | undefined;

  constructor() {
    super({ withoutDoor: WITHOUT_DOOR, log: () => undefined });
  }

  begin(settings: BehindDoor): void {
    this.current = new Door(settings);
  }

  override get isThere(): boolean {
    return true;
  }

  override admit(...given: Parameters<Door["admit"]>): ReturnType<Door["admit"]> {
    assert.ok(this.current);
    return this.current.admit(...given);
  }
}

/** What a server answers by itself, before the guard is asked; nothing if it does not. */
type Earlier = (step: Step, id: string) => number | undefined;

/** What a transport can show of a case in place of what the case says. */
type Shown = Readonly<Record<string, Partial<Expected>>>;

/** Runs every case, and counts. */
async function runAll(name: string, start: Start, earlier: Earlier, shown: Shown = {}): Promise<void> {
  for (const id of Object.keys(shown)) assert.ok(vectors.cases.some((vector) => vector.id === id), id);
  const door = new AnyDoor();
  const agent: Running = await start(door);
  after(() => agent.close());
  const wrong: string[] = [];
  let [decided, answered] = [0, 0];
  for (const vector of vectors.cases) {
    const scene = new Scene(vectors, vector);
    door.begin(scene.settings);
    for (const [index, step] of vector.steps.entries()) {
      scene.begin(step);
      const { request, expect } = step;
      const answer = await send(agent.port, request.method, request.target, request.headers, bodyOf(request));
      const where = `${vector.id}[${index}]`;
      if (answer === undefined) {
        wrong.push(`${where}: there is no answer`);
        continue;
      }
      const status = earlier(step, vector.id);
      if (status === undefined) {
        const verdict = verdictOf(answer.status, answer.body, scene.reasons.at(-1), request.method);
        wrong.push(...verdictFaults(where, verdict, { ...expect, ...shown[vector.id] }, scene.fetches));
        decided += 1;
      } else {
        const isRefused = expect.verdict === "refused" && answer.status === expect.status;
        if (answer.status !== status && !isRefused) wrong.push(`${where}: its own status is ${answer.status}, expected ${status}`);
        answered += 1;
      }
    }
  }
  assert.deepEqual(wrong, []);
  console.log(`counted: ${name} decided ${decided} requests of the vectors over sockets, 0 wrong, and answered ${answered} by itself`);
}

function verdictOf(status: number, body: string, reason: string | undefined, method: string): Verdict {
  // An answer to HEAD has no body.
  if (method === "HEAD") return status === 403 ? { status, code: "bad_proof", reason } : { status };
  // Node's HTTP parser refused the request.
  if (body === "" && status !== 200) return { status };
  const shown = JSON.parse(body) as unknown;
  if (status !== 200) return { status, code: (shown as { code: string }).code, reason };
  // AgentCore's own answer to a health check has a time in it.
  const isOpen = shown === "open" || (typeof shown === "object" && shown !== null && "time_of_last_update" in shown);
  return isOpen ? { status, isOpen } : { status, caller: shown as Record<string, unknown> };
}

const good = vectors.cases.find(({ id }) => id === "good")?.steps[0]?.expect;
assert.ok(good);
const RESOLVED = { ...good, code: undefined, reason: undefined };

/** Longer than Node reads of headers (`maxHeaderSize`): no program of the agent's is asked. */
const earlierByNode: Earlier = (_step, id) => (id === "size_assertion_64k" ? 431 : undefined);

test("Express", async () => {
  await runAll("Express", startExpress, earlierByNode);
});

test("Hono on Node", async () => {
  // As vectors.test.ts says of the Fetch API.
  const joined = { reason: "proof_repeated" };
  await runAll("Hono", startHono, earlierByNode, { form_comma: joined, form_json: joined, path_dot: RESOLVED, path_dots: RESOLVED });
});

test("the app of AgentCore's SDK", async () => {
  const earlier: Earlier = (step, id) => {
    const { method, target, headers } = step.request;
    const [path] = target.replace("%70", "p").split("?");
    if (method === "POST" && path === "/invocations") {
      // Without content type and body, no parser is asked.
      const isBare = bodyOf(step.request).length === 0 && !headers.some(([name]) => name.toLowerCase() === "content-type");
      const hasSession = headers.some(([name]) => name.toLowerCase() === SESSION);
      return isBare ? (hasSession ? 500 : 400) : earlierByNode(step, id);
    }
    // The SDK serves its health check itself, by either spelling and whatever is open, and nothing else.
    return path === "/ping" && (method === "GET" || method === "HEAD") ? 200 : 404;
  };
  await runAll("AgentCore's SDK", startAgentCore, earlier);
});

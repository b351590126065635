/** Tests of the adapters by the shared vectors, over real sockets. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { send } from "./raw.js";
import { startAgentCore, startExpress, startHono, type Start } from "./servers.js";
import { bodyOf, differences, readVectors, type Case, type Runner, type Verdict, type VectorRequest } from "./vectors.js";

const vectors = readVectors();

/** Runs each case against an agent of its own. */
function overSockets(start: Start, ids: { served: number; elsewhere: number }, isServed: (request: VectorRequest) => boolean): Runner {
  return async (scene) => {
    const agent = await start(scene.settings);
    let left = scene.vector.steps.length;
    return async (request) => {
      const answer = await send(agent.port, request.method, request.target, request.headers, bodyOf(request));
      left -= 1;
      if (left === 0) await agent.close();
      assert.ok(answer, "there is no answer");
      if (isServed(request)) ids.served += 1;
      else ids.elsewhere += 1;
      return verdictOf(answer.status, answer.body, scene.reasons.at(-1));
    };
  };
}

function verdictOf(status: number, body: string, reason: string | undefined): Verdict {
  const shown = JSON.parse(body) as unknown;
  if (status !== 200) return { status, code: (shown as { code: string }).code, reason };
  // AgentCore's own answer to a health check has a status in it.
  const isOpen = shown === "open" || (typeof shown === "object" && shown !== null && "time_of_last_update" in shown);
  return isOpen ? { status, isOpen } : { status, caller: shown as Record<string, unknown> };
}

/** Cases that a server refuses before the guard sees them, with the status of its own answer. */
type Earlier = Readonly<Record<string, number>>;

async function runAll(name: string, start: Start, earlier: Earlier, hidden: readonly string[] = []): Promise<void> {
  const ids = { served: 0, elsewhere: 0 };
  const wrong: string[] = [];
  let count = 0;
  for (const vector of vectors.cases) {
    if (hidden.includes(vector.id)) continue;
    const status = earlier[vector.id];
    if (status === undefined) {
      wrong.push(...(await differences(vectors, vector, overSockets(start, ids, () => true))));
      count += 1;
    } else {
      assert.deepEqual(await statuses(start, vector), vector.steps.map(() => status), vector.id);
    }
  }
  assert.deepEqual(wrong, []);
  console.log(`counted: ${name} decided ${count} vectors over sockets, 0 wrong, and refused ${Object.keys(earlier).length} by itself`);
}

/** The statuses of a case's answers, none of which may be a caller's. */
async function statuses(start: Start, vector: Case): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  await differences(vectors, vector, async (scene) => {
    const agent = await start(scene.settings);
    return async (request) => {
      const answer = await send(agent.port, request.method, request.target, request.headers, bodyOf(request));
      found.push(answer?.status);
      if (found.length === vector.steps.length) await agent.close();
      return { status: answer?.status ?? 0 };
    };
  });
  return found;
}

test("Express", async () => {
  await runAll("Express", startExpress, {});
});

test("Hono on Node", async () => {
  await runAll("Hono", startHono, {});
});

test("the app of AgentCore's SDK", async () => {
  await runAll("AgentCore's SDK", startAgentCore, {});
});

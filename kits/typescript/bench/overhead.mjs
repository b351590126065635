/**
 * Processor time that the guard adds to a request, beside the bare framework, in one run.
 *
 *     npm ci && npm run build && node bench/overhead.mjs [REQUESTS]
 *
 * Fetch handlers and Hono are called without a socket, Express over one connection of loopback that stays open, whose client
 * is in the same process. It is the time of the processor, of all threads, so that what else the machine does hardly matters;
 * bare and guarded agents take turns in rounds of 50. One signature check by Node's own cryptography stands beside them:
 * nothing can cost less.
 */

import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { Agent, createServer, request as ask } from "node:http";

import express from "express";
import { Hono } from "hono";

import { caller, Door, guard, IDENTITY, SESSION } from "@gatehouse/agent";
import { guard as guardExpress } from "@gatehouse/agent/express";
import { guard as guardHono } from "@gatehouse/agent/hono";

const BODY = JSON.stringify({ prompt: "hello" });
const COUNT = Number(process.argv[2] ?? 3000);
/** Requests whose time is taken together: the clock of the processor is too coarse for one. */
const ROUND = 50;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = { ...createPublicKey(privateKey).export({ format: "jwk" }), kid: "k1" };

const door = async () => {
  const settings = { door: "https://door.example", agent: "demo", fetch: async () => Response.json({ keys: [jwk] }), log: () => undefined };
  const made = new Door(settings);
  await made.warm();
  return made;
};

function assertion(number) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://door.example", aud: "demo", sub: "alice", sub_issuer: "https://issuer.example", username: "alice",
    groups: ["staff", "finance"], jti: `r-${number}`, iat: now, exp: now + 60, session: "session-1", method: "POST",
    path: "/invocations", body_sha256: createHash("sha256").update(BODY).digest("base64url"),
  };
  const head = { alg: "ES256", kid: "k1", typ: "gatehouse-identity+jwt" };
  const signed = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const headers = (number) => ({ [IDENTITY]: assertion(number), [SESSION]: "session-1", "content-type": "application/json" });

/** A way to ask a handler of the Fetch API. */
const fetched = (handler) => async (headers) => {
  const request = new Request("http://agent.example/invocations", { method: "POST", headers, body: BODY });
  const response = await handler(request);
  await response.text();
  if (response.status !== 200) throw new Error(`${response.status}`);
};

const hello = async (request, isGuarded) => Response.json({ hello: isGuarded ? caller(request).username : "alice", ...(await request.json()) });

async function plainFetch(isGuarded) {
  const handler = (request) => hello(request, isGuarded);
  return { ask: fetched(isGuarded ? guard(handler, await door()) : handler) };
}

async function hono(isGuarded) {
  const app = new Hono();
  if (isGuarded) app.use(guardHono(await door()));
  app.post("/invocations", async (context) => context.json({ hello: isGuarded ? caller(context).username : "alice", ...(await context.req.json()) }));
  return { ask: fetched(app.fetch) };
}

async function expressAgent(isGuarded) {
  const app = express();
  app.use(isGuarded ? guardExpress(await door()) : express.json());
  app.post("/invocations", (request, response) => response.json({ hello: isGuarded ? caller(request).username : "alice", ...request.body }));
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.address();
  const one = (headers) =>
    new Promise((resolve, reject) => {
      const request = ask({ port, host: "127.0.0.1", method: "POST", path: "/invocations", headers, agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${response.statusCode}`));
        response.resume().on("end", resolve);
      });
      request.on("error", reject).end(BODY);
    });
  return { ask: one, close: () => { agent.destroy(); server.close(); } };
}

const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Microseconds of the processor that one of the calls takes, of these at once. */
async function timed(calls) {
  const before = process.cpuUsage();
  for (const call of calls) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls.length;
}

async function signatureCheck() {
  const message = Buffer.from(BODY);
  const signature = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const key = createPublicKey(privateKey);
  const check = () => verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
  const times = [];
  for (let round = 0; round < COUNT / ROUND; round += 1) times.push(await timed(Array(ROUND).fill(check)));
  return median(times);
}

console.log(`Node ${process.versions.node}, ${COUNT} requests each; microseconds of processor time, median`);
console.log("| framework | bare | guarded | added | of it one ES256 check |\n|---|---|---|---|---|");
const check = await signatureCheck();
for (const [name, make] of [["fetch handler", plainFetch], ["Hono", hono], ["Express, over a socket", expressAgent]]) {
  const agents = [await make(false), await make(true)];
  const times = [[], []];
  // The first rounds are for the compiler of the runtime.
  for (let round = -5; round < COUNT / ROUND; round += 1) {
    for (const [at, agent] of agents.entries()) {
      const given = Array.from({ length: ROUND }, (_, number) => headers(round * ROUND + number));
      const took = await timed(given.map((headers) => () => agent.ask(headers)));
      if (round >= 0) times[at].push(took);
    }
  }
  const [bare, guarded] = times.map(median);
  console.log(`| ${name} | ${bare.toFixed(0)} | ${guarded.toFixed(0)} | ${(guarded - bare).toFixed(0)} | ${check.toFixed(0)} |`);
  for (const agent of agents) agent.close?.();
}

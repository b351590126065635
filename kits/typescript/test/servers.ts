/** Agents on real sockets: Express, Hono, and the app of AgentCore's SDK, each behind its guard. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { serve } from "@hono/node-server";
import { BedrockAgentCoreApp } from "bedrock-agentcore/runtime";
import express from "express";
import { Hono } from "hono";

import { caller, UsageError, type Door, type Settings } from "@gatehouse/agent";
import { guard as guardApp } from "@gatehouse/agent/agentcore";
import { guard as guardExpress } from "@gatehouse/agent/express";
import { guard as guardHono } from "@gatehouse/agent/hono";

import { shown } from "./vectors.js";

export interface Running {
  readonly port: number;
  close(): Promise<void>;
}

export type Start = (settings: Settings | Door) => Promise<Running>;

export function running(server: Server): Promise<Running> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed());
          server.closeAllConnections();
        });
      resolve({ port, close });
    });
  });
}

/** The caller of a request, or `open` where none is known. */
function known(request: object): unknown {
  try {
    return shown(caller(request));
  } catch (error) {
    if (error instanceof UsageError) return "open";
    throw error;
  }
}

/** An agent that shows its caller at each path. */
export const startExpress: Start = (settings) => {
  const app = express();
  app.use(guardExpress(settings));
  app.use((request, response) => {
    response.json(known(request));
  });
  return running(createServer(app));
};

export const startHono: Start = (settings) => {
  const app = new Hono();
  app.use(guardHono(settings));
  app.all("*", (context) => context.json(known(context)));
  return startFetch(app.fetch);
};

/** Serves a fetch handler on Node. */
export function startFetch(fetch: Parameters<typeof serve>[0]["fetch"]): Promise<Running> {
  return new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed());
          (server as Server).closeAllConnections();
        });
      resolve({ port, close });
    });
  });
}

/** Starts an app of the SDK. It has no way to learn the port and to stop, so its server is asked. */
export async function startApp(app: BedrockAgentCoreApp): Promise<Running> {
  const { _app: fastify } = app as unknown as { _app: { server: Server; close(): Promise<void> } };
  const listening = new Promise((resolve) => fastify.server.once("listening", resolve));
  app.run({ port: 0, host: "127.0.0.1" });
  await listening;
  const { port } = fastify.server.address() as AddressInfo;
  return { port, close: () => fastify.close() };
}

export const startAgentCore: Start = (settings) => {
  const params = {
    invocationHandler: { process: (_request: unknown, context: object) => shown(caller(context)) },
    config: { logging: { enabled: false } },
  };
  return startApp(new BedrockAgentCoreApp(guardApp(params, settings)));
};

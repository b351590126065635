// The page's side of the vault.

import vaultWorker from "./vault-worker.ts?worker&url";

import { AuthError, type Answers, type Reply, type Request } from "./messages.ts";

interface Waiting {
  readonly done: (answer: Answers[keyof Answers]) => void;
  readonly failed: (error: AuthError) => void;
}

export interface Keeper {
  ask<R extends Request>(request: R): Promise<Answers[R["do"]]>;
}

/**
 * Starts the vault in a worker. A Content-Security-Policy without the Trusted Types policy `gatehouse-worker` allows no
 * worker: the vault is then a module of the page, in a closure that no other module reaches.
 */
export async function startKeeper(): Promise<Keeper> {
  const worker = startWorker();
  if (worker !== null) return inWorker(worker);
  const { Vault } = await import("./vault.ts");
  const vault = new Vault();
  return {
    // What a request is answered with depends on its kind alone (`Answers`).
    ask: async <R extends Request>(request: R) => (await vault.handle(request)) as Answers[R["do"]],
  };
}

function startWorker(): Worker | null {
  try {
    return new Worker(workerUrl() as string, { type: "module", name: "vault" });
  } catch {
    return null;
  }
}

/** The address of a worker is a script that runs: the one policy of this page makes this one address and no other. */
function workerUrl(): unknown {
  const url = new URL(vaultWorker, document.baseURI).href;
  const factory = (window as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown } } })
    .trustedTypes;
  if (factory === undefined) return url;
  return factory.createPolicy("gatehouse-worker", { createScriptURL: () => url }).createScriptURL(url);
}

function inWorker(worker: Worker): Keeper {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  worker.addEventListener("message", (event: MessageEvent<Reply>) => {
    const reply = event.data;
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (asked === undefined) return;
    if ("failing" in reply) asked.failed(new AuthError(reply.failing, reply.message));
    else asked.done(reply.answer);
  });
  worker.addEventListener("error", () => {
    for (const asked of waiting.values()) asked.failed(new AuthError("issuer", "the page's own worker did not start"));
    waiting.clear();
  });
  return {
    ask: (request) =>
      new Promise((done, failed) => {
        last += 1;
        waiting.set(last, { done: done as Waiting["done"], failed });
        worker.postMessage({ id: last, request });
      }),
  };
}

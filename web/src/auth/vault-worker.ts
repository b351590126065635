// The vault in a worker of its own.

import { AuthError, type Reply, type Request } from "./messages.ts";
import { Vault } from "./vault.ts";

const vault = new Vault();

addEventListener("message", (event: MessageEvent<{ id: number; request: Request }>) => {
  const { id, request } = event.data;
  const answered = vault.handle(request).then(
    (answer): Reply => ({ id, answer }),
    (error: unknown): Reply => ({
      id,
      failing: error instanceof AuthError ? error.failing : "issuer",
      message: error instanceof AuthError ? error.message : "it failed",
    }),
  );
  void answered.then((reply) => {
    postMessage(reply);
  });
});

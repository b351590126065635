// The vault against an issuer that does as it is told.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";

import { AuthError, type Access, type Begun, type Failing } from "../../src/auth/messages.ts";
import { Vault } from "../../src/auth/vault.ts";
import type { Config } from "../../src/config.ts";

const REDIRECT = "http://localhost:5173/";

let server: Server;
let origin = "";
let config: Config;
let metadata: Record<string, unknown> = {};
let tokens: () => { status: number; body: Record<string, unknown> } = () => ({ status: 500, body: {} });
let asked: { path: string; body: URLSearchParams }[] = [];

before(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const path = new URL(request.url ?? "/", origin).pathname;
      asked.push({ path, body: new URLSearchParams(body) });
      response.setHeader("content-type", "application/json");
      if (path.endsWith("/openid-configuration")) response.end(JSON.stringify(metadata));
      else if (path === "/token") {
        const answer = tokens();
        response.writeHead(answer.status).end(JSON.stringify(answer.body));
      } else response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
after(() => {
  server.close();
});
beforeEach(() => {
  asked = [];
  config = { door: "https://door.example.com", issuer: `${origin}/pool`, clientId: "console", scopes: ["openid", "door"], laptop: false };
  metadata = {
    issuer: `${origin}/pool`,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    revocation_endpoint: `${origin}/revoke`,
    end_session_endpoint: `${origin}/end`,
  };
  tokens = granted({});
});

function granted(more: Record<string, unknown>): typeof tokens {
  return () => ({ status: 200, body: { access_token: "access-1", token_type: "Bearer", expires_in: 3600, refresh_token: "refresh-1", ...more } });
}

function idToken(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: "RS256" })}.${part({ iss: `${origin}/pool`, aud: "console", sub: "s", iat: now, exp: now + 60, ...claims })}.AAAA`;
}

async function begin(vault: Vault, hint: string | null = null): Promise<Begun> {
  return (await vault.handle({ do: "begin", config, redirect: REDIRECT, hint })) as Begun;
}

/** The way through the sign-in page, which answers as given. */
async function signedIn(vault: Vault, answer: (begun: Begun) => string = (begun) => `code=c&state=${begun.state}`): Promise<Access> {
  const begun = await begin(vault);
  const { state, verifier } = begun;
  return (await vault.handle({ do: "finish", config, redirect: REDIRECT, answer: answer(begun), state, verifier })) as Access;
}

async function access(vault: Vault, renew: boolean): Promise<Access> {
  return (await vault.handle({ do: "access", renew })) as Access;
}

function fails(failing: Failing): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof AuthError, String(error));
    assert.equal(error.failing, failing);
    return true;
  };
}

const exchanges = (): URLSearchParams[] => asked.filter(({ path }) => path === "/token").map(({ body }) => body);

test("a request has PKCE, a state, and what the settings say; another user is asked for by name", async () => {
  const begun = await begin(new Vault());
  const query = new URL(begun.url).searchParams;
  assert.equal(query.get("code_challenge_method"), "S256");
  assert.equal(query.get("code_challenge")?.length, 43);
  assert.notEqual(query.get("code_challenge"), begun.verifier);
  assert.deepEqual(
    ["client_id", "redirect_uri", "response_type", "scope", "state", "prompt"].map((name) => query.get(name)),
    ["console", REDIRECT, "code", "openid door", begun.state, null],
  );
  const other = new URL((await begin(new Vault(), "bob")).url).searchParams;
  assert.deepEqual([other.get("login_hint"), other.get("prompt")], ["bob", "login"]);
  assert.notEqual((await begin(new Vault())).state, begun.state);
});

test("a code is exchanged with the verifier, and without a secret", async () => {
  const found = await signedIn(new Vault());
  assert.equal(found.token, "access-1");
  assert.ok(found.renewable);
  const [exchange] = exchanges();
  assert.deepEqual(
    ["grant_type", "code", "client_id", "redirect_uri", "client_secret"].map((name) => exchange?.get(name)),
    ["authorization_code", "c", "console", REDIRECT, null],
  );
  assert.ok((exchange?.get("code_verifier")?.length ?? 0) >= 43);
});

const ANSWERS: readonly (readonly [string, (begun: Begun) => string, Failing])[] = [
  ["another state", () => "code=c&state=other", "return"],
  ["no state", () => "code=c", "return"],
  ["two states", (begun) => `code=c&state=${begun.state}&state=${begun.state}`, "return"],
  ["the state of another issuer", (begun) => `code=c&state=${begun.state}&iss=https%3A%2F%2Fevil.example`, "return"],
  ["an error", (begun) => `error=access_denied&state=${begun.state}`, "refused"],
];
for (const [what, answer, failing] of ANSWERS) {
  test(`no code is exchanged for an answer with ${what}`, async () => {
    await assert.rejects(signedIn(new Vault(), answer), fails(failing));
    assert.deepEqual(exchanges(), []);
  });
}

test("an issuer that announces `iss` must give it, and its own", async () => {
  metadata = { ...metadata, authorization_response_iss_parameter_supported: true };
  await assert.rejects(signedIn(new Vault()), fails("return"));
  const own = encodeURIComponent(`${origin}/pool`);
  assert.equal((await signedIn(new Vault(), (begun) => `code=c&state=${begun.state}&iss=${own}`)).token, "access-1");
});

test("metadata must be the issuer's own, and name https addresses", async () => {
  for (const change of [
    { issuer: "https://evil.example" },
    { authorization_endpoint: "http://evil.example/authorize" },
    { authorization_endpoint: undefined },
    { authorization_endpoint: "javascript:alert(1)" },
  ]) {
    const before = metadata;
    metadata = { ...metadata, ...change };
    await assert.rejects(begin(new Vault()), fails("issuer"), JSON.stringify(change));
    metadata = before;
  }
});

test("an issuer that is away is another failure than one that refuses, and is asked again the next time", async () => {
  const vault = new Vault();
  const there = config;
  config = { ...config, issuer: "http://127.0.0.1:9/pool" };
  await assert.rejects(begin(vault), fails("unreachable"));
  config = there;
  tokens = () => ({ status: 400, body: { error: "invalid_grant" } });
  await assert.rejects(signedIn(vault), fails("refused"));
  tokens = () => ({ status: 200, body: { hello: 1 } });
  await assert.rejects(signedIn(vault), fails("issuer"));
});

test("an id token of another issuer or client is refused with its access token", async () => {
  for (const claims of [{ iss: "https://evil.example" }, { aud: "another" }]) {
    tokens = granted({ id_token: idToken(claims) });
    await assert.rejects(signedIn(new Vault()), fails("issuer"), JSON.stringify(claims));
  }
});

test("a token is renewed shortly before it ends, once for all who ask, and a rotated refresh token replaces the one before", async () => {
  const vault = new Vault();
  tokens = granted({ expires_in: 10 });
  await signedIn(vault);
  tokens = granted({ access_token: "access-2", refresh_token: "refresh-2" });
  const found = await Promise.all([access(vault, false), access(vault, false), access(vault, true)]);
  assert.deepEqual(found.map(({ token }) => token), ["access-2", "access-2", "access-2"]);
  assert.equal(exchanges().length, 2);
  assert.equal((await access(vault, false)).token, "access-2");
  assert.equal(exchanges().length, 2, "a fresh token is not renewed");
  tokens = granted({ access_token: "access-3", refresh_token: undefined });
  await access(vault, true);
  assert.equal(exchanges().at(-1)?.get("refresh_token"), "refresh-2");
  await access(vault, true);
  assert.equal(exchanges().at(-1)?.get("refresh_token"), "refresh-2", "an issuer that does not rotate gives none");
});

test("a refresh token that is refused ends the session, and an issuer that is away or has too much to do does not", async () => {
  const vault = new Vault();
  await signedIn(vault);
  for (const [status, body] of [
    [503, {}],
    [429, { error: "invalid_request" }],
    [400, { error: "temporarily_unavailable" }],
    [400, { error: "slow_down" }],
  ] as const) {
    tokens = () => ({ status, body });
    await assert.rejects(access(vault, true), fails("issuer"), JSON.stringify(body));
    assert.equal((await access(vault, false)).token, "access-1");
  }
  tokens = () => ({ status: 400, body: { error: "invalid_grant" } });
  await assert.rejects(access(vault, true), fails("over"));
  await assert.rejects(access(vault, false), fails("over"));
});

test("without a refresh token the session is over when its access token is", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const vault = new Vault();
  tokens = granted({ refresh_token: undefined, expires_in: 10 });
  assert.equal((await signedIn(vault)).renewable, false);
  assert.equal((await access(vault, false)).token, "access-1");
  context.mock.timers.tick(10_001);
  await assert.rejects(access(vault, false), fails("over"));
});

test("signing out revokes the refresh token and ends the issuer's session, in Cognito's way and in OpenID's", async () => {
  const vault = new Vault();
  const id = idToken({});
  tokens = granted({ id_token: id });
  await signedIn(vault);
  const url = new URL((await vault.handle({ do: "end", redirect: REDIRECT })) as string);
  assert.equal(asked.at(-1)?.path, "/revoke");
  assert.equal(asked.at(-1)?.body.get("token"), "refresh-1");
  assert.deepEqual(Object.fromEntries(url.searchParams), { client_id: "console", post_logout_redirect_uri: REDIRECT, id_token_hint: id });
  await assert.rejects(access(vault, false), fails("over"));

  metadata = { ...metadata, end_session_endpoint: `${origin}/logout` };
  const cognito = new Vault();
  await signedIn(cognito);
  const logout = new URL((await cognito.handle({ do: "end", redirect: REDIRECT })) as string);
  assert.deepEqual(Object.fromEntries(logout.searchParams), { client_id: "console", logout_uri: REDIRECT });

  metadata = { ...metadata, end_session_endpoint: undefined, revocation_endpoint: `http://127.0.0.1:9/revoke` };
  const bare = new Vault();
  await signedIn(bare);
  assert.equal(await bare.handle({ do: "end", redirect: REDIRECT }), null, "an issuer without either is left as it is");
});

// The vault: the OAuth client, and the only place that holds the refresh token.
//
// It runs in a worker of its own, so that no script of the page can read the refresh token (RFC 10017, section 6.3.4).

import * as oauth from "oauth4webapi";

import { isLoopback, type Config } from "../config.ts";
import { AuthError, type Access, type Answers, type Begun, type Request } from "./messages.ts";

/** An issuer that says nothing about a token's life: the shortest that makes sense. */
const DEFAULT_LIFE_SECONDS = 300;
/** A token with less than this left is renewed before it is used. */
const MARGIN_MS = 30_000;
const TIMEOUT_MS = 15_000;
/** The errors after which the same request fails again (RFC 6749, section 5.2). */
const FINAL: readonly string[] = [
  "invalid_client",
  "invalid_grant",
  "invalid_request",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_grant_type",
];

interface Held {
  readonly config: Config;
  readonly server: oauth.AuthorizationServer;
  readonly access: Access;
  readonly refreshToken: string | null;
  readonly idToken: string | null;
}

export class Vault {
  #held: Held | null = null;
  #server: Promise<oauth.AuthorizationServer> | null = null;
  #renewing: Promise<Access> | null = null;

  async handle(request: Request): Promise<Answers[keyof Answers]> {
    switch (request.do) {
      case "begin":
        return this.#begin(request.config, request.redirect, request.hint);
      case "finish":
        return this.#finish(request);
      case "access":
        return this.#access(request.renew);
      case "end":
        return this.#end(request.redirect);
    }
  }

  async #begin(config: Config, redirect: string, hint: string | null): Promise<Begun> {
    const server = await this.#metadata(config);
    if (server.authorization_endpoint === undefined) {
      throw new AuthError("issuer", "its metadata name no authorization endpoint");
    }
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint);
    checkAddress(url);
    const parameters = {
      client_id: config.clientId,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      redirect_uri: redirect,
      response_type: "code",
      scope: config.scopes.join(" "),
      state,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    if (hint !== null) {
      // The user wants to be someone else: the session that the sign-in page still has would decide for them.
      url.searchParams.set("login_hint", hint);
      url.searchParams.set("prompt", "login");
    }
    return { url: url.href, state, verifier };
  }

  async #finish(request: Extract<Request, { do: "finish" }>): Promise<Access> {
    const { config, redirect, answer, state, verifier } = request;
    const server = await this.#metadata(config);
    const client = { client_id: config.clientId };
    let parameters: URLSearchParams;
    try {
      // Compares `state`, and `iss` where it is given or announced (RFC 9207, section 2.4).
      parameters = oauth.validateAuthResponse(server, client, new URLSearchParams(answer), state);
    } catch (error) {
      if (error instanceof oauth.AuthorizationResponseError) {
        throw new AuthError("refused", `the sign-in page answered \`${plain(error.error)}\``);
      }
      throw new AuthError("return", "what came back is not the answer to this page's request");
    }
    const asked = await reaching(
      oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, redirect, verifier, this.#options(config)),
    );
    const tokens = await granted(oauth.processAuthorizationCodeResponse(server, client, asked));
    return this.#keep(config, server, tokens, null);
  }

  async #access(renew: boolean): Promise<Access> {
    const held = this.#held;
    if (held === null) throw new AuthError("over", "no user is signed in");
    if (!renew && held.access.expires - Date.now() > MARGIN_MS) return held.access;
    // Issuers that rotate refresh tokens end the session if one is used twice: one renewal at a time.
    this.#renewing ??= this.#renew(held).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(held: Held): Promise<Access> {
    if (held.refreshToken === null) {
      if (held.access.expires > Date.now()) return held.access;
      this.#held = null;
      throw new AuthError("over", "the issuer gives this page no refresh token");
    }
    const client = { client_id: held.config.clientId };
    const asked = await reaching(
      oauth.refreshTokenGrantRequest(held.server, client, oauth.None(), held.refreshToken, this.#options(held.config)),
    );
    try {
      const tokens = await granted(oauth.processRefreshTokenResponse(held.server, client, asked));
      return this.#keep(held.config, held.server, tokens, held);
    } catch (error) {
      if (error instanceof AuthError && error.failing === "refused") {
        this.#held = null;
        throw new AuthError("over", error.message);
      }
      throw error;
    }
  }

  #keep(
    config: Config,
    server: oauth.AuthorizationServer,
    tokens: oauth.TokenEndpointResponse,
    before: Held | null,
  ): Access {
    const life = tokens.expires_in ?? DEFAULT_LIFE_SECONDS;
    const refreshToken = tokens.refresh_token ?? before?.refreshToken ?? null;
    const access = { token: tokens.access_token, expires: Date.now() + life * 1000, renewable: refreshToken !== null };
    this.#held = { config, server, access, refreshToken, idToken: tokens.id_token ?? before?.idToken ?? null };
    return access;
  }

  /** Ends the session: the refresh token is revoked, and the answer is where the issuer ends its own session. */
  async #end(redirect: string): Promise<string | null> {
    const held = this.#held;
    this.#held = null;
    if (held === null) return null;
    const { config, server, refreshToken, idToken } = held;
    if (refreshToken !== null && server.revocation_endpoint !== undefined) {
      try {
        const client = { client_id: config.clientId };
        await oauth.revocationRequest(server, client, oauth.None(), refreshToken, this.#options(config));
      } catch {
        // An issuer need not let pages read this answer (CORS), and revokes all the same. If the request was lost, the
        // token lives on, held by no one: signing out goes on, as the sign-in page's own session matters more.
      }
    }
    if (server.end_session_endpoint === undefined) return null;
    const url = new URL(server.end_session_endpoint);
    checkAddress(url);
    url.searchParams.set("client_id", config.clientId);
    if (url.pathname === "/logout") {
      // Cognito's own (docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html).
      url.searchParams.set("logout_uri", redirect);
    } else {
      // OpenID Connect RP-Initiated Logout 1.0, section 2.
      url.searchParams.set("post_logout_redirect_uri", redirect);
      if (idToken !== null) url.searchParams.set("id_token_hint", idToken);
    }
    return url.href;
  }

  async #metadata(config: Config): Promise<oauth.AuthorizationServer> {
    this.#server ??= this.#discover(config).catch((error: unknown) => {
      this.#server = null;
      throw error;
    });
    return this.#server;
  }

  async #discover(config: Config): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(config.issuer);
    const answer = await reaching(oauth.discoveryRequest(issuer, this.#options(config)));
    try {
      // The document must be this issuer's own (OpenID Connect Discovery 1.0, section 4.3).
      return await oauth.processDiscoveryResponse(issuer, answer);
    } catch {
      throw new AuthError("issuer", `its metadata are missing, or are not those of \`${config.issuer}\``);
    }
  }

  #options(config: Config) {
    return {
      [oauth.allowInsecureRequests]: isLoopback(new URL(config.issuer)),
      signal: () => AbortSignal.timeout(TIMEOUT_MS),
    };
  }
}

function checkAddress(url: URL): void {
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    throw new AuthError("issuer", "its metadata name an address that is not https");
  }
}

async function reaching(request: Promise<Response>): Promise<Response> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof oauth.OperationProcessingError) throw new AuthError("issuer", plain(error.message));
    throw new AuthError("unreachable", "it did not answer, or its answer may not be read from this page");
  }
}

async function granted(tokens: Promise<oauth.TokenEndpointResponse>): Promise<oauth.TokenEndpointResponse> {
  try {
    return await tokens;
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) {
      // An issuer that has too much to do has not ended the session: tabs that wake at once may all ask it.
      const isFinal = error.status !== 429 && FINAL.includes(error.error);
      throw new AuthError(isFinal ? "refused" : "issuer", `the issuer answered \`${plain(error.error)}\``);
    }
    throw new AuthError("issuer", "its answer cannot be read");
  }
}

/** A stranger's text, of plain letters and bounded, as it may be shown. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 120);
}

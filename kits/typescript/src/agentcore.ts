/**
 * Guard of `BedrockAgentCoreApp`, of the AgentCore SDK for TypeScript.
 *
 * The SDK has no middleware. It shows a request's method, path, headers and bytes in one place, the parser of a content
 * type, and its handler sees none of them. So the guard's parser verifies, and hands body and caller over in one object,
 * which takes the place of the body until the guard's schema opens it. A request that no parser saw brings no such object,
 * and does not reach the handler.
 */

import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import type { BedrockAgentCoreApp } from "bedrock-agentcore/runtime";

import { doorOf, type Door, type Turn } from "./door.js";
import { headOfNode } from "./head.js";
import { parseBody, readNodeBody } from "./node-body.js";
import { RefusedError } from "./refusal.js";
import type { Settings } from "./settings.js";
import { remember, UsageError } from "./turns.js";

/** The parameters of an app. The SDK exports no name of their type, and of that of their schema. */
type AnyParams = ConstructorParameters<typeof BedrockAgentCoreApp>[0];
type Invocation = AnyParams["invocationHandler"];
type AnySchema = NonNullable<Invocation["requestSchema"]>;
export type AppParams<Schema extends AnySchema> = ConstructorParameters<typeof BedrockAgentCoreApp<Schema>>[0];

/**
 * The parameters of an app that answers only requests that the door vouches for. A handler asks `caller(context)` who
 * called. Its request is parsed JSON, the text of a `text/plain` body, or the `Buffer` of another type.
 *
 * @throws {UsageError} The parameters have a WebSocket handler or content type parsers of their own.
 */
export function guard<Schema extends AnySchema = AnySchema>(
  params: AppParams<Schema>,
  settings: Settings | Door,
): AppParams<Schema> {
  const door = doorOf(settings);
  if (params.websocketHandler !== undefined) {
    throw new UsageError("the guard cannot verify WebSockets, because they carry no assertion; remove `websocketHandler`");
  }
  if (params.config?.contentTypeParsers !== undefined) {
    throw new UsageError(
      "`contentTypeParsers` would read bodies that the guard has not verified; remove them, and parse the `Buffer` that the " +
        "handler is given",
    );
  }
  const { requestSchema, process } = params.invocationHandler;
  return {
    ...params,
    config: { ...params.config, contentTypeParsers: [verifyingParser(door)] },
    invocationHandler: {
      requestSchema: openingSchema(requestSchema) as Schema,
      process: knowing(process as Invocation["process"]) as typeof process,
    },
  };
}

/** A body with the turn that it belongs to. */
class Delivery {
  constructor(
    readonly turn: Turn,
    readonly value: unknown,
  ) {}

  /** The SDK looks for it here if AgentCore's header is missing. */
  get sessionId(): string | undefined {
    return this.turn.caller.session || undefined;
  }
}

type Parsers = NonNullable<NonNullable<AnyParams["config"]>["contentTypeParsers"]>;

function verifyingParser(door: Door): Parsers[number] {
  const parser = async (request: { readonly raw: IncomingMessage }): Promise<Delivery> => {
    const { raw } = request;
    try {
      const head = headOfNode(raw.method, raw.url, raw.rawHeaders);
      const turn = await door.admit(head, async (max) => readNodeBody(raw, max));
      if (turn === undefined) throw new UsageError("an open path takes no body");
      return new Delivery(turn, readable(turn.body, raw.headers));
    } catch (error) {
      throw error instanceof RefusedError ? answer(error) : error;
    }
  };
  // `*` is every type that is not named, and none.
  const contentType = ["application/json", "text/plain", "*"];
  return { contentType, parseAs: "stream", parser: parser as unknown as Parsers[number]["parser"] };
}

function readable(body: Uint8Array<ArrayBuffer>, headers: IncomingHttpHeaders): unknown {
  const parsed = parseBody(body, headers);
  if (parsed !== body) return parsed;
  const isText = /^text\/plain\s*(?:;|$)/i.test(String(headers["content-type"] ?? ""));
  return isText ? new TextDecoder().decode(body) : Buffer.from(body.buffer);
}

/** The error that Fastify makes the answer of: status, code and title. Its reason stays in the log. */
function answer(error: RefusedError): Error {
  return Object.assign(new Error(error.title), { statusCode: error.status, code: error.code, headers: error.headers });
}

/** Opens what the parser delivered, and applies the agent's own schema to it. */
function openingSchema(schema: AnySchema | undefined): AnySchema {
  const parseAsync = async (delivered: unknown): Promise<Delivery> => {
    if (!(delivered instanceof Delivery)) {
      throw new UsageError("no caller is known of a request without body and content type; ask through the door");
    }
    const { turn, value } = delivered;
    return new Delivery(turn, schema === undefined ? value : await schema.parseAsync(value));
  };
  // The SDK calls this one method. If a later one calls another, it gets a TypeError, and the handler is not reached.
  return { parseAsync } as unknown as AnySchema;
}

function knowing(process: Invocation["process"]): Invocation["process"] {
  return (delivered, context) => {
    if (!(delivered instanceof Delivery)) {
      throw new UsageError("the request was not verified; make the app of the parameters that `guard` returns");
    }
    remember(delivered.turn, context);
    return process(delivered.value, context);
  };
}

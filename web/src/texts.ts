// Texts of the page, keyed by the door's stable codes (docs/errors.md): what happened, and what to do next.

import type { Problem } from "./door/problem.ts";

export interface Advice {
  readonly happened: string;
  readonly next: string;
}

const RETRY = "Send it again in a moment. If that does not help, give the operator of the door the request id.";
const OPERATOR = "Give the operator of the door the request id. `gatehouse why` finds the reason by it.";
const AGENT = "Give the agent's author the request id. Look at what the agent has done before you send it again.";

/** A unit test compares the keys with docs/errors.md. */
export const PROBLEMS: Readonly<Record<string, Advice>> = {
  // Of the request
  bad_body: { happened: "The door could not decode the message.", next: "Reload the page and send it again." },
  bad_json: { happened: "The message is not JSON.", next: "Correct the JSON text and send it again." },
  no_batches: { happened: "The door takes one message at a time.", next: "Send one JSON object, not a list." },
  header_mismatch: { happened: "The headers name another call than the message.", next: "Reload the page and try again." },
  reserved_member: {
    happened: "The message has a member that AgentCore keeps for itself.",
    next: "Remove `_agent_core_app_action` and send it again.",
  },
  bad_conversation_id: { happened: "The conversation's id is not a valid one.", next: "Begin a new conversation." },
  bad_protocol_version: { happened: "The protocol version is not a valid one.", next: "Reload the page and try again." },
  bad_session_id: { happened: "The session's id is missing.", next: "Reload the page: it begins another session." },
  too_large: { happened: "The message is too large.", next: "Send a shorter one." },
  unsupported_media_type: { happened: "The door takes only JSON here.", next: "Send it in another form." },
  unsupported_coding: { happened: "The door takes no compressed messages.", next: "Reload the page and try again." },
  not_acceptable: { happened: "The agent answers in JSON or in events only.", next: "Reload the page and try again." },
  method_not_allowed: { happened: "The door does not take this kind of request here.", next: "Choose another form." },
  bad_request: { happened: "The door refused the request.", next: OPERATOR },
  // Of the caller
  unauthorized: { happened: "The door does not accept your sign-in.", next: "Sign in again. What you typed is kept." },
  forbidden: {
    happened: "This agent does not admit you.",
    next: "Ask the operator which group, scope or client it needs. If your rights changed a moment ago, sign in again.",
  },
  denied: { happened: "An operator of the door has shut you, this application or this agent out.", next: "Ask the operator." },
  agent_refused_token: {
    happened: "The door accepts your sign-in, and the agent's own check does not.",
    next: "Ask the operator to give the agent and the door the same clients, audiences and scopes.",
  },
  turn_limit: { happened: "You have used up a limit of this agent.", next: "Wait until it is over, or ask the operator to raise it." },
  // Of the agent
  not_found: { happened: "The door has no such path.", next: "Compare the agent's name and form." },
  unknown_agent: { happened: "The door knows no agent of this name.", next: "Choose one from the list." },
  unknown_session: { happened: "The agent has forgotten the session.", next: "Try again: the page begins another one." },
  wrong_protocol: { happened: "The agent speaks another protocol.", next: "Choose another form below the conversation." },
  agent_busy: { happened: "The agent is still busy with this conversation.", next: "Wait, or begin a new conversation." },
  conversation_busy: {
    happened: "Another turn of this conversation is still running.",
    next: "Wait for it, end the conversation, or begin a new one.",
  },
  agent_throttled: { happened: "The agent takes no more requests at the moment.", next: RETRY },
  agent_quota: { happened: "A quota of the agent is used up.", next: "Tell the operator of the door." },
  throttled: { happened: "The door gets too many requests at the moment.", next: RETRY },
  no_websocket: { happened: "The door opens no WebSocket to this agent.", next: "Use another form." },
  agent_failed: { happened: "The agent failed.", next: AGENT },
  agent_refused: { happened: "The agent refused the request.", next: "Try another form, or ask the agent's author what it takes." },
  agent_error: { happened: "The agent reported an error.", next: AGENT },
  agent_service_failed: { happened: "The agent's platform failed.", next: AGENT },
  agent_unreachable: { happened: "The agent's platform could not be reached.", next: RETRY },
  agent_misconfigured: { happened: "The agent is not set up correctly behind this door.", next: OPERATOR },
  agent_auth_mismatch: { happened: "The agent expects another kind of sign-in than the door uses.", next: OPERATOR },
  tool_token_unavailable: { happened: "The agent could not be given a token for its tools, and was not called.", next: OPERATOR },
  agent_timeout: { happened: "The agent did not begin its answer in time.", next: "It may still be working. Wait, or end the conversation." },
  // Of the door
  unavailable: { happened: "The door cannot check sign-ins at the moment.", next: RETRY },
  denials_unavailable: { happened: "The door cannot tell at the moment whether this is denied.", next: RETRY },
  turns_unavailable: { happened: "The door cannot tell at the moment whether this turn may begin.", next: RETRY },
  issuer_unavailable: { happened: "The door cannot get the issuer's metadata at the moment.", next: RETRY },
  signing_unavailable: { happened: "The door cannot vouch for you at the moment.", next: RETRY },
  door_failed: { happened: "The door failed.", next: OPERATOR },
  door_timeout: { happened: "The door did not answer in time.", next: RETRY },
  // At the end of a stream
  agent_cut: { happened: "The connection to the agent broke.", next: "What came so far stays here. Ask again to go on." },
  agent_silent: {
    happened: "The agent sent nothing for too long.",
    next: "It may still be working. Wait, or end the conversation to go on at once.",
  },
  answer_too_long: { happened: "The answer is longer than can be passed on.", next: "Ask for a shorter one." },
  deadline: { happened: "The time of one answer is over; the conversation goes on.", next: "Resume asks the agent to go on." },
  // Of the page
  cut: { happened: "The connection broke in the middle of the answer.", next: "What came so far stays here. Ask again to go on." },
  no_answer: { happened: "The agent answered, and not this request.", next: AGENT },
  mcp_error: { happened: "The server refused the request.", next: "Compare the tool's name and parameters." },
  signed_out: { happened: "Your session is over.", next: "Sign in again. What you typed is kept." },
  issuer_unreachable: { happened: "The sign-in service cannot be reached.", next: "Try again in a moment. You are still signed in." },
  offline: { happened: "This device is offline.", next: "Connect it to the network and send it again." },
  unreachable: { happened: "The door does not answer.", next: "Check that it runs and that your network lets you reach it." },
  origin_not_allowed: {
    happened: "The door is there and does not answer pages of this address.",
    next: "Its operator adds this page's origin to `ALLOWED_ORIGINS` (in the template: `AllowedOrigins`).",
  },
  not_a_door: { happened: "What answers at the door's address is not a Gatehouse door.", next: "Compare `door` in config.json." },
  not_json: { happened: "This is not a JSON text.", next: "Correct it and send it again." },
};

/** By status, for answers without a code that this page knows. */
const BY_STATUS: readonly (readonly [number, Advice])[] = [
  [401, { happened: "Something in front of the door asks for a sign-in.", next: "Ask the operator." }],
  [403, { happened: "Something in front of the door refused the request.", next: "It may be a firewall. Ask the operator." }],
  [404, { happened: "Nothing answers at this address.", next: "Compare `door` in config.json." }],
  [429, { happened: "There are too many requests at the moment.", next: RETRY }],
];

export function advice(problem: Problem): Advice {
  const known = PROBLEMS[problem.code];
  if (known !== undefined) return known;
  // A code of a later door: its own title says it.
  if (problem.title !== null) return { happened: `${problem.title}.`, next: OPERATOR };
  const found = BY_STATUS.find(([status]) => status === problem.status);
  return found?.[1] ?? { happened: `The answer was an error (${String(problem.status ?? "none")}).`, next: RETRY };
}

export const SIGN_IN: Readonly<Record<string, Advice>> = {
  issuer: { happened: "The sign-in service cannot be used.", next: "Compare `issuer` and `clientId` in config.json, or try again." },
  over: { happened: "Your session is over.", next: "Sign in again. What you typed is kept." },
  refused: { happened: "You were not signed in.", next: "Sign in again." },
  return: {
    happened: "The answer of the sign-in page does not fit what this page asked for.",
    next: "Someone else may have sent you this link, or you went back in the browser. Sign in again.",
  },
  unreachable: {
    happened: "The sign-in service cannot be reached from this page.",
    next: "Check that it runs, and that its metadata and token endpoint may be read by this page's origin.",
  },
};

export const TOOL_STATES = {
  called: "running",
  done: "done",
  failed: "failed",
  refused: "refused by policy",
  undecided: "could not be evaluated",
} as const;

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function size(bytes: number): string {
  if (bytes < 1000) return `${numbers.format(bytes)} bytes`;
  return bytes < 1_000_000 ? `${numbers.format(bytes / 1000)} kB` : `${numbers.format(bytes / 1_000_000)} MB`;
}

export function span(milliseconds: number): string {
  if (milliseconds < 1000) return `${numbers.format(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 120 ? `${numbers.format(seconds)} s` : `${String(Math.round(seconds / 60))} min`;
}

export function clock(milliseconds: number): string {
  return times.format(milliseconds);
}

/** Verifier of Gatehouse's identity assertions for agents: the caller of a request, proven by the door. */

export { Caller } from "./caller.js";
export { LIFETIME, SKEW, type Trust } from "./claims.js";
export type { Clock, Moment } from "./clock.js";
export { Door } from "./door.js";
export { HARD_AGE, SOFT_AGE, type FetchFunction } from "./door-keys.js";
export { guard, type FetchHandler } from "./fetch.js";
export { IDENTITY, SESSION, TOOL_TOKEN, type HeaderPairs } from "./head.js";
export { DoorKeySet } from "./key-set.js";
export type { Log } from "./log.js";
export { MAX_ASSERTION, TYPE, verify, type VerifiableRequest } from "./proof.js";
export { ALL_REASONS, ProofError, RefusedError, type ProofReason, type Reason } from "./refusal.js";
export { MAX_SEEN } from "./replay.js";
export {
  CARD,
  HEALTH,
  MAX_BODY,
  settingsFromEnvironment,
  SettingsError,
  WITHOUT_DOOR,
  type BehindDoor,
  type Settings,
  type WithoutDoor,
} from "./settings.js";
export { caller, toolHeaders, ToolTokenError, UsageError } from "./turns.js";
export { VERSION } from "./version.js";

/** Settings of the guard: their form, their faults, and the environment as their source. */

import { addressFault } from "./address.js";
import { systemClock, type Clock } from "./clock.js";
import type { FetchFunction } from "./door-keys.js";
import { consoleLog, type Log } from "./log.js";
import { isAgentName } from "./text.js";

/** The longest body that is read, unless another bound is set: what the door takes of a caller, in bytes. */
export const MAX_BODY = 6 * 1024 * 1024;

/** Where AgentCore asks a container how it is ("HTTP protocol contract"), open unless other paths are set. */
export const HEALTH = "/ping";

/**
 * Where AgentCore asks an A2A agent for its card ("A2A protocol contract"), open as well: what it says is the same for
 * every caller, and the door asks for it without an assertion.
 */
export const CARD = "/.well-known/agent-card.json";

/** The one value of {@link WithoutDoor.withoutDoor}: long enough to say what it means. */
export const WITHOUT_DOOR = "no-caller-is-verified";

interface Options {
  /** Paths that are open to `GET` without a query; each is compared as it stands. */
  readonly open?: readonly string[];
  /** The longest body that is read, in bytes. */
  readonly maxBody?: number;
  /** Gets the door's keys, in place of the runtime's `fetch`. */
  readonly fetch?: FetchFunction;
  /** Takes the guard's log, in place of the console. */
  readonly log?: Log;
  /** Tells the time, in place of the runtime's clocks. */
  readonly clock?: Clock;
}

/** Whose word counts, and for whom. */
export interface BehindDoor extends Options {
  /** The door's address, exactly as its `PUBLIC_URL` has it. */
  readonly door: string;
  /** The agent's name in the door's `AGENTS`. */
  readonly agent: string;
  /**
   * Where the door's keys are, if the agent cannot reach them at the door's own address, because it is in a private network
   * for example. The server there decides who every caller is.
   */
  readonly keys?: string;
  readonly withoutDoor?: undefined;
}

/** For development on one machine: nothing is verified, each caller is unverified, and the log warns of it. */
export interface WithoutDoor extends Options {
  readonly withoutDoor: typeof WITHOUT_DOOR;
  readonly door?: undefined;
  readonly agent?: undefined;
  readonly keys?: undefined;
}

export type Settings = BehindDoor | WithoutDoor;

/** The settings are wrong. Its message names every fault. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";

  constructor(readonly faults: readonly string[]) {
    super(`the guard's settings are wrong, so it does not start: ${faults.join("; ")}`);
  }
}

/** Settings that have been checked, each with its value. */
export interface CheckedSettings {
  /** Nothing without a door. */
  readonly trust: { readonly door: string; readonly agent: string } | undefined;
  /** The address of the door's keys; empty without a door. */
  readonly keys: string;
  readonly open: ReadonlySet<string>;
  readonly maxBody: number;
  readonly fetch: FetchFunction;
  readonly log: Log;
  readonly clock: Clock;
}

/** @throws {SettingsError} All faults at once. */
export function checkedSettings(settings: Settings): CheckedSettings {
  const faults = [...trustFaults(settings), ...optionFaults(settings)];
  if (faults.length > 0) throw new SettingsError(faults);
  const { door, agent, keys } = settings;
  return {
    keys: keys ?? `${door ?? ""}/.well-known/jwks.json`,
    trust: door === undefined || agent === undefined ? undefined : { door, agent },
    open: new Set(settings.open ?? [HEALTH, CARD]),
    maxBody: settings.maxBody ?? MAX_BODY,
    // Some runtimes bind `fetch` to the global object.
    fetch: settings.fetch ?? ((address, init) => globalThis.fetch(address, init)),
    log: settings.log ?? consoleLog,
    clock: settings.clock ?? systemClock,
  };
}

/**
 * The settings in environment variables: `GATEHOUSE_DOOR`, `GATEHOUSE_AGENT` and, if it is set, `GATEHOUSE_KEYS`; or
 * `GATEHOUSE_WITHOUT_DOOR` with the value of {@link WITHOUT_DOOR}. An empty variable counts as absent.
 *
 * @param environment `process.env`, or what the runtime has in its place.
 */
export function settingsFromEnvironment(environment: Readonly<Record<string, unknown>>): Settings {
  const read = (name: string): string | undefined => {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const given = Object.entries(VARIABLES).map(([member, name]) => [member, read(name)] as const);
  const settings: Members = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const faults = trustFaults(settings, VARIABLES);
  if (faults.length > 0) throw new SettingsError(faults);
  // The faults are none, so the members are those of one of the two kinds.
  return settings as Settings;
}

/** Settings that decide whom to trust, unchecked. */
type Members = { readonly [member in keyof typeof MEMBERS]?: unknown };

const MEMBERS = { door: "door", agent: "agent", keys: "keys", withoutDoor: "withoutDoor" };
const VARIABLES: typeof MEMBERS = {
  door: "GATEHOUSE_DOOR",
  agent: "GATEHOUSE_AGENT",
  keys: "GATEHOUSE_KEYS",
  withoutDoor: "GATEHOUSE_WITHOUT_DOOR",
};

function trustFaults({ door, agent, keys, withoutDoor }: Members, named = MEMBERS): string[] {
  if (withoutDoor === undefined) {
    return [...doorFaults(door, named.door), ...agentFaults(agent, named.agent), ...keysFaults(keys, named.keys)];
  }
  const none = `\`${named.withoutDoor}\``;
  if (withoutDoor !== WITHOUT_DOOR) {
    return [`${none} is not \`${WITHOUT_DOOR}\`, the only value that it may have; remove it to verify callers`];
  }
  if ([door, agent, keys].every((member) => member === undefined)) return [];
  const others = `\`${named.door}\`, \`${named.agent}\` or \`${named.keys}\``;
  return [`${none} stands beside ${others}; remove it to verify callers, or the others to verify none`];
}

function keysFaults(keys: unknown, name: string): string[] {
  if (keys === undefined) return [];
  const fault = typeof keys === "string" ? addressFault(keys) : "is not a text";
  const advice = "write where the door's `/.well-known/jwks.json` is reached, or remove it";
  return fault === undefined ? [] : [`\`${name}\` ${fault}; ${advice}`];
}

function doorFaults(door: unknown, name: string): string[] {
  const advice = "write the door's address exactly as its `PUBLIC_URL` has it";
  if (typeof door !== "string") return [`\`${name}\` is missing; ${advice}`];
  const fault = addressFault(door);
  if (fault !== undefined) return [`\`${name}\` ${fault}; ${advice}`];
  // The door takes no such address as its `PUBLIC_URL`, so no assertion could be its.
  return /[?]|\/$/.test(door) ? [`\`${name}\` has a query, or a slash at its end; ${advice}`] : [];
}

function agentFaults(agent: unknown, name: string): string[] {
  const advice = "write the agent's name as the door's `AGENTS` has it";
  if (typeof agent !== "string") return [`\`${name}\` is missing; ${advice}`];
  return isAgentName(agent) ? [] : [`\`${name}\` is not of the form \`[a-z0-9][a-z0-9-]{0,62}\`; ${advice}`];
}

function optionFaults({ open, maxBody }: Options): string[] {
  const faults: string[] = [];
  const isPath = (path: unknown): boolean => typeof path === "string" && /^\/[!-~]*$/.test(path) && !/[?#]/.test(path);
  if (open !== undefined && !(Array.isArray(open) && open.every(isPath))) {
    faults.push("`open` is not a list of paths; begin each with a slash, and leave out query and fragment");
  }
  if (maxBody !== undefined && !(Number.isSafeInteger(maxBody) && maxBody >= 0)) {
    faults.push("`maxBody` is not a number of bytes; write a whole number");
  }
  return faults;
}

/** Address parser: the only kind of URL that the guard calls. */

import { isVisible, isWord } from "./text.js";

/** Longer addresses are refused by common servers and proxies. */
const MAX_LENGTH = 2048;

/**
 * What is wrong with an absolute `https` address, or an `http` one whose host is this machine, without user information
 * and fragment; nothing if it is one.
 *
 * The text is read by its own rules first, and must then mean the same host to the parser that `fetch` dials with, so that
 * no text can mean one host here and another there (`http://0x7f.1`, `http://localhost:1@evil.test`).
 */
export function addressFault(text: string): string | undefined {
  if (!isVisible(text, MAX_LENGTH) || text.includes("\\")) return "is not an absolute address";
  if (text.includes("#")) return "has a fragment";
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)/i.exec(text);
  const [, scheme = "", authority = ""] = parts ?? [];
  if (authority === "") return "is not an absolute address";
  if (authority.includes("@")) return "has user information";
  const [, host = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (port !== undefined && !/^(?:[1-9][0-9]{0,4})$/.test(port)) return "has a port that is not a number";
  const dialled = dialledHost(text);
  if (dialled === undefined || !isHost(host)) return "is not an absolute address";
  const isSame = host.startsWith("[") || dialled === host.toLowerCase();
  if (!isSame) return "has a host that is read in two ways";
  const kind = scheme.toLowerCase();
  if (kind !== "https" && !(kind === "http" && isLoopback(dialled))) return "is neither https nor http on a loopback host";
  return undefined;
}

/** The host as `fetch` dials it. */
function dialledHost(text: string): string | undefined {
  try {
    return new URL(text).hostname;
  } catch {
    return undefined;
  }
}

/** A name, an IPv4 address, or an IPv6 address in brackets. */
function isHost(host: string): boolean {
  return isWord(host, MAX_LENGTH, "-._") || /^\[[0-9a-fA-F:.]+\]$/.test(host);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

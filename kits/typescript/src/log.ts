/** Log of the guard: one line for each event, readable alone, with fields to search by. */

/** Fields hold codes and numbers of ours: never a token, a body, or a text that a stranger chose. */
export type Log = (level: "info" | "warn", message: string, fields: Readonly<Record<string, string>>) => void;

/** Warnings as one JSON line each on the console. */
export const consoleLog: Log = (level, message, fields) => {
  if (level === "warn") console.warn(JSON.stringify({ level: "WARN", message, ...fields }));
};

/** Tests of the package as a whole: one version, its licence, its files, and what its core may import. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { VERSION } from "@gatehouse/agent";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: object;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const manifest = JSON.parse(read("package.json")) as Manifest;

test("the version is the workspace's", () => {
  const [, workspace] = /\[workspace\.package\]\nversion = "([^"]+)"/.exec(read("../../Cargo.toml")) ?? [];
  assert.ok(workspace);
  assert.equal(manifest.version, workspace);
  assert.equal(VERSION, workspace);
  const lock = JSON.parse(read("package-lock.json")) as { version: string; packages: Record<string, { version: string }> };
  assert.deepEqual([lock.version, lock.packages[""]?.version], [workspace, workspace]);
  assert.match(read("CHANGELOG.md"), workspace === "0.0.0" ? /^## Unreleased$/m : new RegExp(`^## ${workspace}\\b`, "m"));
});

test("the licence is the workspace's", () => {
  assert.equal(read("LICENSE"), read("../../LICENSE"));
  assert.match(read("../../Cargo.toml"), new RegExp(`license = "${manifest.license}"`));
});

test("nothing is installed with the package, and what it can work with is optional", () => {
  assert.equal(manifest.dependencies, undefined);
  for (const name of Object.keys(manifest.peerDependencies)) assert.equal(manifest.peerDependenciesMeta[name]?.optional, true, name);
});

test("the lock file names no registry", () => {
  assert.doesNotMatch(read("package-lock.json"), /"resolved"|registry\./);
});

/** The modules that a module loads, with those that they load. */
function loaded(module: string, found = new Set<string>()): Set<string> {
  const source = read(`dist/${module}`);
  for (const [, from = ""] of source.matchAll(/^(?:import\b|export\b[^;]*?\bfrom\b)[^;"]*"([^"]+)";/gm)) {
    if (found.has(from)) continue;
    found.add(from);
    if (from.startsWith("./")) loaded(from.slice(2), found);
  }
  return found;
}

test("the core and Hono's guard run where there is no Node, and each adapter loads its own framework alone", () => {
  const outside = (module: string): string[] => [...loaded(module)].filter((from) => !from.startsWith("./")).sort();
  assert.deepEqual(outside("index.js"), []);
  assert.deepEqual(outside("hono.js"), []);
  assert.deepEqual(outside("express.js"), ["node:buffer"]);
  assert.deepEqual(outside("agentcore.js"), ["node:buffer"]);
  assert.deepEqual(outside("mcp.js"), ["@modelcontextprotocol/sdk/client/index.js", "@modelcontextprotocol/sdk/client/streamableHttp.js"]);
  for (const module of ["./index.js", ...loaded("index.js"), ...loaded("hono.js")]) {
    const code = read(`dist/${module.slice(2)}`).replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
    assert.doesNotMatch(code, /\b(?:process|Buffer|global|setImmediate|__dirname|__filename)\b/, module);
  }
  for (const file of readdirSync(new URL("../dist/", import.meta.url))) {
    if (file.endsWith(".js")) assert.doesNotMatch(read(`dist/${file}`), /\beval\(|new Function\(|\brequire\(|import\(/, file);
  }
});

test("files and functions are short enough to be read", () => {
  for (const file of readdirSync(new URL("../src/", import.meta.url))) {
    const source = read(`src/${file}`);
    const lines = source.split("\n");
    assert.ok(lines.length <= 300, file);
    assert.ok(lines.every((line) => line.length <= 160), file);
    const [, heading = ""] = /^\/\*\*(?:\n \*)? ([^\n]+)/.exec(source) ?? [];
    assert.ok(heading, `${file} says what it is`);
    assert.doesNotMatch(heading, /^(How|That|What|When|Where|Whether|Which|Who|Whose|Why)\b|\?$/, file);
    assert.doesNotMatch(source, /\b(nobody|somebody|whoever)\b/i, file);
  }
});

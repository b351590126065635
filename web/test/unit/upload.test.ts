// `scripts/console`, with an `aws` on PATH that writes down how it is called.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { parseConfig } from "../../src/config.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const OUTPUTS = {
  ApiUrl: "https://door.example.com",
  ConsoleBucket: "console-files",
  ConsoleClientId: "1h57kf5cpq17m0eml12EXAMPLE",
  ConsoleDistributionId: "E1EXAMPLE",
  ConsoleUrl: "https://d111111abcdef8.cloudfront.net",
  DiscoveryUrl: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE/.well-known/openid-configuration",
};

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly calls: readonly string[];
  readonly config: () => unknown;
}

/** Runs it in a folder of its own, which has a built page. */
function run(outputs: Record<string, string>, variables: Record<string, string> = {}, isBuilt = true): Ran {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-upload-"));
  for (const name of ["scripts", "target", "web/dist/assets", "bin"]) mkdirSync(join(folder, name), { recursive: true });
  cpSync(join(ROOT, "scripts/console"), join(folder, "scripts/console"));
  cpSync(join(ROOT, "samconfig.toml"), join(folder, "samconfig.toml"));
  if (isBuilt) writeFileSync(join(folder, "web/dist/index.html"), "<!doctype html>");
  const list = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  writeFileSync(join(folder, "outputs.json"), JSON.stringify(list));
  const aws = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${folder}/calls'\ncase "$1" in cloudformation) cat '${folder}/outputs.json' ;; esac\n`;
  writeFileSync(join(folder, "bin/aws"), aws);
  chmodSync(join(folder, "bin/aws"), 0o755);
  const env = { ...process.env, STACK: "", ISSUER: "", CLIENT_ID: "", SCOPES: "", ...variables, PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` };
  const ran = spawnSync("bash", [join(folder, "scripts/console")], { env, encoding: "utf8" });
  const read = (name: string): string => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return "";
    }
  };
  return {
    status: ran.status,
    out: ran.stdout + ran.stderr,
    calls: read("calls").trim().split("\n"),
    config: () => JSON.parse(read("target/console-config.json")) as unknown,
  };
}

test("files, settings and at last the page go to the stack's bucket, and what may change is invalidated", () => {
  const { status, out, calls, config } = run(OUTPUTS);
  assert.equal(status, 0, out);
  assert.match(calls[0] ?? "", /^cloudformation describe-stacks --stack-name gatehouse /);
  const [files, settings, page, invalidation] = calls.slice(1);
  assert.match(files ?? "", /^s3 cp web\/dist\/assets s3:\/\/console-files\/assets --recursive .*immutable/);
  assert.match(settings ?? "", /console-config\.json s3:\/\/console-files\/config\.json .*no-store/);
  assert.match(page ?? "", /index\.html s3:\/\/console-files\/index\.html .*no-cache/);
  assert.match(invalidation ?? "", /^cloudfront create-invalidation --distribution-id E1EXAMPLE --paths \/ \/index\.html \/config\.json/);
  assert.equal(calls.length, 5);
  assert.match(out, /https:\/\/d111111abcdef8\.cloudfront\.net/);
  // What it writes is what the page takes.
  assert.deepEqual(parseConfig(config()), {
    clientId: OUTPUTS.ConsoleClientId,
    door: OUTPUTS.ApiUrl,
    issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE",
    laptop: false,
    scopes: ["openid", "gatehouse/invoke"],
  });
});

test("an issuer of the deployer's own, its client and scopes are taken from variables, the stack from STACK", () => {
  const { DiscoveryUrl: _, ConsoleClientId: __, ...outputs } = OUTPUTS;
  const variables = { STACK: "other", ISSUER: "https://login.example.com/", CLIENT_ID: "page", SCOPES: "openid door" };
  const { status, out, calls, config } = run(outputs, variables);
  assert.equal(status, 0, out);
  assert.match(calls[0] ?? "", /--stack-name other /);
  const { issuer, clientId, scopes } = parseConfig(config());
  assert.deepEqual([issuer, clientId, scopes], ["https://login.example.com/", "page", ["openid", "door"]]);
});

test("nothing is uploaded if the stack hosts no console, or names no issuer, or nothing is built", () => {
  const { ConsoleBucket: _, ...none } = OUTPUTS;
  const { DiscoveryUrl: __, ...nameless } = OUTPUTS;
  for (const [ran, says] of [
    [run(none), /EnableConsole=true/],
    [run(nameless), /do not name issuer; .*ISSUER/],
    [run(OUTPUTS, {}, false), /make web/],
  ] as const) {
    assert.notEqual(ran.status, 0);
    assert.match(ran.out, says);
    assert.deepEqual(ran.calls.filter((call) => call.startsWith("s3")), []);
  }
});

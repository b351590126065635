/** Deletion test: a copy of the package in which one check is removed must fail the cases that are named for it. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { MUTANTS, type Mutant } from "./mutants.js";
import { differences, DIST, loadKit, readVectors, wholeGuard } from "./vectors.js";

const vectors = readVectors();
const FOLDER = new URL("./mutants/", import.meta.url);

/** A copy of the built package with the change. Its path is new to the runtime, so its modules are loaded anew. */
function changed({ file, from, to }: Mutant, number: number): URL {
  const folder = new URL(`./${number}/`, FOLDER);
  cpSync(DIST, folder, { recursive: true });
  const source = readFileSync(new URL(file, folder), "utf8");
  assert.equal(source.split(from).length, 2, `\`${from}\` is once in ${file}`);
  writeFileSync(new URL(file, folder), source.replace(from, () => to));
  return pathToFileURL(`${folder.pathname}/`);
}

/** Conditions under which a request is refused that no vector can show, and the test that does. */
const ELSEWHERE = new Map([
  ["this.#until.size >= MAX_SEEN", "strict.test.ts: a proof is good once and memory is bounded"],
  ["claims.exp + SKEW <= now", "replay.test.ts: a body that is kept back does not outlive its assertion"],
  // There are no keys in what was not read, so only the log changes.
  ["document === undefined", "keys.test.ts: without keys it is 503 and never 403 or 200"],
]);

test("every condition under which a request is refused has its row", () => {
  let count = 0;
  for (const file of ["claims.js", "door.js", "door-keys.js", "proof.js", "replay.js"]) {
    const source = readFileSync(new URL(file, DIST), "utf8");
    for (const [, condition = ""] of source.matchAll(/if \((.*)\)\s*throw new (?:Proof|Refused|Fetch)(?:Error|Fault)\(/g)) {
      count += 1;
      const ofFile = MUTANTS.filter((mutant) => mutant.file === file);
      const isThere = ofFile.some(({ from }) => from.includes(`if (${condition})`) || condition.includes(from.trim()));
      assert.ok(isThere || ELSEWHERE.has(condition), `${file}: if (${condition})`);
    }
  }
  assert.ok(count > 20, `${count} conditions`);
});

test("the package as it is fails no case", async () => {
  const kit = await loadKit(DIST);
  for (const vector of vectors.cases) assert.deepEqual(await differences(vectors, vector, wholeGuard(kit)), []);
});

test("each check that is removed fails the cases that are named for it", async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const wrong: string[] = [];
  for (const [number, mutant] of MUTANTS.entries()) {
    const kit = await loadKit(changed(mutant, number));
    const failed: string[] = [];
    // All cases for each change would take minutes; SHOW_MUTANTS=1 runs them, to find which ones to name.
    const isAll = process.env["SHOW_MUTANTS"] !== undefined;
    for (const vector of vectors.cases.filter(({ id }) => isAll || mutant.cases.includes(id))) {
      if ((await differences(vectors, vector, wholeGuard(kit))).length > 0) failed.push(vector.id);
    }
    if (isAll) console.log(`${mutant.check}: ${JSON.stringify(failed)}`);
    if (failed.length === 0) wrong.push(`${mutant.check}: no case fails`);
    const missed = mutant.cases.filter((id) => !failed.includes(id));
    if (mutant.cases.length === 0) wrong.push(`${mutant.check}: no case is named`);
    if (missed.length > 0) wrong.push(`${mutant.check}: these do not fail: ${missed.join(", ")}`);
  }
  rmSync(FOLDER, { recursive: true, force: true });
  assert.deepEqual(wrong, []);
  console.log(`counted: ${MUTANTS.length} checks of the TypeScript verifier were removed, one at a time, and each failed the cases named for it`);
});

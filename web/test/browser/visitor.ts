// A visitor of a sign-in page, for tests that name this program in `BROWSER`: it opens the address that it is given, types
// the name and the password of its environment, and goes where the page sends it.

import { writeFileSync } from "node:fs";

import { contextOf, launch } from "./world.ts";

// The terminal that opened it may be closed before the browser is: that must end neither of the two.
process.on("SIGHUP", () => undefined);

async function visit(address: string): Promise<void> {
  const browser = await launch({ handleSIGHUP: false });
  try {
    const page = await (await contextOf(browser)).newPage();
    await page.goto(address);
    await page.getByLabel("Username").fill(process.env["VISITOR_NAME"] ?? "");
    await page.getByLabel("Password").fill(process.env["VISITOR_PASSWORD"] ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Go back to the terminal.").waitFor();
  } finally {
    await browser.close();
  }
}

visit(process.argv[2] ?? "").catch((error: unknown) => {
  // Its outputs are closed: the test that waits in vain finds the reason here.
  writeFileSync(process.env["VISITOR_LOG"] ?? "/dev/null", String(error));
  process.exitCode = 1;
});

// The MCP Inspector without its window over the steps that it has, see `steps.py`: each is a run of its own. Conversion: `--strict`,
// which finds fault with schemas. It has no way to cancel a call.

import { spawnSync } from "node:child_process";
import path from "node:path";

import * as steps from "./steps.mjs";

const told = new steps.Steps("@modelcontextprotocol/inspector");
const command = path.join(steps.modules, "node_modules/.bin/mcp-inspector");

function run(...method) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "--cli", steps.program, ...steps.args, ...method], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 26,
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

const call = ([name, given]) =>
  run("--method", "tools/call", "--tool-name", name, ...Object.entries(given).flatMap(([key, value]) => ["--tool-arg", `${key}=${value}`])).stdout;

await told.run("list", async () => `${JSON.parse(run("--method", "tools/list").stdout).tools.length} tools`);
await told.run("convert", async () => {
  const { status, stderr } = run("--method", "tools/list", "--strict");
  steps.check(status === 0, stderr);
  return "no fault with the schemas";
});
await told.run("success", async () => steps.succeeded(call(steps.SUCCESS)));
await told.run("failure", async () => steps.failed(call(steps.FAILURE)));
await told.run("page", async () => steps.paged(call(steps.PAGE)));
told.print();

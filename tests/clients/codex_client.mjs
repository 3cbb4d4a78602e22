// Codex over the steps that it has, see `steps.py`, without an account: its model is `fake_model.mjs`, and it never asks for approval,
// so it calls what is marked as reading only. It cannot be made to cancel a call without a terminal.

import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { fakeModel } from "./fake_model.mjs";
import * as steps from "./steps.mjs";

const home = fs.mkdtempSync(path.join(steps.folder, "codex-"));
// Not `tcp_send`, which is not read-only: a failure of a tool that is.
const failure = ["tcp_buffer_info", { connection_id: "none" }];
const told = new steps.Steps("@openai/codex");
const model = await fakeModel([steps.SUCCESS, failure, steps.PAGE]);
const string = JSON.stringify;
fs.writeFileSync(
  path.join(home, "config.toml"),
  `model = "test"
model_provider = "fake"
approval_policy = "never"
sandbox_mode = "read-only"
[model_providers.fake]
name = "fake"
base_url = ${string(`${model.url}/v1`)}
wire_api = "responses"
[mcp_servers.cofferdam]
command = ${string(steps.program)}
args = ${string(steps.args)}
`,
);
const cli = spawn(path.join(steps.modules, "node_modules/.bin/codex"), ["exec", "--skip-git-repo-check", "go"], {
  cwd: home,
  stdio: ["ignore", 2, 2],
  env: { PATH: `${path.dirname(process.execPath)}:${steps.env.PATH}`, HOME: home, CODEX_HOME: home },
});
const late = setTimeout(() => cli.kill(), 90_000);
await new Promise((done) => cli.on("exit", done));
clearTimeout(late);
model.close();

await told.run("list", async () => {
  const names = ["tcp_connect", "tcp_wait", "cat_tool"].filter((name) => model.offered.some((one) => one.endsWith(name)));
  steps.check(names.length === 3, model.offered);
  return `${model.offered.filter((one) => /(^|_)(tcp_|.*_tool$)/.test(one)).length} tools`;
});
await told.run("convert", async () => {
  const declared = model.schemas.filter((one) => one.parameters);
  steps.check(declared.every((one) => one.parameters.type === "object"), declared);
  return "all of them are functions";
});
await told.run("success", async () => steps.succeeded(model.shown[0]));
await told.run("failure", async () => steps.failed(model.shown[1]));
await told.run("page", async () => {
  steps.check(model.shown[2].includes("line 0") && model.shown[2].includes("cursor"), model.shown[2]);
  return `${model.shown[2].length} characters, with the cursor`;
});
told.print();

// Codex over the six steps, see `steps.py`, without an account: its model is `fake_model.mjs`, and it never asks for approval, so it
// calls what is marked as reading only. It is driven as an editor drives it (`app-server`), which can interrupt a turn.

import fs from "node:fs";
import path from "node:path";

import { fakeModel } from "./fake_model.mjs";
import { Rpc, listed } from "./rpc.mjs";
import * as steps from "./steps.mjs";

const home = fs.mkdtempSync(path.join(steps.folder, "codex-"));
const log = path.join(home, "sent.jsonl");
fs.writeFileSync(log, "");
const sent = () => fs.readFileSync(log, "utf8");
const tap = new URL("./tap.mjs", import.meta.url).pathname;
// Not `tcp_send`, which is not read-only: a failure of a tool that is.
const failure = ["tcp_buffer_info", { connection_id: "none" }];
const told = new steps.Steps("@openai/codex");
const model = await fakeModel([steps.SUCCESS, failure, steps.PAGE, steps.LONG, steps.SUCCESS]);
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
command = ${string(process.execPath)}
args = ${string([tap, log, steps.program, ...steps.args])}
`,
);
const codex = path.join(steps.modules, "node_modules/.bin/codex");
const env = { PATH: `${path.dirname(process.execPath)}:${steps.env.PATH}`, HOME: home, CODEX_HOME: home };
const cli = new Rpc(codex, ["app-server"], { cwd: home, env });
const late = setTimeout(() => cli.child.kill(), 90_000);
await cli.request("initialize", { clientInfo: { name: "test", version: "1" } });
cli.notify("initialized");
const { thread } = await cli.request("thread/start", { cwd: home, approvalPolicy: "never", sandbox: "read-only" });
const say = (text) => cli.request("turn/start", { threadId: thread.id, input: [{ type: "text", text }] });
const ends = () => cli.seen.filter((one) => one.method === "turn/completed");
const { turn } = await say("go");
await steps.until(() => sent().includes('"tail_tool"') || ends().length > 0, "the long call", 60);

await told.run("list", async () => {
  const names = ["tcp_connect", "tcp_wait", "cat_tool"].filter((name) => model.offered.some((one) => one.endsWith(name)));
  steps.check(names.length === 3, model.offered);
  return `${model.offered.filter((one) => /(^|_)(tcp_|.*_tool$)/.test(one)).length} tools`;
});
await told.run("convert", async () => {
  for (const tool of await listed(steps.program, steps.args, steps.env)) {
    const declared = model.schemas.find((one) => one.name === tool.name || one.name?.endsWith(`__${tool.name}`));
    steps.sameArguments(tool, declared?.parameters);
  }
  return "every argument arrives as it is";
});
await told.run("success", async () => steps.succeeded(model.shown[0]));
await told.run("failure", async () => steps.failed(model.shown[1]));
await told.run("page", async () => steps.begun(model.shown[2]));
await told.run("cancel", async () => {
  await cli.request("turn/interrupt", { threadId: thread.id, turnId: turn.id });
  await steps.until(() => ends().length === 1, "the end of the turn");
  steps.check(ends()[0].params.turn.status === "interrupted", ends()[0]);
  model.givenUp = true;
  await say("again");
  await steps.until(() => ends().length === 2, "the end of the next turn");
  steps.succeeded(model.shown.at(-1));
  const told = sent().includes("notifications/cancelled") ? "told to the server" : "not told to the server";
  return `interrupted, ${told}; the next call is answered`;
});
await cli.close();
clearTimeout(late);
model.close();
told.print();

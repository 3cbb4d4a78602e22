// Claude Code over the six steps, see `steps.py`, without an account: its model is `fake_model.mjs`. What that was given is what a
// model would be shown. It is driven by messages on pipes (`stream-json`), which can interrupt a turn. `claude mcp list` connects as well.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { fakeModel } from "./fake_model.mjs";
import { Rpc, listed } from "./rpc.mjs";
import * as steps from "./steps.mjs";

const home = fs.mkdtempSync(path.join(steps.folder, "claude-"));
const log = path.join(home, "sent.jsonl");
fs.writeFileSync(log, "");
const sent = () => fs.readFileSync(log, "utf8");
const told = new steps.Steps("@anthropic-ai/claude-code");
const claude = path.join(steps.modules, "node_modules/.bin/claude");
const model = await fakeModel([steps.SUCCESS, steps.FAILURE, steps.PAGE, steps.LONG, steps.SUCCESS]);
const env = {
  PATH: steps.env.PATH,
  HOME: home,
  ANTHROPIC_API_KEY: "none",
  ANTHROPIC_BASE_URL: model.url,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  ENABLE_TOOL_SEARCH: "false",
};
const tap = new URL("./tap.mjs", import.meta.url).pathname;
const mcp = { mcpServers: { cofferdam: { command: process.execPath, args: [tap, log, steps.program, ...steps.args] } } };
const flags = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--strict-mcp-config"];
const session = new Rpc(claude, ["-p", ...flags, "--mcp-config", JSON.stringify(mcp), "--allowed-tools", "mcp__cofferdam", "--model", "claude-sonnet-4-5"], { cwd: home, env });
const late = setTimeout(() => session.child.kill(), 90_000);
const say = (text) => session.send({ type: "user", message: { role: "user", content: [{ type: "text", text }] } });
const results = () => session.seen.filter((one) => one.type === "result").length;

say("go");
await steps.until(() => sent().includes("tail_tool") || results() > 0, "the long call", 60);
const ours = model.offered.filter((name) => name.startsWith("mcp__cofferdam__"));
await told.run("list", async () => {
  const add = ["mcp", "add", "cofferdam", "--", steps.program, ...steps.args];
  steps.check(spawnSync(claude, add, { cwd: home, env, encoding: "utf8" }).status === 0, "it cannot be added");
  const { stdout } = spawnSync(claude, ["mcp", "list"], { cwd: home, env, encoding: "utf8" });
  steps.check(stdout.includes("Connected"), stdout);
  steps.check(ours.length > 20, model.offered);
  return `${ours.length} tools; also "Connected" in \`claude mcp list\``;
});
await told.run("convert", async () => {
  const tools = await listed(steps.program, steps.args, steps.env);
  steps.check(tools.length === ours.length, ours);
  for (const tool of tools) steps.sameArguments(tool, model.schemas.find((one) => one.name === `mcp__cofferdam__${tool.name}`).input_schema);
  return "every argument arrives as it is";
});
await told.run("success", async () => steps.succeeded(model.shown[0]));
await told.run("failure", async () => steps.failed(model.shown[1]));
await told.run("page", async () => steps.paged(model.shown[2]));
await told.run("cancel", async () => {
  session.send({ type: "control_request", request_id: "1", request: { subtype: "interrupt" } });
  await steps.until(() => sent().includes("notifications/cancelled"), "the notification of the cancel");
  await steps.until(() => results() === 1, "the end of the turn");
  model.givenUp = true;
  say("again");
  await steps.until(() => results() === 2, "the end of the next turn");
  steps.succeeded(model.shown.at(-1));
  return "interrupted and told to the server, the next call is answered";
});
await session.close();
clearTimeout(late);
model.close();
told.print();

// Gemini CLI over the six steps, see `steps.py`, without an account: its model is `fake_model.mjs`. What that was given is what Gemini
// would be shown. It is driven as an editor drives it (`--acp`), which can cancel a turn.

import fs from "node:fs";
import path from "node:path";

import { fakeModel } from "./fake_model.mjs";
import { Rpc, listed } from "./rpc.mjs";
import * as steps from "./steps.mjs";

const home = fs.mkdtempSync(path.join(steps.folder, "gemini-"));
const work = path.join(home, "work");
const log = path.join(home, "sent.jsonl");
fs.mkdirSync(path.join(home, ".gemini"));
fs.mkdirSync(work);
fs.writeFileSync(log, "");
const sent = () => fs.readFileSync(log, "utf8");
const tap = new URL("./tap.mjs", import.meta.url).pathname;
const settings = {
  security: { auth: { selectedType: "gemini-api-key" } },
  telemetry: { enabled: false },
  general: { disableAutoUpdate: true },
  privacy: { usageStatisticsEnabled: false },
  mcpServers: { cofferdam: { command: process.execPath, args: [tap, log, steps.program, ...steps.args], trust: true } },
};
fs.writeFileSync(path.join(home, ".gemini/settings.json"), JSON.stringify(settings));

const told = new steps.Steps("@google/gemini-cli");
const model = await fakeModel([steps.SUCCESS, steps.FAILURE, steps.PAGE, steps.LONG, steps.SUCCESS]);
const gemini = path.join(steps.modules, "node_modules/.bin/gemini");
const env = {
  PATH: steps.env.PATH,
  HOME: home,
  GEMINI_API_KEY: "none",
  GOOGLE_GEMINI_BASE_URL: model.url,
  GEMINI_CLI_TRUST_WORKSPACE: "true",
  // Else it starts itself once more, and only the first of the two is ended.
  GEMINI_CLI_NO_RELAUNCH: "true",
  NO_COLOR: "1",
};
const cli = new Rpc(process.execPath, [gemini, "--acp", "-y", "-m", "gemini-2.5-flash"], { cwd: work, env });
const late = setTimeout(() => cli.child.kill(), 120_000);
cli.asked = ({ params }) => ({ outcome: { outcome: "selected", optionId: params.options?.find((one) => one.kind?.startsWith("allow"))?.optionId } });
await cli.request("initialize", { protocolVersion: 1, clientCapabilities: {} });
const { sessionId } = await cli.request("session/new", { cwd: work, mcpServers: [] });
const prompt = (text) => cli.request("session/prompt", { sessionId, prompt: [{ type: "text", text }] });
let over = false;
const first = prompt("go").finally(() => (over = true));
await steps.until(() => sent().includes('"tail_tool"') || over, "the long call", 60);

const ours = model.offered.filter((name) => name.startsWith("mcp_cofferdam_"));
await told.run("list", async () => {
  steps.check(ours.length > 20, model.offered);
  return `${ours.length} tools`;
});
await told.run("convert", async () => {
  const tools = await listed(steps.program, steps.args, steps.env);
  steps.check(tools.length === ours.length, ours);
  for (const tool of tools) {
    const declared = model.schemas.find((one) => one.name === `mcp_cofferdam_${tool.name}`);
    steps.sameArguments(tool, declared.parametersJsonSchema ?? declared.parameters, "wait_for_previous");
  }
  return "every argument arrives as it is, with one of its own";
});
await told.run("success", async () => steps.succeeded(model.shown[0]));
await told.run("failure", async () => steps.failed(model.shown[1]));
await told.run("page", async () => steps.begun(model.shown[2]));
await told.run("cancel", async () => {
  cli.notify("session/cancel", { sessionId });
  const { stopReason } = await first;
  steps.check(stopReason === "cancelled", stopReason);
  model.givenUp = true;
  await prompt("again");
  steps.succeeded(model.shown.at(-1));
  const told = sent().includes("notifications/cancelled") ? "told to the server" : "not told to the server";
  return `cancelled, ${told}; the next call is answered`;
});
await cli.close();
clearTimeout(late);
model.close();
told.print();

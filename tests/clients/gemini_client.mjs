// Gemini CLI over the steps that it has, see `steps.py`, without an account: its model is `fake_model.mjs`. What that was given is
// what Gemini would be shown. It cannot be made to cancel a call without a terminal.

import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { fakeModel } from "./fake_model.mjs";
import * as steps from "./steps.mjs";

const home = fs.mkdtempSync(path.join(steps.folder, "gemini-"));
const work = path.join(home, "work");
fs.mkdirSync(path.join(home, ".gemini"));
fs.mkdirSync(work);
const settings = {
  security: { auth: { selectedType: "gemini-api-key" } },
  telemetry: { enabled: false },
  general: { disableAutoUpdate: true },
  privacy: { usageStatisticsEnabled: false },
  mcpServers: { cofferdam: { command: steps.program, args: steps.args, trust: true } },
};
fs.writeFileSync(path.join(home, ".gemini/settings.json"), JSON.stringify(settings));

const told = new steps.Steps("@google/gemini-cli");
const model = await fakeModel([steps.SUCCESS, steps.FAILURE, steps.PAGE]);
const cli = spawn(process.execPath, [path.join(steps.modules, "node_modules/.bin/gemini"), "-p", "go", "-y", "-m", "gemini-2.5-flash"], {
  cwd: work,
  stdio: ["ignore", 2, 2],
  env: { PATH: steps.env.PATH, HOME: home, GEMINI_API_KEY: "none", GOOGLE_GEMINI_BASE_URL: model.url, GEMINI_CLI_TRUST_WORKSPACE: "true", NO_COLOR: "1" },
});
const late = setTimeout(() => cli.kill(), 90_000);
await new Promise((done) => cli.on("exit", done));
clearTimeout(late);
model.close();

const ours = model.offered.filter((name) => name.startsWith("mcp_cofferdam_"));
await told.run("list", async () => {
  steps.check(ours.length > 20, model.offered);
  return `${ours.length} tools`;
});
await told.run("convert", async () => {
  const declared = model.schemas.filter((one) => ours.includes(one.name));
  steps.check(declared.every((one) => (one.parametersJsonSchema ?? one.parameters).type.toLowerCase() === "object"), declared);
  return "all of them are declared";
});
await told.run("success", async () => steps.succeeded(model.shown[0]));
await told.run("failure", async () => steps.failed(model.shown[1]));
await told.run("page", async () => {
  steps.check(model.shown[2].includes("line 0") && model.shown[2].includes("cursor"), model.shown[2]);
  return `${model.shown[2].length} characters, with the cursor`;
});
told.print();

#!/bin/sh
# Gemini CLI 0.61.0 takes the first text block of a failed tool call (`isError: true`) that parses as JSON for structured content,
# checks it against the tool's output schema, and shows its model an error about the schema in place of the failure. The
# specification asks for such a check of `structuredContent` only. Needs Node.js 20 or later; uses no account: the model is a
# program on loopback. Exits 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --loglevel=error @google/gemini-cli@0.61.0
cat > server.mjs <<'NODE'
import readline from "node:readline";
const tool = {
  name: "fails",
  description: "Fails.",
  inputSchema: { type: "object", properties: {} },
  outputSchema: { type: "object", properties: { done: { type: "boolean" } }, required: ["done"] },
};
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  let result = {};
  if (method === "initialize") result = { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } };
  if (method === "tools/list") result = { tools: [tool] };
  if (method === "tools/call") result = { isError: true, content: [{ type: "text", text: '{"error":"the disk is full"}' }] };
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
}
NODE
cat > run.mjs <<'NODE'
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
let shown;
const model = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(parts).toString() || "{}");
    const tool = (body.tools ?? []).flatMap((one) => one.functionDeclarations ?? []).find((one) => one.name.endsWith("fails"));
    const answers = (body.contents ?? []).flatMap((one) => one.parts ?? []).filter((part) => part.functionResponse);
    if (answers.length > 0) shown = JSON.stringify(answers[0].functionResponse.response);
    const part = tool && answers.length === 0 ? { functionCall: { name: tool.name, args: {} } } : { text: "done" };
    const value = { candidates: [{ content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 }] };
    response.setHeader("content-type", request.url.includes("stream") ? "text/event-stream" : "application/json");
    response.end(request.url.includes("stream") ? `data: ${JSON.stringify(value)}\n\n` : JSON.stringify(value));
  });
});
await new Promise((listening) => model.listen(0, "127.0.0.1", listening));
fs.mkdirSync("home/.gemini", { recursive: true });
const server = { command: process.execPath, args: [`${process.cwd()}/server.mjs`], trust: true };
const settings = { security: { auth: { selectedType: "gemini-api-key" } }, general: { disableAutoUpdate: true }, privacy: { usageStatisticsEnabled: false }, mcpServers: { s: server } };
fs.writeFileSync("home/.gemini/settings.json", JSON.stringify(settings));
const cli = spawn(process.execPath, ["node_modules/.bin/gemini", "-p", "go", "-y", "-m", "gemini-2.5-flash"], {
  stdio: ["ignore", "ignore", "ignore"],
  env: { PATH: process.env.PATH, HOME: `${process.cwd()}/home`, GEMINI_API_KEY: "none", GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${model.address().port}`, GEMINI_CLI_TRUST_WORKSPACE: "true" },
});
setTimeout(() => cli.kill(), 60_000).unref();
await new Promise((done) => cli.on("exit", done));
model.close();
console.log("gemini-cli", JSON.parse(fs.readFileSync("node_modules/@google/gemini-cli/package.json")).version);
console.log("the model is shown:", shown);
process.exit(shown?.includes("output schema") && !shown.includes("the disk is full") ? 0 : 1);
NODE
node run.mjs

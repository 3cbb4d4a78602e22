// supergateway over the steps that a bridge has, see `steps.py`: it starts one server, and clients come and go before it. Here three after
// each other are clients of either generation, in both orders: 2025-11-25 (`initialize`) and 2026-07-28 (`server/discover`). What they
// say is this script's, so that the order is; the session's end of each is that of its stream of events.

import http from "node:http";
import net from "node:net";
import path from "node:path";
import { spawn, spawnSync } from "node:child_process";

import * as steps from "./steps.mjs";

const told = new steps.Steps("supergateway");
const gateway = path.join(steps.modules, "node_modules/.bin/supergateway");
const quoted = [steps.program, ...steps.args].map((word) => `'${word}'`).join(" ");

// A port that is free now.
async function freePort() {
  const probe = net.createServer();
  await new Promise((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

// The server's processes: what the gateway starts, through a shell or not.
function servers(gateway) {
  const rows = spawnSync("ps", ["-eo", "ppid=,pid=,comm="], { encoding: "utf8" }).stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const below = (pid) => rows.filter(([parent]) => parent === String(pid)).flatMap((row) => [row, ...below(row[1])]);
  const name = path.basename(steps.program).slice(0, 15);
  return below(gateway).filter(([, , command]) => command === name).map(([, pid]) => pid).join();
}

// One gateway, and with it one server.
async function started() {
  const port = await freePort();
  const args = [gateway, "--stdio", quoted, "--outputTransport", "sse", "--port", String(port)];
  const child = spawn(process.execPath, args, { env: steps.env, stdio: ["pipe", 2, 2] });
  const up = () => new Promise((done) => net.connect(port, "127.0.0.1", function () { this.destroy(); done(true); }).on("error", () => done(false)));
  while (!(await up())) await new Promise((later) => setTimeout(later, 50));
  return { port, child };
}

// One client: a stream of events, and requests that are posted.
class Client {
  async open(port) {
    this.port = port;
    this.answers = new Map();
    this.next = Math.floor(Math.random() * 1e6);
    const place = await new Promise((done, failed) => {
      this.stream = http.get({ host: "127.0.0.1", port, path: "/sse" }, (response) => {
        let held = "";
        response.on("error", () => {});
        response.setEncoding("utf8").on("data", (text) => {
          held += text;
          const events = held.split(/\r?\n\r?\n/);
          held = events.pop();
          for (const event of events) {
            const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
            if (event.includes("event: endpoint") || event.includes("event:endpoint")) done(data);
            else if (data) this.heard(JSON.parse(data));
          }
        });
      });
      this.stream.on("error", failed);
    });
    this.place = new URL(place, `http://127.0.0.1:${port}`);
    return this;
  }

  heard(message) {
    this.answers.get(message.id)?.(message);
  }

  async post(message) {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    const headers = { "content-type": "application/json", "mcp-protocol-version": this.version };
    const answer = await fetch(this.place, { method: "POST", headers, body });
    steps.check(answer.ok, `${answer.status} ${await answer.text()}`);
  }

  async request(method, params = {}) {
    const id = this.next++;
    const answer = new Promise((done, failed) => {
      this.answers.set(id, done);
      setTimeout(() => failed(new Error(`${method} was not answered`)), 15_000).unref();
    });
    if (this.meta) params = { ...params, _meta: this.meta };
    await this.post({ id, method, params });
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  async old() {
    this.version = "2025-11-25";
    const clientInfo = { name: "old", version: "1" };
    const { protocolVersion } = await this.request("initialize", { protocolVersion: this.version, capabilities: {}, clientInfo });
    steps.check(protocolVersion === this.version, protocolVersion);
    await this.post({ method: "notifications/initialized" });
  }

  async new() {
    this.version = "2026-07-28";
    this.meta = {
      "io.modelcontextprotocol/protocolVersion": this.version,
      "io.modelcontextprotocol/clientInfo": { name: "new", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const { supportedVersions } = await this.request("server/discover");
    steps.check(supportedVersions.includes(this.version), supportedVersions);
  }

  async tools() {
    return (await this.request("tools/list")).tools.length;
  }

  async shown([name, given]) {
    const result = await this.request("tools/call", { name, arguments: given });
    return steps.text(result.structuredContent ?? result.content);
  }

  close() {
    this.stream.destroy();
  }
}

async function inOrder(generations, each) {
  const { port, child } = await started();
  const one = servers(child.pid);
  try {
    steps.check(/^\d+$/.test(one), `not one server: ${one}`);
    for (const generation of generations) {
      const client = await new Client().open(port);
      await client[generation]();
      await each(client, generation);
      client.close();
      steps.check(servers(child.pid) === one, `another server: ${one}, ${servers(child.pid)}`);
    }
  } finally {
    child.stdin.end();
    child.kill();
    await new Promise((done) => child.on("exit", done));
  }
}

const ORDERS = [["old", "new", "old"], ["new", "old", "new"]];
const both = async (each) => {
  for (const order of ORDERS) await inOrder(order, each);
};

await told.run("list", async () => {
  let tools = 0;
  await both(async (client) => { tools = await client.tools(); steps.check(tools > 20, tools); });
  return `${tools} tools, to both generations in either order, of one process`;
});
await told.run("success", async () => {
  await both(async (client) => steps.succeeded(await client.shown(steps.SUCCESS)));
  return "shown";
});
await told.run("failure", async () => {
  await both(async (client) => steps.failed(await client.shown(steps.FAILURE)));
  return "its message is shown";
});
await told.run("page", async () => {
  let said;
  await both(async (client) => { said = steps.paged(await client.shown(steps.PAGE)); });
  return said;
});
told.print();

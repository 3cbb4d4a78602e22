// JSON-RPC, a message a line, with a program on pipes: the server itself, or a client that is driven by another program.

import { spawn } from "node:child_process";
import readline from "node:readline";

export class Rpc {
  constructor(program, args, options = {}) {
    this.child = spawn(program, args, { ...options, stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin.on("error", () => {});
    this.next = 1;
    this.open = new Map();
    this.seen = [];
    this.waiting = [];
    // What the other side asks; gives the result.
    this.asked = () => ({});
    readline.createInterface({ input: this.child.stdout }).on("line", (line) => this.line(line));
    this.ended = new Promise((ended) => this.child.on("exit", ended));
    this.ended.then(() => this.open.forEach(({ failed }) => failed(new Error("it has ended"))));
  }

  line(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (message.method && message.id !== undefined) {
      this.send({ id: message.id, result: this.asked(message) });
    } else if (message.id !== undefined && this.open.has(message.id)) {
      const { done, failed } = this.open.get(message.id);
      this.open.delete(message.id);
      message.error ? failed(new Error(JSON.stringify(message.error))) : done(message.result);
    }
    this.seen.push(message);
    this.waiting = this.waiting.filter(({ wanted, done }) => !wanted(message) || done(message));
  }

  send(message) {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  request(method, params) {
    const id = this.next++;
    const answer = new Promise((done, failed) => this.open.set(id, { done, failed }));
    this.send({ id, method, params });
    return answer;
  }

  notify(method, params) {
    this.send({ method, params });
  }

  // The next message that is wanted, or one that has been seen already.
  message(wanted) {
    const seen = this.seen.find(wanted);
    if (seen) return Promise.resolve(seen);
    return new Promise((done) => this.waiting.push({ wanted, done: (message) => done(message) }));
  }

  async close() {
    this.child.stdin.end();
    const late = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    await this.ended;
    clearTimeout(late);
  }
}

// The tools as the server lists them.
export async function listed(program, args, env) {
  const server = new Rpc(program, args, { env });
  const clientInfo = { name: "lists", version: "1" };
  await server.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  server.notify("notifications/initialized");
  const { tools } = await server.request("tools/list", {});
  await server.close();
  return tools;
}

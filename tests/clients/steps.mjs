// What the scripts of the clients for Node.js share; the same as `steps.py`, which says what the six steps are.
// A script is called as `SCRIPT MODULES FOLDER PROGRAM ARGUMENT...`; MODULES is the folder that the client was installed to.

import fs from "node:fs";
import path from "node:path";

export const [modules, folder, program, ...args] = process.argv.slice(2);
export const page = path.join(folder, "page.txt");
export const env = { HOME: process.env.HOME, PATH: process.env.PATH };

export const SUCCESS = ["tcp_list_connections", {}];
export const FAILURE = ["tcp_send", { connection_id: "none", data: "x" }];
export const PAGE = ["cat_tool", { file_path: page }];
export const LONG = ["tail_tool", { file_path: page, follow: true, seconds: 30 }];

export const text = (shown) => (typeof shown === "string" ? shown : JSON.stringify(shown));

export function check(holds, shown) {
  if (!holds) throw new Error(`not what was expected: ${text(shown)?.slice(0, 600)}`);
}

export function succeeded(shown) {
  check(text(shown).includes("total_connections"), shown);
  return "shown";
}

export function failed(shown) {
  check(text(shown).includes("Connection none not found"), shown);
  return "its message is shown";
}

export function paged(shown) {
  const all = text(shown);
  check(all.includes("line 0") && all.includes("line 1000") && all.includes("cursor"), shown);
  return `${all.length} characters, with the cursor`;
}

export const versionOf = (name) => JSON.parse(fs.readFileSync(path.join(modules, "node_modules", name, "package.json"), "utf8")).version;

export class Steps {
  constructor(...packages) {
    this.versions = Object.fromEntries(packages.map((name) => [name, versionOf(name)]));
    this.steps = {};
  }

  async run(name, step) {
    try {
      this.steps[name] = { ok: true, said: await step() };
    } catch (error) {
      console.error(error);
      this.steps[name] = { ok: false, said: String(error).slice(0, 300) };
    }
  }

  print() {
    console.log(JSON.stringify({ versions: this.versions, steps: this.steps }));
  }
}

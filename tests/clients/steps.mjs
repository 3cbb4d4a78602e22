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

// What has become of a tool's schema on its way to a model: the same arguments, the same ones required, of the same kinds. `added` is the
// client's own.
export function sameArguments(tool, declared, added = "") {
  const lower = (type) => [type ?? "any"].flat().map((one) => one.toLowerCase()).sort().join();
  const names = (schema) => Object.keys(schema?.properties ?? {}).filter((name) => name !== added).sort().join();
  const required = (schema) => [...(schema?.required ?? [])].sort().join();
  const said = `${tool.name}: ${JSON.stringify(declared)}`;
  check(names(tool.inputSchema) === names(declared), `other arguments: ${said}`);
  check(required(tool.inputSchema) === required(declared), `others required: ${said}`);
  for (const [name, schema] of Object.entries(tool.inputSchema.properties ?? {})) {
    const one = declared.properties[name];
    check(lower(schema.type) === lower(one.type) && String(schema.enum) === String(one.enum), `${name} is another: ${said}`);
    // Claude Code writes `...` for `…`.
    check(schema.description?.normalize("NFKC") === one.description?.normalize("NFKC"), `${name} is described otherwise: ${said}`);
  }
}

// Waits until a condition holds that a file or another program makes true.
export async function until(holds, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    check(Date.now() < end, `not in time: ${what}`);
    await new Promise((later) => setTimeout(later, 20));
  }
}

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
  check(all.includes("line 1000"), shown);
  return begun(shown);
}

// A page of which the client may have cut the middle.
export function begun(shown) {
  const all = text(shown);
  check(all.includes("line 0") && all.includes("cursor"), shown);
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

// The official TypeScript client, 1.x and 2.x, over the six steps; see `steps.py`. It checks each structured answer against its output
// schema. Conversion: every schema compiles with the validator that the client uses, takes arguments as they are meant, and refuses others.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import * as steps from "./steps.mjs";

const has = (name) => fs.existsSync(path.join(steps.modules, "node_modules", name));
const load = (name) => import(pathToFileURL(path.join(steps.modules, "node_modules", name)).href);

const second = has("@modelcontextprotocol/client");
const name = second ? "@modelcontextprotocol/client" : "@modelcontextprotocol/sdk";
const { Client } = await load(second ? `${name}/dist/index.mjs` : `${name}/dist/esm/client/index.js`);
const { StdioClientTransport } = await load(second ? `${name}/dist/stdio.mjs` : `${name}/dist/esm/client/stdio.js`);

const { AjvJsonSchemaValidator } = await load(second ? `${name}/dist/validators/ajv.mjs` : `${name}/dist/esm/validation/ajv-provider.js`);

const told = new steps.Steps(name);
const client = new Client({ name: "test", version: "1" }, { capabilities: {} });
await client.connect(new StdioClientTransport({ command: steps.program, args: steps.args, env: steps.env }));
let tools = [];

const call = ([name, given], options) =>
  second ? client.callTool({ name, arguments: given }, options) : client.callTool({ name, arguments: given }, undefined, options);
const shown = async (one) => {
  const result = await call(one);
  return result.content.map((block) => block.text).join("\n") + steps.text(result.structuredContent ?? {});
};

await told.run("list", async () => {
  tools = (await client.listTools()).tools;
  return `${tools.length} tools`;
});
await told.run("convert", async () => {
  const validator = new AjvJsonSchemaValidator();
  for (const tool of tools) {
    validator.getValidator(tool.outputSchema);
    const takes = validator.getValidator(tool.inputSchema);
    // As a model would write it: a value of each kind, an enumerated one where those are.
    const value = ({ type, enum: some, minimum, items }) =>
      some ? some[0] : { string: "x", integer: minimum ?? 1, number: minimum ?? 1, boolean: true, array: items ? [value(items)] : [], object: {} }[[type].flat()[0]];
    const given = Object.fromEntries(Object.entries(tool.inputSchema.properties ?? {}).map(([key, schema]) => [key, value(schema)]));
    steps.check(takes(given).valid, `${tool.name}: ${JSON.stringify(takes(given))}`);
    for (const one of tool.inputSchema.required ?? []) {
      const { [one]: _, ...less } = given;
      steps.check(!takes(less).valid, `${tool.name} without ${one}`);
    }
  }
  steps.succeeded(await shown(steps.SUCCESS));
  return "schemas compile and take what is meant, answers are checked";
});
await told.run("success", async () => steps.succeeded(await shown(steps.SUCCESS)));
await told.run("failure", async () => steps.failed(await shown(steps.FAILURE)));
await told.run("page", async () => steps.paged(await shown(steps.PAGE)));
await told.run("cancel", async () => {
  const answered = await call(steps.LONG, { timeout: 1000 }).catch((error) => error);
  steps.check(answered instanceof Error, answered);
  steps.succeeded(await shown(steps.SUCCESS));
  return "given up after 1 s, the next call is answered";
});
await client.close();
told.print();

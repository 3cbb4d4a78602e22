/** A plugin in JavaScript: each export of the contract that an author meets first. */

import lookup from "wasi:sockets/ip-name-lookup@0.3.0";
import sockets from "wasi:sockets/types@0.3.0";

const READS = { readOnly: true, additive: true, idempotent: true, closedWorld: true, pages: false };
const CHANGES = { readOnly: false, additive: false, idempotent: false, closedWorld: true, pages: false };
const CONNECTS = { ...READS, closedWorld: false };

let greeting = "Hello";

const schema = (properties) =>
  JSON.stringify({ type: "object", properties, required: Object.keys(properties) });
const TEXT = schema({ text: { type: "string" } });

/** An answer of blocks, of members, or of both. */
const done = (content, structured) => ({
  tag: "done",
  val: { content, structured: structured && JSON.stringify(structured) },
});

/** A value to throw. Whatever else is thrown ends the instance. */
const failed = (code, message, retry = "unknown") => ({ tag: "failed", val: { code, message, retry } });

const picture = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The tool is called again, from its beginning, with the replies to all it has asked. */
function ask(replies) {
  const reply = new Map(replies).get("sure");
  if (!reply) {
    const asked = schema({ sure: { type: "boolean" } });
    return { tag: "input-required", val: [{ id: "sure", message: "Clear it?", schema: asked }] };
  }
  const sure = reply.tag === "accepted" && JSON.parse(reply.val).sure;
  return done([], { text: sure ? "cleared" : "left as it is" });
}

async function fetch({ host, port, line }) {
  try {
    const [{ tag, val: address }] = await lookup.resolveAddresses(host);
    const socket = sockets.TcpSocket.create(tag);
    await socket.connect({ tag, val: { port, address, flowInfo: 0, scopeId: 0 } });
    return await exchange(socket, line);
  } catch (error) {
    // An error of these interfaces is the `payload` of what is thrown.
    if (!error.payload) throw error;
    throw failed("connect_failed", `${host} port ${port}: ${error.payload.tag}`, "can-help");
  }
}

async function exchange(socket, line) {
  const { readable, writable } = wit.Stream(wit.Stream.U8);
  socket.send(readable);
  const [received] = socket.receive();
  await writable.writeAll(Uint8Array.from(line + "\n", (character) => character.charCodeAt(0)));
  let answer = "";
  for await (const bytes of received) {
    answer += String.fromCharCode(...bytes);
    if (answer.includes("\n")) break;
  }
  writable.drop();
  return answer.trim();
}

export const lifecycle = {
  async init(settings) {
    greeting = JSON.parse(settings).greeting ?? greeting;
    if (!greeting) throw "`greeting` is empty";
  },
  async close() {},
};

export const tools = {
  list: () => [
    {
      name: "greet", title: "Greet", description: "Greets by name.",
      inputSchema: schema({ name: { type: "string" } }), outputSchema: TEXT, hints: READS,
    },
    { name: "show", description: "Shows a picture.", inputSchema: schema({}), hints: READS },
    {
      name: "ask", description: "Clears after a question.", inputSchema: schema({}), outputSchema: TEXT,
      hints: CHANGES,
    },
    {
      name: "fetch", description: "Says a line to a host and hears the answer.", hints: CONNECTS,
      inputSchema: schema({ host: { type: "string" }, port: { type: "integer" }, line: { type: "string" } }),
      outputSchema: TEXT,
    },
  ],

  async call(context, name, args, replies) {
    const given = JSON.parse(args);
    switch (name) {
      case "greet":
        return done([], { text: `${greeting}, ${given.name}!` });
      case "show":
        context.progress(0.5, 1, "half of it");
        context.emit({ tag: "text", val: "shown before" });
        return done([{ tag: "image", val: { data: picture, mediaType: "image/png" } }]);
      case "ask":
        return ask(replies);
      case "fetch":
        return done([], { text: await fetch(given) });
      default:
        throw failed("not_found", `there is no tool \`${name}\``);
    }
  },
};

// A model's API on loopback that asks for one tool call after the other, whatever it is told, and keeps what it was shown of each.
// It speaks Google's (generateContent) and OpenAI's (responses) dialect, as far as Gemini CLI and Codex need them.

import http from "node:http";

// `calls` is a list of [tool, arguments]. Gives the address, the tools that were offered, and per call what came back.
export async function fakeModel(calls) {
  const model = { offered: [], shown: [], close: () => server.close() };
  let next = 0;
  const call = () => calls[next];
  const named = (name) => model.offered.find((one) => one === name || one.endsWith(name));

  function google(url, body) {
    const declared = (body.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []);
    if (declared.length === 0) return [[{ text: "{}" }]];
    model.offered = declared.map((one) => one.name);
    model.schemas = declared;
    const answers = (body.contents ?? []).flatMap((one) => one.parts ?? []).filter((part) => part.functionResponse);
    model.shown = answers.map((part) => JSON.stringify(part.functionResponse.response));
    next = answers.length;
    if (next >= calls.length) return [[{ text: "done" }]];
    return [[{ functionCall: { name: named(call()[0]) ?? call()[0], args: call()[1] } }]];
  }

  function openai(body) {
    const flat = (body.tools ?? []).flatMap((tool) => (tool.type === "namespace" ? tool.tools.map((one) => ({ ...one, namespace: tool.name })) : [tool]));
    model.offered = flat.filter((tool) => tool.name).map((tool) => tool.name);
    model.schemas = flat;
    const answers = body.input.filter((item) => item.type === "function_call_output");
    model.shown = answers.map((item) => (typeof item.output === "string" ? item.output : JSON.stringify(item.output)));
    next = answers.length;
    if (next >= calls.length) {
      return { type: "message", role: "assistant", id: "m", content: [{ type: "output_text", text: "done", annotations: [] }] };
    }
    const tool = flat.find((one) => one.name === call()[0] || one.name?.endsWith(call()[0]));
    const item = { type: "function_call", id: `f${next}`, call_id: `c${next}`, name: tool?.name ?? call()[0], arguments: JSON.stringify(call()[1]) };
    return tool?.namespace ? { ...item, namespace: tool.namespace } : item;
  }

  const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const body = parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts));
      if (process.env.FAKE_MODEL_LOG) console.error(request.method, request.url, Buffer.concat(parts).toString().slice(0, 300));
      const json = (value) => { response.setHeader("content-type", "application/json"); response.end(JSON.stringify(value)); };
      if (request.url.includes(":countTokens")) return json({ totalTokens: 1 });
      if (request.url.includes("enerateContent")) {
        const candidates = google(request.url, body).map((parts) => ({ content: { role: "model", parts }, finishReason: "STOP", index: 0 }));
        const value = { candidates, usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } };
        if (!request.url.includes("stream")) return json(value);
        response.setHeader("content-type", "text/event-stream");
        return response.end(`data: ${JSON.stringify(value)}\n\n`);
      }
      if (request.url.endsWith("/responses")) {
        const item = openai(body);
        response.setHeader("content-type", "text/event-stream");
        const say = (type, more) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
        say("response.created", { response: { id: "r" } });
        say("response.output_item.done", { output_index: 0, item });
        const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2, input_tokens_details: null, output_tokens_details: null };
        say("response.completed", { response: { id: "r", usage } });
        return response.end();
      }
      if (request.url.includes("/models")) return json({ models: [], data: [] });
      response.statusCode = 404;
      response.end();
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  model.url = `http://127.0.0.1:${server.address().port}`;
  return model;
}

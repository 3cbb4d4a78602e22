// A model's API on loopback that asks for one tool call after the other, whatever it is told, and keeps what it was shown of each.
// It speaks Google's (generateContent), OpenAI's (responses) and Anthropic's (messages) dialect, as far as Gemini CLI, Codex and Claude
// Code need them.

import http from "node:http";

// `calls` is a list of [tool, arguments]. Gives the address, the tools that were offered, and per call what came back. A client that
// was made to give a call up may show nothing of it: where `givenUp` says so, the same call is not asked for twice.
export async function fakeModel(calls) {
  const model = { offered: [], shown: [], givenUp: false, close: () => server.close() };
  let [next, asked, lost] = [0, -1, 0];
  const call = () => calls[next];
  function turn(shown) {
    model.shown = shown;
    if (model.givenUp && shown.length + lost === asked) lost += 1;
    next = shown.length + lost;
    asked = next;
    return next < calls.length;
  }
  const named = (name) => model.offered.find((one) => one === name || one.endsWith(name));

  function google(url, body) {
    const declared = (body.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []);
    if (declared.length === 0) return [[{ text: "{}" }]];
    model.offered = declared.map((one) => one.name);
    model.schemas = declared;
    const answers = (body.contents ?? []).flatMap((one) => one.parts ?? []).filter((part) => part.functionResponse);
    if (!turn(answers.map((part) => JSON.stringify(part.functionResponse.response)))) return [[{ text: "done" }]];
    return [[{ functionCall: { name: named(call()[0]) ?? call()[0], args: call()[1] } }]];
  }

  function openai(body) {
    const flat = (body.tools ?? []).flatMap((tool) => (tool.type === "namespace" ? tool.tools.map((one) => ({ ...one, namespace: tool.name })) : [tool]));
    model.offered = flat.filter((tool) => tool.name).map((tool) => tool.name);
    model.schemas = flat;
    const answers = body.input.filter((item) => item.type === "function_call_output");
    if (!turn(answers.map((item) => (typeof item.output === "string" ? item.output : JSON.stringify(item.output))))) {
      return { type: "message", role: "assistant", id: "m", content: [{ type: "output_text", text: "done", annotations: [] }] };
    }
    const tool = flat.find((one) => one.name === call()[0] || one.name?.endsWith(call()[0]));
    const item = { type: "function_call", id: `f${next}`, call_id: `c${next}`, name: tool?.name ?? call()[0], arguments: JSON.stringify(call()[1]) };
    return tool?.namespace ? { ...item, namespace: tool.namespace } : item;
  }

  function anthropic(body) {
    if (!body.tools?.length) return { type: "text", text: "done" };
    model.offered = body.tools.map((tool) => tool.name);
    model.schemas = body.tools;
    const answers = body.messages.flatMap((one) => (Array.isArray(one.content) ? one.content : [])).filter((one) => one.type === "tool_result");
    if (!turn(answers.map((one) => (typeof one.content === "string" ? one.content : JSON.stringify(one.content))))) {
      return { type: "text", text: "done" };
    }
    return { type: "tool_use", id: `toolu_${next}`, name: named(call()[0]) ?? call()[0], input: call()[1] };
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
      if (request.url.includes("/messages") && !request.url.includes("count_tokens")) {
        const block = anthropic(body);
        response.setHeader("content-type", "text/event-stream");
        const say = (type, more) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
        const usage = { input_tokens: 1, output_tokens: 1 };
        const head = { id: "m", type: "message", role: "assistant", model: "fake", content: [], stop_reason: null, stop_sequence: null };
        say("message_start", { message: { ...head, usage } });
        if (block.type === "text") {
          say("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
          say("content_block_delta", { index: 0, delta: { type: "text_delta", text: block.text } });
        } else {
          say("content_block_start", { index: 0, content_block: { ...block, input: {} } });
          say("content_block_delta", { index: 0, delta: { type: "input_json_delta", partial_json: JSON.stringify(block.input) } });
        }
        say("content_block_stop", { index: 0 });
        say("message_delta", { delta: { stop_reason: block.type === "text" ? "end_turn" : "tool_use", stop_sequence: null }, usage });
        say("message_stop", {});
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

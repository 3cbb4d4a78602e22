//! The registry's types as MCP's, and back. No decisions: every field has one place to go.

use std::sync::Arc;

use cofferdam_registry::{Answer, Block, Body, Embedded, Progress, Tool, UnknownTool};
use data_encoding::BASE64;
use rmcp::model::{
    CallToolResult, ContentBlock, ErrorData, MetaObject, ProgressNotificationParam, ProgressToken, Resource,
    ResourceContents, Tool as McpTool, ToolAnnotations,
};
use serde_json::{Value, json};

use crate::{arguments::Unreadable, schemas};

/// How many characters of a tool's result Claude Code shows its model. Without it, a result over
/// some 50,000 characters becomes a file and a preview of 2 KB.
const SHOWN_WHOLE: &str = "anthropic/maxResultSizeChars";

/// Three pages of 32 KiB, the default: more than Claude Code shows unasked. A longer answer is
/// better in a file.
const PAGE: u32 = 100_000;

/// The tools as they are listed: sorted by name, every hint given.
pub(crate) fn tools(tools: &[Tool]) -> Arc<[McpTool]> {
    let mut tools: Vec<_> = tools.iter().map(tool).collect();
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    tools.into()
}

fn tool(tool: &Tool) -> McpTool {
    let input = Arc::new(schemas::input(&tool.input_schema));
    let mut listed = McpTool::new(tool.name.clone(), tool.description.clone(), input);
    listed.title = tool.title.clone();
    listed.output_schema = tool.output_schema.as_ref().map(|schema| Arc::new(schemas::output(schema)));
    if tool.hints.pages || tool.meta.is_some() {
        let mut meta = MetaObject::new();
        meta.0.extend(tool.meta.clone().unwrap_or_default());
        if tool.hints.pages {
            meta.0.insert(SHOWN_WHOLE.to_owned(), Value::from(PAGE));
        }
        listed.meta = Some(meta);
    }
    listed.annotations = Some(ToolAnnotations::from_raw(
        tool.title.clone(),
        Some(tool.annotations.read_only),
        Some(tool.annotations.destructive),
        Some(tool.annotations.idempotent),
        Some(tool.annotations.open_world),
    ));
    listed
}

/// An answer as a client of MCP gets it, as JSON.
pub fn answer_json(whole: Answer) -> Value {
    // A result is JSON.
    serde_json::to_value(answer(whole)).unwrap_or_default()
}

fn block(block: Block) -> ContentBlock {
    match block {
        Block::Text(text) => ContentBlock::text(text),
        Block::Image(data, kind) => ContentBlock::image(BASE64.encode(&data), kind),
        Block::Audio(data, kind) => ContentBlock::audio(BASE64.encode(&data), kind),
        Block::Link(link) => {
            let mut resource = Resource::new(link.uri, link.name);
            (resource.title, resource.description) = (link.title, link.description);
            (resource.mime_type, resource.size) = (link.media_type, link.size);
            ContentBlock::resource_link(resource)
        }
        Block::Embedded(Embedded { uri, media_type: mime_type, body }) => ContentBlock::resource(match body {
            Body::Text(text) => ResourceContents::TextResourceContents { uri, mime_type, text, meta: None },
            Body::Bytes(bytes) => {
                let blob = BASE64.encode(&bytes);
                ResourceContents::BlobResourceContents { uri, mime_type, blob, meta: None }
            }
        }),
    }
}

/// An answer as a result; moved, not copied.
pub(crate) fn answer(answer: Answer) -> CallToolResult {
    let content = answer.content.into_iter().map(block).collect();
    let mut result = if answer.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = answer.structured.map(Value::Object);
    result
}

/// The answer to arguments that cannot be represented. It has the form of every other refused
/// argument.
pub(crate) fn unreadable(argument: &Unreadable) -> CallToolResult {
    let body = json!({ "error": "invalid_argument", "message": argument.to_string() });
    // Structured content would have to match the tool's output schema.
    CallToolResult::error(vec![ContentBlock::text(body.to_string())])
}

pub(crate) fn unknown_tool(unknown: &UnknownTool) -> ErrorData {
    ErrorData::invalid_params(unknown.to_string(), None)
}

pub(crate) fn progress(progress: Progress, token: ProgressToken) -> ProgressNotificationParam {
    let mut param = ProgressNotificationParam::new(token, progress.progress);
    param.total = progress.total;
    param.message = progress.message;
    param
}

#[cfg(test)]
mod tests {
    use cofferdam_registry::{Annotations, Hints, Link};

    use super::*;

    #[test]
    fn tools_are_sorted_and_every_hint_is_given() {
        let tool = |name: &str| Tool {
            name: name.to_owned(),
            title: Some("A title".to_owned()),
            description: "Does it".to_owned(),
            input_schema: serde_json::Map::new(),
            output_schema: None,
            annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
            hints: Hints { pages: name == "a", ..Hints::default() },
            meta: (name == "b").then(|| serde_json::from_value(json!({ "example.com/x": 1 })).unwrap_or_default()),
            plugin: "p".to_owned(),
        };
        let listed = serde_json::to_value(tools(&[tool("b"), tool("a")]).as_ref()).unwrap_or_default();
        assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&json!("a"), &json!("b")));
        assert_eq!(listed[0]["_meta"], json!({ "anthropic/maxResultSizeChars": 100_000 }));
        assert_eq!(listed[1]["_meta"], json!({ "example.com/x": 1 }));
        assert_eq!(
            listed[0]["annotations"],
            json!({
                "title": "A title", "readOnlyHint": true, "destructiveHint": false,
                "idempotentHint": true, "openWorldHint": false,
            })
        );
    }

    #[test]
    fn an_answer_keeps_its_parts() {
        let mut structured = serde_json::Map::new();
        structured.insert("n".to_owned(), json!(1));
        let content = vec![
            Block::Text("x".to_owned()),
            Block::Image(b"png".to_vec(), "image/png".to_owned()),
            Block::Audio(b"wav".to_vec(), "audio/wav".to_owned()),
            Block::Link(Link { uri: "a:b".to_owned(), name: "n".to_owned(), size: Some(3), ..Link::default() }),
            Block::Embedded(Embedded { uri: "a:c".to_owned(), media_type: None, body: Body::Bytes(vec![255]) }),
            Block::Embedded(Embedded { uri: "a:d".to_owned(), media_type: None, body: Body::Text("t".to_owned()) }),
        ];
        let result = answer(Answer { content, structured: Some(structured), is_error: false, held: None });
        assert_eq!(
            serde_json::to_value(result).unwrap_or_default(),
            json!({
                "resultType": "complete", "content": [
                    { "type": "text", "text": "x" },
                    { "type": "image", "data": "cG5n", "mimeType": "image/png" },
                    { "type": "audio", "data": "d2F2", "mimeType": "audio/wav" },
                    { "type": "resource_link", "uri": "a:b", "name": "n", "size": 3 },
                    { "type": "resource", "resource": { "uri": "a:c", "blob": "/w==" } },
                    { "type": "resource", "resource": { "uri": "a:d", "text": "t" } },
                ],
                "structuredContent": { "n": 1 }, "isError": false,
            })
        );
    }
}

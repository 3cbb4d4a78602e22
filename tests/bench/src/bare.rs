//! The bare rmcp server that everything is compared with: one tool, which answers its arguments;
//! the fastest that there is, on one thread and two pipes.

use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::sync::Arc;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer, serve_server};
use tokio::net::unix::pipe;

static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();

struct Echo;

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, rmcp::ErrorData> {
        let schema = serde_json::Map::from_iter([("type".to_owned(), "object".into())]);
        Ok(ListToolsResult::with_all_items(vec![Tool::new("echo", "Answers its arguments", Arc::new(schema))]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, rmcp::ErrorData> {
        // `text`: the same text again and again, read once, in both halves of the answer.
        let Some(file) = request.arguments.as_ref().and_then(|all| all.get("file")?.as_str()) else {
            let text = serde_json::to_string(&request.arguments).unwrap();
            return Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into());
        };
        let text = TEXT.get_or_init(|| std::fs::read_to_string(file).unwrap()).clone();
        let mut result = CallToolResult::success(vec![ContentBlock::text(text.clone())]);
        result.structured_content = Some(serde_json::json!({ "content": text }));
        Ok(result.into())
    }
}

pub fn serve() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (input, output) = (std::io::stdin(), std::io::stdout());
        let (input, output) =
            (input.as_fd().try_clone_to_owned().unwrap(), output.as_fd().try_clone_to_owned().unwrap());
        let pipes = (pipe::Receiver::from_owned_fd(input).unwrap(), pipe::Sender::from_owned_fd(output).unwrap());
        let service = serve_server(Echo, pipes).await.unwrap();
        let _ = service.waiting().await;
    });
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

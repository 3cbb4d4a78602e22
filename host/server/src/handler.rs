//! What each method answers. The tools come from the desk; no tool's name or schema is written here.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cofferdam_registry::{Call, Principal, Tool};
use rmcp::{
    RoleServer, ServerHandler,
    model::*,
    service::{RequestContext, SubscriptionContext},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::Unreadable,
    convert,
    desk::Desk,
    instructions::instructions,
    notify::{self, Audience},
    requests::SERVED,
    transport::Place,
};

/// For how long a client may keep the list of tools, and what the server is. A listener hears of changes at once.
const FRESH: Duration = Duration::from_secs(60);

/// The longest name of a client that is kept, in bytes.
const CLIENT: usize = 200;

/// How long a cancelled call may take to end before it is dropped.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);

/// The handler of one session.
pub(crate) struct Handler<D> {
    desk: Arc<D>,
    principal: Principal,
    audience: Arc<Audience>,
    /// The peer is in the audience already: `initialize` may come twice.
    joined: AtomicBool,
    /// Cancelled when the session's input has ended.
    closing: CancellationToken,
    listed: Mutex<Listed>,
}

/// The tools in MCP's form, and what they were made of.
struct Listed {
    source: Arc<[Tool]>,
    tools: Arc<[rmcp::model::Tool]>,
}

impl<D: Desk> Handler<D> {
    pub(crate) fn new(desk: Arc<D>, principal: Principal, audience: Arc<Audience>, closing: CancellationToken) -> Self {
        let source = desk.tools();
        let listed = Mutex::new(Listed { tools: convert::tools(&source), source });
        Self { desk, principal, audience, joined: AtomicBool::new(false), closing, listed }
    }

    fn listed(&self) -> Arc<[rmcp::model::Tool]> {
        let source = self.desk.tools();
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&listed.source, &source) {
            *listed = Listed { tools: convert::tools(&source), source };
        }
        listed.tools.clone()
    }

    /// Also a tool that is not listed is known: its calls are refused.
    fn knows(&self, tool: &str) -> bool {
        self.desk.knows(tool)
    }

    async fn run(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let (progress, reports) = match context.meta.get_progress_token() {
            Some(token) => {
                let (sender, receiver) = mpsc::channel(notify::REPORTS);
                (Some(sender), Some((receiver, token)))
            }
            None => (None, None),
        };
        let call = self.desk.call(Call {
            tool: request.name.into_owned(),
            arguments: request.arguments.unwrap_or_default(),
            principal: self.principal.clone(),
            client: client(&context),
            turn: context.extensions.get::<Place>().and_then(Place::take),
            deadline: None,
            cancel: context.ct.clone(),
            progress,
        });
        let answer = match reports {
            None => call.await,
            Some((reports, token)) => notify::with_reports(call, reports, token, &context.peer, &self.closing).await,
        };
        answer.map(convert::answer).map_err(|unknown| convert::unknown_tool(&unknown))
    }
}

/// The program at the other end, as it names itself: with the request, or once at the handshake.
fn client(context: &RequestContext<RoleServer>) -> Option<String> {
    let named = |client: &Implementation| {
        let mut text = format!("{} {}", client.name, client.version);
        text.truncate(text.floor_char_boundary(CLIENT));
        text
    };
    match context.meta.client_info() {
        Some(client) => Some(named(&client)),
        None => context.peer.peer_info().map(|peer| named(&peer.client_info)),
    }
}

fn not_found(method: &str) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("unknown method `{method}`"), None)
}

fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

impl<D: Desk> ServerHandler for Handler<D> {
    fn get_info(&self) -> ServerConfig {
        let implementation = Implementation::new("cofferdam", env!("CARGO_PKG_VERSION"))
            .with_title("Cofferdam")
            .with_description("Network tools, each inside a sandboxed WebAssembly component");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
            .with_server_info(implementation)
            .with_instructions(instructions(&self.desk.tools(), self.desk.allows_anything()))
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let result = self.negotiate_initialize(&request)?;
        let mut info = request;
        info.protocol_version = result.protocol_version.clone();
        context.peer.set_peer_info(info);
        // Here and not at `notifications/initialized`, which may be handled after the client's first request.
        if !self.joined.swap(true, Ordering::Relaxed) {
            self.audience.join(context.peer);
        }
        Ok(result)
    }

    async fn discover(&self, _context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(FRESH.as_millis() as u64)
            .with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        if request.is_some_and(|request| request.cursor.is_some()) {
            return Err(ErrorData::invalid_params("unknown `cursor`: the list has one page", None));
        }
        let mut result = ListToolsResult::with_all_items(self.listed().to_vec());
        result.ttl_ms = Some(FRESH.as_millis() as u64);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Some(argument) = context.extensions.get::<Unreadable>() {
            if !self.knows(&request.name) {
                return Err(convert::unknown_tool(&cofferdam_registry::UnknownTool(request.name.into_owned())));
            }
            return Ok(convert::unreadable(argument).into());
        }
        let cancel = context.ct.clone();
        let overdue = async {
            cancel.cancelled().await;
            tokio::time::sleep(CANCEL_PATIENCE).await;
        };
        tokio::select! {
            biased;
            answer = self.run(request, context) => answer.map(Into::into),
            () = overdue => Err(ErrorData::internal_error("the call was cancelled and did not end", None)),
        }
    }

    fn accepted_subscription_filter(&self, _requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let _seat = self.audience.listen(context.sink().clone());
        tokio::select! {
            () = context.cancelled() => {}
            () = self.closing.cancelled() => {}
        }
        Ok(())
    }

    /// Accepted and without effect: this server logs for its operator, not to its client.
    #[expect(deprecated, reason = "protocols before 2026-07-28 have it")]
    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if is_stateless(&context) { Err(not_found("logging/setLevel")) } else { Ok(()) }
    }

    /// rmcp takes a known method with malformed parameters for a custom one; over stdio they are refused before.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if SERVED.contains(&request.method.as_str()) {
            return Err(ErrorData::invalid_params(format!("invalid params of `{}`", request.method), None));
        }
        Err(not_found(&request.method))
    }
}

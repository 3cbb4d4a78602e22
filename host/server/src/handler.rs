//! What each method answers. The tools come from the [`ToolService`]; no tool's name or schema is
//! written here.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cofferdam_registry::{Call, Tool, cut};
use rmcp::{
    RoleServer, ServerHandler,
    model::*,
    service::{RequestContext, SubscriptionContext},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    admission::Admitted,
    arguments::Unreadable,
    convert,
    instructions::instructions,
    notify::{self, Subscribers},
    requests::SERVED,
    tool_service::ToolService,
};

/// How long a client may keep the list of tools and the server's description. Subscribers hear of
/// changes at once.
const TTL: Duration = Duration::from_secs(60);

/// The longest name of a client that is kept, in bytes.
const MAX_CLIENT_NAME: usize = 200;

/// How long a cancelled call may take to end before it is dropped.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);

/// The handler of one session.
pub(crate) struct Handler {
    service: Arc<dyn ToolService>,
    subscribers: Arc<Subscribers>,
    /// The peer is among the subscribers already: `initialize` may come twice.
    subscribed: AtomicBool,
    /// Cancelled when the session's input has ended.
    closing: CancellationToken,
    listed: Mutex<ToolList>,
}

/// The tools in MCP's form, and the tools that they were made from.
struct ToolList {
    source: Arc<[Tool]>,
    tools: Arc<[rmcp::model::Tool]>,
}

impl Handler {
    pub(crate) fn new(
        service: Arc<dyn ToolService>,
        subscribers: Arc<Subscribers>,
        closing: CancellationToken,
    ) -> Self {
        let source = service.tools();
        let listed = Mutex::new(ToolList { tools: convert::tools(&source), source });
        Self { service, subscribers, subscribed: AtomicBool::new(false), closing, listed }
    }

    fn listed(&self) -> Arc<[rmcp::model::Tool]> {
        let source = self.service.tools();
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&listed.source, &source) {
            *listed = ToolList { tools: convert::tools(&source), source };
        }
        listed.tools.clone()
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
        let Some(admitted) = context.extensions.get::<Admitted>() else {
            return Err(ErrorData::internal_error("the request was not admitted", None));
        };
        let call = self.service.call(Call {
            tool: request.name.into_owned(),
            arguments: request.arguments.unwrap_or_default(),
            principal: admitted.principal(),
            client: client(&context),
            turn: admitted.take_turn(),
            deadline: None,
            cancel: context.ct.clone(),
            progress,
            person: None,
        });
        let answer = match reports {
            None => call.await,
            Some((reports, token)) => notify::with_reports(call, reports, token, &context.peer, &self.closing).await,
        };
        let mut answer = answer.map_err(|unknown| convert::unknown_tool(&unknown))?;
        admitted.hold(answer.held.take());
        Ok(convert::answer(answer))
    }
}

/// The client program as it names itself, with the request or at the handshake.
fn client(context: &RequestContext<RoleServer>) -> Option<String> {
    let named =
        |client: &Implementation| cut(&format!("{} {}", client.name, client.version), MAX_CLIENT_NAME).to_owned();
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

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let implementation = Implementation::new("cofferdam", env!("CARGO_PKG_VERSION"))
            .with_title("Cofferdam")
            .with_description("Network tools, each inside a sandboxed WebAssembly component");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
            .with_server_info(implementation)
            .with_instructions(instructions(&self.service.tools(), self.service.allows_anything()))
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
        // `notifications/initialized` may be handled after the client's first request: too late.
        if !self.subscribed.swap(true, Ordering::Relaxed) {
            self.subscribers.add_peer(context.peer);
        }
        Ok(result)
    }

    async fn discover(&self, _context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(TTL.as_millis() as u64)
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
        result.ttl_ms = Some(TTL.as_millis() as u64);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Some(argument) = context.extensions.get::<Unreadable>() {
            if !self.service.knows(&request.name) {
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
        let _subscription = self.subscribers.add_sink(context.sink().clone());
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

    /// rmcp takes a known method with malformed parameters for a custom one. Over pipes such a
    /// request is refused before it comes here.
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

//! The shell around the handler. It runs what was admitted and nothing else, turns a panic into an
//! answer, and adds the server's name to results as protocol 2026-07-28 wants it. It knows no
//! method.

use std::{borrow::Cow, panic::AssertUnwindSafe};

use futures::FutureExt;
use rmcp::{
    RoleServer, ServerHandler,
    model::{ClientNotification, ClientRequest, ErrorData, MetaObject, ProtocolVersion, ServerConfig, ServerResult},
    service::{NotificationContext, RequestContext, Service},
};
use serde_json::Value;

use crate::admission::Admitted;

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// A handler that leaves no request without an answer.
#[derive(Debug)]
pub(crate) struct Guard<H> {
    handler: H,
    server_info: Value,
}

impl<H: ServerHandler> Guard<H> {
    pub(crate) fn new(handler: H) -> Self {
        let server_info = serde_json::to_value(handler.get_info().server_info).unwrap_or_default();
        Self { handler, server_info }
    }

    fn sign(&self, result: &mut ServerResult) {
        let meta: &mut Option<MetaObject> = match result {
            ServerResult::CallToolResult(result) => &mut result.meta,
            ServerResult::ListToolsResult(result) => &mut result.meta,
            ServerResult::DiscoverResult(result) => &mut result.meta,
            ServerResult::InputRequiredResult(result) => &mut result.meta,
            _ => return,
        };
        meta.get_or_insert_default().0.entry(SERVER_INFO).or_insert_with(|| self.server_info.clone());
    }
}

impl<H: ServerHandler> Service<RoleServer> for Guard<H> {
    async fn handle_request(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        // The place is free again once the handler has ended, also that of a cancelled request.
        let Some(_place) = context.extensions.get::<Admitted>().and_then(Admitted::take_place) else {
            return Err(ErrorData::internal_error("the request was not admitted", None));
        };
        let is_stateless = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        let answer = AssertUnwindSafe(Service::handle_request(&self.handler, request, context)).catch_unwind().await;
        let mut answer = answer.unwrap_or_else(|_panic| {
            tracing::error!("the handler of a request panicked");
            Err(ErrorData::internal_error("the server failed at this request", None))
        });
        if is_stateless && let Ok(result) = &mut answer {
            self.sign(result);
        }
        answer
    }

    async fn handle_notification(
        &self,
        notification: ClientNotification,
        context: NotificationContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let handled = AssertUnwindSafe(Service::handle_notification(&self.handler, notification, context));
        handled.catch_unwind().await.unwrap_or(Ok(()))
    }

    fn get_info(&self) -> ServerConfig {
        self.handler.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        ServerHandler::supported_protocol_versions(&self.handler)
    }
}

//! The parameters of each method that is served. They are read part by part, so that the answer to
//! a malformed request names the part.

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientRequest, CustomRequest, DiscoverRequest, Extensions,
    InitializeRequest, JsonObject, ListToolsRequest, PaginatedRequestParams, PingRequest, Request, RequestMetaObject,
    SubscriptionsListenRequest,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    arguments,
    json::{present, reason},
};

/// The methods that are served. Any other is unknown.
pub(crate) const SERVED: [&str; 7] =
    ["initialize", "logging/setLevel", "ping", "server/discover", "subscriptions/listen", "tools/call", "tools/list"];

/// Reads a request's parameters. A method that is not served becomes a custom request, which the
/// handler answers with -32601.
pub(crate) fn read(method: &str, text: &str, params: Option<&RawValue>) -> Result<ClientRequest, String> {
    let params = params.filter(|params| params.get() != "null");
    if SERVED.contains(&method) && params.is_some_and(|params| !params.get().starts_with('{')) {
        return Err("`params` must be an object".to_owned());
    }
    match method {
        "tools/call" => call(params.ok_or("`name` is missing")?).map(ClientRequest::CallToolRequest),
        "tools/list" => list(params).map(ClientRequest::ListToolsRequest),
        "ping" => typed::<PingRequest>(text).map(ClientRequest::PingRequest),
        "initialize" => typed::<InitializeRequest>(text).map(ClientRequest::InitializeRequest),
        "server/discover" => typed::<DiscoverRequest>(text).map(ClientRequest::DiscoverRequest),
        "logging/setLevel" => set_level(text),
        "subscriptions/listen" => {
            typed::<SubscriptionsListenRequest>(text).map(ClientRequest::SubscriptionsListenRequest)
        }
        _ => {
            let mut request = CustomRequest::new(method, None);
            request.extensions = extensions(params.and_then(|params| {
                let MetaOnly { meta } = serde_json::from_str(params.get()).ok()?;
                meta
            }));
            Ok(ClientRequest::CustomRequest(request))
        }
    }
}

#[expect(deprecated, reason = "protocols before 2026-07-28 have it")]
fn set_level(text: &str) -> Result<ClientRequest, String> {
    typed::<rmcp::model::SetLevelRequest>(text).map(ClientRequest::SetLevelRequest)
}

#[derive(Deserialize)]
struct MetaOnly {
    #[serde(rename = "_meta")]
    meta: Option<JsonObject>,
}

#[derive(Default, Deserialize)]
struct ListParams<'a> {
    #[serde(borrow)]
    cursor: Option<&'a RawValue>,
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

/// Reads a list request. rmcp's own type takes a malformed cursor for none.
fn list(params: Option<&RawValue>) -> Result<ListToolsRequest, String> {
    let params: ListParams<'_> = match params {
        Some(params) => serde_json::from_str(params.get()).map_err(|error| reason(&error))?,
        None => ListParams::default(),
    };
    let cursor = field("cursor", params.cursor)?;
    Ok(ListToolsRequest {
        params: cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor))),
        extensions: extensions(field("_meta", params.meta)?),
        ..ListToolsRequest::default()
    })
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| reason(&error))
}

#[derive(Deserialize)]
struct CallParams<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

/// Reads a tool call. Arguments that are JSON but cannot be represented do not fail it: they go on
/// as [`arguments::Unreadable`], so that the answer is a tool's result and names the argument.
fn call(params: &RawValue) -> Result<CallToolRequest, String> {
    let params: CallParams<'_> = serde_json::from_str(params.get()).map_err(|error| reason(&error))?;
    let name: String = field("name", params.name)?.ok_or("`name` is missing")?;
    let mut extensions = extensions(field("_meta", params.meta)?);
    let mut call = CallToolRequestParams::new(name);
    if let Some(raw) = params.arguments {
        if !raw.get().starts_with('{') {
            return Err("`arguments` must be an object".to_owned());
        }
        match serde_json::from_str(raw.get()) {
            Ok(arguments) => call.arguments = Some(arguments),
            Err(error) => {
                extensions.insert(arguments::find(raw, &error));
            }
        }
    }
    let mut request = Request::new(call);
    request.extensions = extensions;
    Ok(request)
}

fn field<T: DeserializeOwned>(name: &str, raw: Option<&RawValue>) -> Result<Option<T>, String> {
    raw.map(|raw| serde_json::from_str(raw.get()).map_err(|error| format!("`{name}`: {}", reason(&error)))).transpose()
}

fn extensions(meta: Option<JsonObject>) -> Extensions {
    let mut extensions = Extensions::new();
    if let Some(meta) = meta {
        extensions.insert(RequestMetaObject::from(meta));
    }
    extensions
}

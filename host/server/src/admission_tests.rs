//! What a session's requests get and when they are refused, without any transport.

use std::time::Duration;

use cofferdam_registry::Principal;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientRequest, EmptyResult, GetExtensions, InitializeResult, JsonObject,
    JsonRpcRequest, ListToolsRequest, PingRequest, ProtocolVersion, Request, RequestId, RequestMetaObject,
    ServerCapabilities, ServerJsonRpcMessage, ServerResult,
};
use serde_json::json;

use crate::admission::{Admission, Admitted, Outbound, SessionAdmission};

const NOW: Duration = Duration::ZERO;

fn session(admission: &Admission, principal: &str) -> SessionAdmission {
    admission.session(Principal(principal.to_owned()), Box::new(|_| None))
}

fn message(id: i64, request: ClientRequest) -> JsonRpcRequest<ClientRequest> {
    JsonRpcRequest::new(RequestId::Number(id), request)
}

fn ping(id: i64) -> JsonRpcRequest<ClientRequest> {
    message(id, ClientRequest::PingRequest(PingRequest::default()))
}

/// A call of protocol 2026-07-28, which needs no session.
fn call(id: i64, tool: &'static str) -> JsonRpcRequest<ClientRequest> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut request: CallToolRequest = Request::new(CallToolRequestParams::new(tool));
    request.extensions.insert(RequestMetaObject::from(serde_json::from_value::<JsonObject>(meta).unwrap()));
    message(id, ClientRequest::CallToolRequest(request))
}

fn admitted(request: &JsonRpcRequest<ClientRequest>) -> Admitted {
    request.request.extensions().get::<Admitted>().unwrap().clone()
}

fn code(refused: Result<(), crate::refusal::Refusal>) -> Option<i32> {
    refused.err().map(|refusal| refusal.error.code.0)
}

fn answer(number: &RequestId) -> ServerJsonRpcMessage {
    ServerJsonRpcMessage::response(ServerResult::EmptyResult(EmptyResult {}), number.clone())
}

#[test]
fn an_id_is_the_sessions_own_and_in_use_until_its_answer() {
    let admission = Admission::new(10);
    let (mut one, mut other) = (session(&admission, "a"), session(&admission, "a"));
    let (mut first, mut second) = (ping(7), ping(7));
    one.admit(&mut first, NOW).unwrap();
    assert_eq!(code(one.admit(&mut ping(7), NOW)), Some(-32600));
    other.admit(&mut second, NOW).unwrap();

    let mut message = answer(&first.id);
    assert!(matches!(one.outbound(&mut message), Outbound::Answer(id, None) if id == first.id));
    assert_eq!(serde_json::to_value(&message).unwrap()["id"], 7, "the client's own id goes out");
    assert!(matches!(one.outbound(&mut answer(&first.id)), Outbound::Unwanted), "it has its answer");
    one.admit(&mut ping(7), NOW).unwrap();
}

#[test]
fn requests_are_bounded_for_all_sessions_of_a_principal() {
    let admission = Admission::new(2);
    let (mut one, mut two, mut stranger) =
        (session(&admission, "a"), session(&admission, "a"), session(&admission, "b"));
    let (mut first, mut second) = (ping(1), ping(2));
    one.admit(&mut first, NOW).unwrap();
    two.admit(&mut second, NOW).unwrap();
    assert_eq!(code(one.admit(&mut ping(3), NOW)), Some(-32000));
    assert_eq!(code(two.admit(&mut ping(3), NOW)), Some(-32000));
    stranger.admit(&mut ping(3), NOW).unwrap();

    // A handler that has taken the place keeps it, whatever becomes of the request.
    let place = admitted(&first).take_place();
    drop(first);
    assert_eq!(code(one.admit(&mut ping(3), NOW)), Some(-32000));
    drop(place);
    one.admit(&mut ping(3), NOW).unwrap();
    // That one was dropped before any handler saw it: its place is free again. So is its id not.
    assert_eq!(code(one.admit(&mut ping(3), NOW)), Some(-32600));
    two.admit(&mut ping(4), NOW).unwrap();
}

#[test]
fn a_refused_request_takes_nothing() {
    let admission = Admission::new(1);
    let mut session = session(&admission, "a");
    let list = || message(1, ClientRequest::ListToolsRequest(ListToolsRequest::default()));
    assert_eq!(code(session.admit(&mut list(), NOW)), Some(-32602), "there was no `initialize`");
    let mut held = ping(1);
    session.admit(&mut held, NOW).unwrap();
    assert_eq!(code(session.admit(&mut ping(2), NOW)), Some(-32000));
    drop(held);
    session.admit(&mut ping(2), NOW).unwrap();
}

#[test]
fn each_call_gets_one_turn_and_every_request_its_principal() {
    let admission = Admission::new(10);
    let mut session = session(&admission, "a");
    let (mut call, mut other) = (call(1, "tool"), ping(2));
    session.admit(&mut call, NOW).unwrap();
    session.admit(&mut other, NOW).unwrap();
    assert!(admitted(&call).take_turn().is_some() && admitted(&call).take_turn().is_none());
    assert!(admitted(&other).take_turn().is_none());
    assert_eq!(
        [&call, &other].map(|request| admitted(request).principal()),
        [Principal("a".to_owned()), Principal("a".to_owned())]
    );
}

#[test]
fn initialize_opens_the_session_and_what_comes_next_waits_for_it() {
    let admission = Admission::new(10);
    let mut session = session(&admission, "a");
    let initialize = serde_json::from_value(json!({
        "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        },
    }));
    let mut initialize = message(1, ClientRequest::InitializeRequest(initialize.unwrap()));
    session.admit(&mut initialize, NOW).unwrap();
    assert!(session.handshake().is_pending());
    let result = InitializeResult::new(ServerCapabilities::default());
    let mut result = ServerJsonRpcMessage::response(
        ServerResult::InitializeResult(result.with_protocol_version(ProtocolVersion::V_2025_11_25)),
        initialize.id.clone(),
    );
    assert!(matches!(session.outbound(&mut result), Outbound::Answer(id, None) if id == initialize.id));
    assert_eq!(session.handshake().version(), Some(&ProtocolVersion::V_2025_11_25));
    session.admit(&mut message(2, ClientRequest::ListToolsRequest(ListToolsRequest::default())), NOW).unwrap();
}

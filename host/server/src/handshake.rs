//! The handshake of a session. Protocols before 2026-07-28 begin with `initialize`; the newer one
//! has no session, and each of its requests names the protocol that it speaks.

use rmcp::model::{ClientRequest, GetMeta, ProtocolVersion, RequestId};

/// How far the handshake has come.
#[derive(Debug, Default)]
pub(crate) struct Handshake {
    state: State,
    /// The protocol that `initialize` settled on.
    version: Option<ProtocolVersion>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// There was no `initialize`.
    #[default]
    None,
    /// An `initialize` with this number waits for its answer.
    Pending(RequestId),
    /// An `initialize` has been answered.
    Done,
}

impl Handshake {
    /// Why a request has to wait for an `initialize` that has not come: the request does not say
    /// which protocol it speaks.
    pub(crate) fn is_missing_for(&self, request: &ClientRequest) -> Option<String> {
        let needs_none = matches!(request, ClientRequest::InitializeRequest(_) | ClientRequest::PingRequest(_));
        if needs_none || self.state != State::None {
            return None;
        }
        let missing = request.get_meta().missing_required_keys(&ProtocolVersion::NO_INITIALIZE);
        let names = missing.join("` and `");
        (!missing.is_empty()).then(|| format!("no session yet: send `initialize` first, or name `{names}` in `_meta`"))
    }

    /// An `initialize` was admitted under this number.
    pub(crate) fn begin(&mut self, number: RequestId) {
        self.state = State::Pending(number);
    }

    /// An `initialize` is answered with this protocol.
    pub(crate) fn settle(&mut self, version: ProtocolVersion) {
        self.version = Some(version);
    }

    /// The request with this number is answered.
    pub(crate) fn answered(&mut self, number: &RequestId) {
        if matches!(&self.state, State::Pending(pending) if pending == number) {
            self.state = if self.version.is_some() { State::Done } else { State::None };
        }
    }

    /// Whether what comes next has to wait for the answer to `initialize`.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending(_))
    }

    /// The protocol of the session, once it is settled.
    pub(crate) fn version(&self) -> Option<&ProtocolVersion> {
        self.version.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ListToolsRequest, PingRequest};

    use super::*;

    #[test]
    fn what_does_not_name_its_protocol_needs_a_handshake() {
        let mut handshake = Handshake::default();
        let list = ClientRequest::ListToolsRequest(ListToolsRequest::default());
        assert!(handshake.is_missing_for(&list).is_some_and(|why| why.contains("send `initialize` first")));
        assert_eq!(handshake.is_missing_for(&ClientRequest::PingRequest(PingRequest::default())), None);
        handshake.begin(RequestId::Number(1));
        assert!(handshake.is_pending());
        handshake.answered(&RequestId::Number(2));
        assert!(handshake.is_pending(), "that was another request");
        handshake.settle(ProtocolVersion::V_2025_06_18);
        handshake.answered(&RequestId::Number(1));
        assert_eq!((handshake.is_pending(), handshake.version()), (false, Some(&ProtocolVersion::V_2025_06_18)));
        assert_eq!(handshake.is_missing_for(&list), None);
    }

    #[test]
    fn an_initialize_that_fails_opens_nothing() {
        let mut handshake = Handshake::default();
        handshake.begin(RequestId::Number(1));
        handshake.answered(&RequestId::Number(1));
        assert!(!handshake.is_pending());
        assert!(handshake.is_missing_for(&ClientRequest::ListToolsRequest(ListToolsRequest::default())).is_some());
    }
}

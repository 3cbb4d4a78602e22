//! The error that answers a request which no handler sees.

use rmcp::model::{ErrorCode, ErrorData};

/// JSON-RPC's first code for a server's own errors.
pub(crate) const OVERLOADED: ErrorCode = ErrorCode(-32000);

/// The answer to a request that is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The request's id as JSON text, exactly as it came. `None` is sent as `null`.
    pub(crate) id: Option<String>,
    pub(crate) error: Box<ErrorData>,
}

impl Refusal {
    pub(crate) fn new(id: Option<String>, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { id, error: Box::new(ErrorData::new(code, message.into(), None)) }
    }

    /// The answer as a line, without its end.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let error = serde_json::to_string(&self.error)
            .unwrap_or_else(|_| r#"{"code":-32603,"message":"the error could not be written"}"#.to_owned());
        let id = self.id.as_deref().unwrap_or("null");
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_line_of_json() {
        let refusal = Refusal::new(Some("\"\\ud800\"".to_owned()), ErrorCode::PARSE_ERROR, "a \"b\"\n");
        assert_eq!(
            String::from_utf8(refusal.encode()).as_deref(),
            Ok(r#"{"jsonrpc":"2.0","id":"\ud800","error":{"code":-32700,"message":"a \"b\"\n"}}"#)
        );
    }
}

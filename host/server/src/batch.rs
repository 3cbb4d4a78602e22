//! Batches of protocol 2025-03-26, the one revision that has them: an array of messages, answered
//! by one array once every request in it has been answered.

use std::collections::HashMap;

use rmcp::model::{ProtocolVersion, RequestId};

/// More messages in one batch are refused.
const MAX_BATCH: usize = 256;

/// The batches that wait for answers.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    open: HashMap<u64, OpenBatch>,
    /// The batch that a request belongs to.
    batch_of: HashMap<RequestId, u64>,
    next: u64,
}

#[derive(Debug)]
struct OpenBatch {
    waiting: usize,
    answers: Vec<Vec<u8>>,
}

impl Batches {
    /// Why a batch of so many messages is refused in a session of this protocol.
    pub(crate) fn refusal(version: Option<&ProtocolVersion>, messages: usize) -> Option<String> {
        if version != Some(&ProtocolVersion::V_2025_03_26) {
            return Some("batches belong to protocol 2025-03-26; send one message a line".to_owned());
        }
        (messages > MAX_BATCH).then(|| format!("a batch may hold {MAX_BATCH} messages"))
    }

    /// Opens a batch of requests that wait for answers, beside answers that are ready. Returns the
    /// array if no request waits; nothing, if there is no answer either.
    pub(crate) fn open(&mut self, requests: Vec<RequestId>, answers: Vec<Vec<u8>>) -> Option<Vec<u8>> {
        let batch = OpenBatch { waiting: requests.len(), answers };
        if requests.is_empty() {
            return batch.array();
        }
        self.next += 1;
        self.batch_of.extend(requests.into_iter().map(|id| (id, self.next)));
        self.open.insert(self.next, batch);
        None
    }

    /// Whether the answer to this request is to be handed to [`Batches::settle`].
    pub(crate) fn holds(&self, id: &RequestId) -> bool {
        !self.batch_of.is_empty() && self.batch_of.contains_key(id)
    }

    /// Takes a request's answer, or its cancellation (`None`). Returns the array if it was the
    /// last.
    pub(crate) fn settle(&mut self, id: &RequestId, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let key = self.batch_of.remove(id)?;
        let batch = self.open.get_mut(&key)?;
        batch.answers.extend(answer);
        batch.waiting -= 1;
        if batch.waiting > 0 {
            return None;
        }
        self.open.remove(&key)?.array()
    }
}

impl OpenBatch {
    fn array(&self) -> Option<Vec<u8>> {
        (!self.answers.is_empty()).then(|| {
            let mut array = b"[".to_vec();
            array.extend(self.answers.join(&b','));
            array.push(b']');
            array
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_array_comes_with_the_last_answer() {
        let mut batches = Batches::default();
        let (one, two) = (RequestId::Number(1), RequestId::Number(2));
        assert_eq!(batches.open(vec![one.clone(), two.clone()], vec![b"0".to_vec()]), None);
        assert!(batches.holds(&one) && !batches.holds(&RequestId::Number(3)));
        assert_eq!(batches.settle(&two, Some(b"2".to_vec())), None);
        assert_eq!(batches.settle(&one, Some(b"1".to_vec())), Some(b"[0,2,1]".to_vec()));
        assert!(!batches.holds(&one) && batches.open.is_empty());
    }

    #[test]
    fn a_cancelled_request_leaves_no_gap() {
        let mut batches = Batches::default();
        let (one, two) = (RequestId::Number(1), RequestId::Number(2));
        batches.open(vec![one.clone(), two.clone()], Vec::new());
        batches.settle(&one, Some(b"1".to_vec()));
        assert_eq!(batches.settle(&two, None), Some(b"[1]".to_vec()));
        assert_eq!(batches.open(Vec::new(), Vec::new()), None);
    }
}

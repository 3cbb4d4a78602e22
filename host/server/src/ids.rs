//! Request ids inside and outside. rmcp takes the first answer with an id for the answer to the
//! request that has the id now. A client may use an id again once it has cancelled a request, while
//! the handler of that request still ends. So the service loop sees numbers of ours, each used
//! once, and the client sees its own ids.

use std::{collections::HashMap, time::Duration};

use rmcp::model::RequestId;

/// Requests that come this long before the end of the input, or later, are answered: whoever pipes
/// requests in closes the pipe right behind them. Only time in which the input was silent counts.
/// Whoever closes the input later has stopped waiting, and the 1.x Python client fails on an answer
/// that comes then.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// The requests that have not been answered.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    inside: HashMap<RequestId, i64>,
    outside: HashMap<i64, Asked>,
    last: i64,
}

#[derive(Debug)]
struct Asked {
    id: RequestId,
    /// When the request came, on the clock of its transport.
    at: Duration,
}

impl Ids {
    /// Whether a request with this id has not been answered.
    pub(crate) fn is_used(&self, id: &RequestId) -> bool {
        self.inside.contains_key(id)
    }

    /// A number for a request, whose id is not in use. `at` is the time on the transport's clock.
    pub(crate) fn admit(&mut self, id: &RequestId, at: Duration) -> RequestId {
        self.last += 1;
        self.inside.insert(id.clone(), self.last);
        self.outside.insert(self.last, Asked { id: id.clone(), at });
        RequestId::Number(self.last)
    }

    /// Forgets a request that the client has cancelled: nothing answers it any more. Returns its
    /// number.
    pub(crate) fn cancel(&mut self, id: &RequestId) -> Option<RequestId> {
        let number = self.inside.remove(id)?;
        self.outside.remove(&number);
        Some(RequestId::Number(number))
    }

    /// Forgets a request that is being answered. Returns the client's id, if the client waits for
    /// the answer.
    pub(crate) fn answer(&mut self, inside: &RequestId) -> Option<RequestId> {
        let RequestId::Number(number) = inside else { return None };
        let Asked { id, .. } = self.outside.remove(number)?;
        self.inside.remove(&id);
        Some(id)
    }

    /// The client's id of a request that goes on.
    pub(crate) fn known(&self, inside: &RequestId) -> Option<&RequestId> {
        let RequestId::Number(number) = inside else { return None };
        self.outside.get(number).map(|asked| &asked.id)
    }

    /// The input has ended: forgets the requests whose answers nobody waits for. Returns their
    /// numbers.
    pub(crate) fn abandon(&mut self, now: Duration) -> Vec<RequestId> {
        let given_up = |asked: &Asked| now.saturating_sub(asked.at) >= LAST_WORDS;
        let ids: Vec<RequestId> =
            self.outside.values().filter(|asked| given_up(asked)).map(|asked| asked.id.clone()).collect();
        ids.iter().filter_map(|id| self.cancel(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> RequestId {
        RequestId::Number(number)
    }

    #[test]
    fn an_id_that_is_used_again_is_another_request() {
        let mut ids = Ids::default();
        let first = ids.admit(&id(7), Duration::ZERO);
        assert!(ids.is_used(&id(7)) && !ids.is_used(&id(8)));
        assert_eq!(ids.cancel(&id(7)), Some(first.clone()));
        let second = ids.admit(&id(7), Duration::ZERO);
        assert_ne!(first, second);
        assert_eq!(ids.answer(&first), None, "a late answer of the first");
        assert_eq!(ids.known(&second), Some(&id(7)));
        assert_eq!(ids.answer(&second), Some(id(7)));
        assert!(ids.inside.is_empty() && ids.outside.is_empty());
        assert_eq!(ids.cancel(&id(7)), None);
    }

    #[test]
    fn what_was_asked_long_before_the_end_is_abandoned_and_the_last_words_are_not() {
        let mut ids = Ids::default();
        let early = ids.admit(&id(1), Duration::ZERO);
        let late = ids.admit(&id(2), LAST_WORDS);
        assert_eq!(ids.abandon(LAST_WORDS + Duration::from_millis(1)), std::slice::from_ref(&early));
        assert_eq!((ids.answer(&early), ids.answer(&late)), (None, Some(id(2))));
    }
}

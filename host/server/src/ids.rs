//! Request ids inside and outside. rmcp keeps requests by their id and takes the first answer with an id for the answer to
//! whoever has it now; a client may use an id again once it has cancelled the request, while that one's handler still ends.
//! So the service loop sees numbers of ours, each used once, and the client sees its own ids.
//!
//! What does not live here: what an answer says, and when requests are read.

use std::{collections::HashMap, time::Duration};

use rmcp::model::RequestId;

/// Requests that are asked before the end of the input by less than this, counted in time that the input was silent, are
/// answered: whoever pipes requests in closes the pipe right behind them. Whoever closes it later has stopped waiting, and
/// the 1.x Python client fails on an answer that comes then.
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
    /// For how long the input had been silent, all in all, when the request came.
    silence: Duration,
}

impl Ids {
    /// A number for a request; none if the id is in use. `silence` is how long the input has been silent, all in all.
    pub(crate) fn admit(&mut self, id: &RequestId, silence: Duration) -> Option<RequestId> {
        if self.inside.contains_key(id) {
            return None;
        }
        self.last += 1;
        self.inside.insert(id.clone(), self.last);
        self.outside.insert(self.last, Asked { id: id.clone(), silence });
        Some(RequestId::Number(self.last))
    }

    /// Forgets a request that the client has cancelled: nothing answers it any more. Gives its number.
    pub(crate) fn cancel(&mut self, id: &RequestId) -> Option<RequestId> {
        let number = self.inside.remove(id)?;
        self.outside.remove(&number);
        Some(RequestId::Number(number))
    }

    /// Forgets a request that is being answered, and gives the client's id; none if nobody waits for the answer.
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

    /// At the end of the input: forgets the requests whose answers nobody waits for. Gives their numbers.
    pub(crate) fn abandon(&mut self, silence: Duration) -> Vec<RequestId> {
        let given_up = |asked: &Asked| silence.saturating_sub(asked.silence) >= LAST_WORDS;
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
        let first = ids.admit(&id(7), Duration::ZERO).unwrap();
        assert_eq!(ids.admit(&id(7), Duration::ZERO), None, "it is in use");
        assert_eq!(ids.cancel(&id(7)), Some(first.clone()));
        let second = ids.admit(&id(7), Duration::ZERO).unwrap();
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
        let early = ids.admit(&id(1), Duration::ZERO).unwrap();
        let late = ids.admit(&id(2), LAST_WORDS).unwrap();
        assert_eq!(ids.abandon(LAST_WORDS + Duration::from_millis(1)), std::slice::from_ref(&early));
        assert_eq!((ids.answer(&early), ids.answer(&late)), (None, Some(id(2))));
    }
}

//! For a plugin's own tests, outside a component: calls that are pretended.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde_json::Value;

use crate::bindings::exports::cofferdam::plugin::tools;
use crate::cx::{Call, Forget};
use crate::{Cx, Reply};

pub use crate::bindings::exports::cofferdam::plugin::tools::Question;

/// A call that nobody has made, for methods that take a [`Cx`]. Nobody hears of its progress, and
/// no time is left of it.
pub struct Pretended {
    call: Rc<Call>,
    cx: Cx,
    _forget: Forget,
}

impl Pretended {
    /// A call to which the person has said this before, by the questions' ids.
    pub fn new<'a>(replies: impl IntoIterator<Item = (&'a str, Reply<Value>)>) -> Self {
        let replies = replies.into_iter().map(|(id, reply)| {
            let reply = match reply {
                Reply::Accepted(value) => tools::Reply::Accepted(value.to_string()),
                Reply::Declined => tools::Reply::Declined,
                Reply::Dismissed => tools::Reply::Dismissed,
            };
            (id.to_owned(), reply)
        });
        let call = Call::new(None, replies.collect());
        let (cx, forget) = call.begin();
        Self { call, cx, _forget: forget }
    }

    /// Its context, which is one of a call that has ended when this is dropped.
    pub fn cx(&self) -> Cx {
        self.cx
    }

    /// What it has asked so far, without what was answered.
    pub fn asked(&self) -> Vec<Question> {
        self.call.asked.borrow().clone()
    }

    /// Runs a tool that waits for nothing but questions.
    ///
    /// # Panics
    /// It waits for something else.
    pub fn run<T>(&self, tool: impl Future<Output = T>) -> T {
        match pin!(tool).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("the tool waits for something that there is only in a component"),
        }
    }
}

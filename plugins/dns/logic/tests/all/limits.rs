//! A question after the operator's limit is reached: no other server is asked, and
//! the answer names the limit.

use crate::asking::{ONE, TWO, patience};
use crate::world::{World, at_once, name, reply, zone};
use dns_logic::{Answer, Outcome, Patience, Question, Transport, ask, trace};
use futures::executor::block_on;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

#[test]
fn whoever_is_at_a_limit_asks_nobody_else() {
    let servers = [ONE, TWO].map(|at| at.parse().unwrap());
    for (may, results) in [(0, vec!["limit"]), (1, vec!["timeout", "limit"])] {
        let world = World::default().limited(may);
        let (question, mut attempts) = (Question::new(name("www.example."), RecordType::A), Vec::new());
        let asked = block_on(ask(&world, &servers, &question, Transport::Udp, true, patience(), &mut attempts));
        let unanswered = asked.unwrap_err();
        assert_eq!((unanswered.reason, unanswered.message.as_str()), ("limit", "the limit is reached"));
        assert_eq!(attempts.iter().map(|attempt| attempt.result).collect::<Vec<_>>(), results);
    }
    // A server that has failed has said more than nothing.
    let failing = World::default().server(ONE, |question, _| {
        let mut reply = reply(question);
        reply.metadata.response_code = ResponseCode::ServFail;
        at_once(&reply)
    });
    let (question, mut attempts) = (Question::new(name("www.example."), RecordType::A), Vec::new());
    let patience = Patience { past_failures: true, ..patience() };
    let failing = failing.limited(1);
    let asked = block_on(ask(&failing, &servers, &question, Transport::Udp, true, patience, &mut attempts));
    assert_eq!(Answer::new(asked.unwrap(), attempts).outcome, Outcome::Servfail);
}

#[test]
fn a_trace_that_comes_to_a_limit_says_so() {
    // The root's server is asked for, then its zone's servers; the address of the
    // zone's own server is not.
    for (may, steps) in [(0, 0), (1, 0), (2, 2), (3, 2)] {
        let world = World::default()
            .server("192.0.2.53:53", zone(".", &[], &[]))
            .server("192.0.2.1:53", zone(".", &[("example.", "ns.elsewhere.", None)], &[]));
        let (question, mut attempts) = (Question::new(name("www.example."), RecordType::A), Vec::new());
        let resolver = ["192.0.2.53:53".parse().unwrap()];
        let world = world.limited(may);
        let traced = block_on(trace(&world, &resolver, 53, &question, Transport::Udp, patience(), &mut attempts));
        match traced {
            Err(unanswered) => assert_eq!((unanswered.reason, steps), ("limit", 0), "{may}"),
            Ok(answer) => {
                assert_eq!(answer.outcome, Outcome::Incomplete, "{may}");
                assert_eq!((answer.incomplete.as_deref(), answer.trace.len()), (Some("the limit is reached"), steps));
                assert_eq!(answer.attempts.last().unwrap().result, "limit", "{may}");
                assert!(answer.attempts.iter().filter(|one| one.result == "limit").count() == 1, "{may}");
            }
        }
    }
}

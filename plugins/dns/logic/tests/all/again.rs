//! Asking again: when time runs out, when TCP is cut off too, when the first server
//! fails, and what is said of it.

use std::time::Duration;

use crate::asking::{ONE, TWO, asks, patience, results, traces};
use crate::world::{World, a, at_once, cname, name, ns, reply, txt, zone};
use dns_logic::{Answer, Outcome, Patience, Question, Shown, Transport, ask, nslookup};
use futures::executor::block_on;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;

#[test]
fn who_was_not_asked_has_not_failed() {
    let patience = Patience { per_try: Duration::from_secs(2), until: Duration::from_secs(3), ..patience() };
    let servers = [ONE, TWO, "192.0.2.3:53"].map(|at| at.parse().unwrap());
    let (question, mut attempts) = (Question::new(name("www.example."), RecordType::A), Vec::new());
    let world = World::default();
    let asked = block_on(ask(&world, &servers, &question, Transport::Udp, true, patience, &mut attempts));
    assert_eq!(asked.unwrap_err().reason, "timeout");
    assert_eq!(results(&attempts), [(ONE, "timeout"), (TWO, "timeout")]);
    assert_eq!(world.asked.borrow().len(), attempts.len(), "no attempt without a message");
}

#[test]
fn an_answer_that_is_cut_off_over_tcp_too_is_a_part_and_says_so() {
    let serve = |question: &Message, _: Transport| {
        let mut reply = reply(question);
        reply.metadata.truncation = true;
        reply.add_answer(txt("www.example.", "first"));
        at_once(&reply)
    };
    let answer = asks(&World::default().server(ONE, serve), &[ONE], "www.example.", RecordType::TXT).unwrap();
    assert_eq!((answer.transport, answer.partial), (Some(Transport::Tcp), true));
    let text = Shown::default().text(&answer, "", "");
    assert_eq!(text.matches(";; Truncated, retrying in TCP mode.\n").count(), 1, "{text}");
    assert!(text.contains("the answer is truncated, over TCP as well; this is a part of it"), "{text}");

    // Over datagrams only: TCP has not failed, it was not wanted.
    let (question, mut attempts) = (Question::new(name("www.example."), RecordType::TXT), Vec::new());
    let (world, server) = (World::default().server(ONE, serve), [ONE.parse().unwrap()]);
    let asked = block_on(ask(&world, &server, &question, Transport::Udp, false, patience(), &mut attempts));
    let text = Shown::default().text(&Answer::new(asked.unwrap(), attempts), "", "");
    assert!(text.contains("TCP was not tried") && !text.contains("TCP failed"), "{text}");
}

#[test]
fn a_server_that_fails_is_passed_over_where_that_is_wanted() {
    let fails = |question: &Message, _: Transport| {
        let mut reply = reply(question);
        reply.metadata.response_code = ResponseCode::ServFail;
        at_once(&reply)
    };
    let answers = |question: &Message, _: Transport| {
        let mut reply = reply(question);
        reply.add_answer(a("www.example.", [192, 0, 2, 80]));
        at_once(&reply)
    };
    let asked = |past_failures, second: Option<fn(&Message, Transport) -> crate::world::Coming>| {
        let mut world = World::default().server(ONE, fails);
        if let Some(second) = second {
            world = world.server(TWO, second);
        }
        let servers = [ONE, TWO].map(|at| at.parse().unwrap());
        let (question, mut attempts) = (Question::new(name("www.example."), RecordType::A), Vec::new());
        let patience = Patience { past_failures, ..patience() };
        let asked = block_on(ask(&world, &servers, &question, Transport::Udp, true, patience, &mut attempts));
        Answer::new(asked.unwrap(), attempts)
    };
    let answer = asked(true, Some(answers));
    assert_eq!((answer.outcome, answer.server.as_str()), (Outcome::Answer, TWO));
    assert_eq!(answer.attempts[0].detail.as_deref(), Some("SERVFAIL"));
    assert_eq!(asked(false, Some(answers)).outcome, Outcome::Servfail, "dig takes it for an answer");
    // The failure is what is known if nobody knows better.
    assert_eq!(asked(true, None).outcome, Outcome::Servfail);
    assert_eq!(asked(true, Some(fails)).server, ONE);
}

#[test]
fn an_alias_that_leads_elsewhere_is_shown() {
    let world = World::default().server(ONE, |question, _| {
        let mut reply = reply(question);
        reply.add_answer(cname("out.example.", "www.elsewhere.test."));
        at_once(&reply)
    });
    let text = nslookup(&asks(&world, &[ONE], "out.example.", RecordType::A).unwrap(), "out.example");
    assert!(text.ends_with("Non-authoritative answer:\nout.example\tcanonical name = www.elsewhere.test.\n"), "{text}");
}

#[test]
fn a_trace_asks_for_the_addresses_of_the_roots_servers_before_it_goes_to_the_known_ones() {
    let world = World::default()
        .server("192.0.2.53:53", |question, _| {
            let (asked, mut reply) = (&question.queries[0], reply(question));
            match asked.query_type {
                RecordType::NS => drop(reply.add_answers([ns(".", "ns1.root.test."), ns(".", "ns2.root.test.")])),
                RecordType::A if asked.name == name("ns1.root.test.") => {
                    reply.add_answer(a("ns1.root.test.", [192, 0, 2, 1]));
                }
                _ => {}
            }
            at_once(&reply)
        })
        .server("192.0.2.1:53", zone(".", &[], &[("www.example.", [192, 0, 2, 80])]));
    let answer = traces(&world, "www.example.").0.unwrap();
    assert_eq!((answer.outcome, answer.server.as_str()), (Outcome::Answer, "192.0.2.1:53"));
    let asked = world.asked.borrow();
    assert!(asked.iter().all(|(server, ..)| server.ip().to_string().starts_with("192.0.2.")), "{asked:?}");
}

#[test]
fn a_server_that_does_not_understand_edns_is_told_with_the_way_round_it() {
    let world = World::default().server(ONE, |question, _| {
        let mut reply = reply(question);
        reply.metadata.response_code = ResponseCode::FormErr;
        at_once(&reply)
    });
    let answer = asks(&world, &[ONE], "www.example.", RecordType::A).unwrap();
    let text = Shown::default().text(&answer, "", "");
    assert!(text.contains("\n;; WARNING: EDNS query returned status FORMERR - retry with '+noedns'\n"), "{text}");
}

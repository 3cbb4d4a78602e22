//! Asking: retries, liars, truncation, outcomes, traces, over servers that are functions.

use std::net::SocketAddr;
use std::time::Duration;

use crate::world::{World, a, at_once, cname, name, ns, reply, soa, txt, zone};
use dns_logic::{
    Answer, Attempt, Outcome, Patience, Question, Shown, Transport, Unanswered, WireError, ask, nslookup, trace,
};
use futures::executor::block_on;
use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{RData, RecordType};

pub const ONE: &str = "192.0.2.1:53";
pub const TWO: &str = "192.0.2.2:53";

pub fn patience() -> Patience {
    Patience { per_try: Duration::from_secs(2), tries: 2, past_failures: false, until: Duration::from_secs(60) }
}

pub fn asks(
    world: &World,
    servers: &[&str],
    what: &str,
    kind: RecordType,
) -> Result<Answer, (Unanswered, Vec<Attempt>)> {
    let servers: Vec<SocketAddr> = servers.iter().map(|at| at.parse().unwrap()).collect();
    let (question, mut attempts) = (Question::new(name(what), kind), Vec::new());
    let asked = block_on(ask(world, &servers, &question, Transport::Udp, true, patience(), &mut attempts));
    match asked {
        Ok(answered) => Ok(Answer::new(answered, attempts)),
        Err(unanswered) => Err((unanswered, attempts)),
    }
}

pub fn results(attempts: &[Attempt]) -> Vec<(&str, &str)> {
    attempts.iter().map(|attempt| (attempt.server.as_str(), attempt.result)).collect()
}

#[test]
fn an_answer_is_read_whole() {
    let world = World::default().server(ONE, |question, _| {
        let mut reply = reply(question);
        reply.metadata.recursion_available = true;
        reply.add_answers([cname("www.example.", "web.example."), a("web.example.", [192, 0, 2, 80])]);
        at_once(&reply)
    });
    let answer = asks(&world, &[ONE], "www.example.", RecordType::A).unwrap();
    assert_eq!((answer.outcome, answer.status.as_str()), (Outcome::Answer, "NOERROR"));
    assert_eq!(answer.chain, ["www.example.", "web.example."]);
    assert_eq!(answer.answers[1].data, "192.0.2.80");
    assert_eq!(results(&answer.attempts), [(ONE, "answered")]);
    let text = Shown::default().text(&answer, "www.example", "now");
    assert!(
        text.contains(";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 7\n;; flags: qr ra; QUERY: 1, ANSWER: 2"),
        "{text}"
    );
    assert!(
        text.contains("\nwww.example.\t\t60\tIN\tCNAME\tweb.example.\nweb.example.\t\t60\tIN\tA\t192.0.2.80\n"),
        "{text}"
    );
    assert!(text.contains("\n;; Query time: 1 msec\n;; SERVER: 192.0.2.1#53(192.0.2.1) (UDP)\n"), "{text}");
    let short = Shown { short: true, ..Shown::default() };
    assert_eq!(short.text(&answer, "", ""), "web.example.\n192.0.2.80\n");
    assert!(nslookup(&answer, "www.example").ends_with("Non-authoritative answer:\nwww.example\tcanonical name = web.example.\nName:\tweb.example\nAddress: 192.0.2.80\n"));
}

#[test]
fn what_is_not_the_answer_is_passed_over_and_counted() {
    let world = World::default().server(ONE, |question, _| {
        let right = {
            let mut reply = reply(question);
            reply.add_answer(a("www.example.", [192, 0, 2, 80]));
            reply
        };
        let lie = |change: &dyn Fn(&mut Message)| {
            let mut lie = right.clone();
            lie.answers = vec![a("www.example.", [6, 6, 6, 6])];
            change(&mut lie);
            lie.to_vec().unwrap()
        };
        let wrong_id = lie(&|lie| lie.metadata.id ^= 1);
        let wrong_question = lie(&|lie| lie.queries[0].name = name("other.example."));
        let mut question_back = question.to_vec().unwrap();
        question_back[2] &= 0x7f;
        // A pointer to itself, and a message that ends in the middle of a record.
        let mut looping = right.to_vec().unwrap()[..12].to_vec();
        looping.extend([0xc0, 12, 0, 1, 0, 1]);
        let cut = {
            let all = right.to_vec().unwrap();
            all[..all.len() - 2].to_vec()
        };
        let coming = [
            wrong_id.clone(),
            wrong_id,
            wrong_question,
            question_back,
            looping,
            cut,
            Vec::new(),
            right.to_vec().unwrap(),
        ];
        Ok(coming.into_iter().map(|message| (1, message)).collect())
    });
    let answer = asks(&world, &[ONE], "www.example.", RecordType::A).unwrap();
    assert_eq!(answer.answers[0].data, "192.0.2.80");
    let ignored: Vec<_> = answer.attempts[0].ignored.iter().map(|one| (one.reason, one.count)).collect();
    assert_eq!(ignored, [("malformed", 3), ("not_a_reply", 1), ("wrong_id", 2), ("wrong_question", 1)]);
    assert!(Shown::default().text(&answer, "", "").contains("ignored: wrong id"));
}

#[test]
fn a_flood_of_lies_ends() {
    let world = World::default().server(ONE, |question, _| {
        let mut lie = reply(question);
        lie.metadata.id ^= 1;
        Ok(vec![(0, lie.to_vec().unwrap()); 100_000])
    });
    let (unanswered, attempts) = asks(&world, &[ONE], "www.example.", RecordType::A).unwrap_err();
    assert_eq!(unanswered.reason, "malformed");
    assert_eq!((attempts.len(), attempts[0].ignored[0].count), (2, 256));
}

#[test]
fn every_server_gets_its_turn_and_silence_has_an_end() {
    let world = World::default().server(TWO, |question, _| at_once(&reply(question)));
    let answer = asks(&world, &[ONE, TWO], "www.example.", RecordType::A).unwrap();
    assert_eq!(results(&answer.attempts), [(ONE, "timeout"), (TWO, "answered")]);
    assert_eq!((answer.outcome, answer.server.as_str()), (Outcome::Nodata, TWO));
    let (unanswered, attempts) = asks(&World::default(), &[ONE, TWO], "www.example.", RecordType::A).unwrap_err();
    assert_eq!((unanswered.reason, attempts.len()), ("timeout", 4));
}

#[test]
fn who_refuses_is_not_asked_again_and_a_refusal_of_the_policy_is_told_last() {
    let world = World::default().server(ONE, |_, _| Err(WireError::Refused)).server(TWO, |_, _| Err(WireError::Denied));
    let (unanswered, attempts) = asks(&world, &[ONE, TWO], "www.example.", RecordType::A).unwrap_err();
    assert_eq!((unanswered.reason, results(&attempts)), ("refused", vec![(ONE, "refused"), (TWO, "denied")]));
    let (unanswered, _) = asks(&world, &[TWO], "www.example.", RecordType::A).unwrap_err();
    assert_eq!(unanswered.reason, "denied");
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let serve = |tcp: bool| {
        move |question: &Message, transport: Transport| {
            let mut reply = reply(question);
            reply.add_answer(txt("www.example.", "first"));
            match transport {
                Transport::Udp => reply.metadata.truncation = true,
                Transport::Tcp if tcp => drop(reply.add_answer(txt("www.example.", "second"))),
                Transport::Tcp => return Err(WireError::Refused),
            }
            at_once(&reply)
        }
    };
    let world = World::default().server(ONE, serve(true)).server(TWO, serve(false));
    let whole = asks(&world, &[ONE], "www.example.", RecordType::TXT).unwrap();
    assert_eq!((whole.answers.len(), whole.transport, whole.partial), (2, Some(Transport::Tcp), false));
    assert_eq!(results(&whole.attempts), [(ONE, "truncated"), (ONE, "answered")]);
    let part = asks(&world, &[TWO], "www.example.", RecordType::TXT).unwrap();
    assert_eq!((part.answers.len(), part.transport, part.partial), (1, Some(Transport::Udp), true));
}

#[test]
fn failures_are_told_apart_with_their_extended_errors() {
    let serve = |code: ResponseCode, change: fn(&mut Message)| {
        move |question: &Message, _: Transport| {
            let mut reply = reply(question);
            reply.metadata.response_code = code;
            change(&mut reply);
            at_once(&reply)
        }
    };
    let outcome = |code, change| {
        let world = World::default().server(ONE, serve(code, change));
        let answer = asks(&world, &[ONE], "www.example.", RecordType::A).unwrap();
        (answer.outcome, answer.status.clone(), answer)
    };
    let nothing: fn(&mut Message) = |_| {};
    assert_eq!(outcome(ResponseCode::NXDomain, nothing).0, Outcome::Nxdomain);
    assert_eq!(outcome(ResponseCode::Refused, nothing).0, Outcome::Refused);
    assert_eq!(outcome(ResponseCode::NotImp, |reply| reply.queries.clear()).0, Outcome::Error);
    assert_eq!(
        outcome(ResponseCode::NoError, |reply| {
            reply.add_authority(soa("example."));
        })
        .0,
        Outcome::Nodata
    );
    assert_eq!(
        outcome(ResponseCode::NoError, |reply| {
            reply.add_authority(ns("example.", "ns.example."));
        })
        .0,
        Outcome::Referral
    );
    // An alias that leads nowhere is no answer to a question for an address.
    let alias: fn(&mut Message) = |reply| {
        reply.add_answer(cname("www.example.", "gone.example."));
    };
    assert_eq!(outcome(ResponseCode::NoError, alias).0, Outcome::Nodata);
    let (found, status, answer) = outcome(ResponseCode::ServFail, |reply| {
        let mut edns = Edns::new();
        edns.options_mut().options.push((EdnsCode::Unknown(15), EdnsOption::Unknown(15, b"\0\x06bogus\0".to_vec())));
        reply.set_edns(edns);
    });
    assert_eq!((found, status.as_str()), (Outcome::Servfail, "SERVFAIL"));
    assert_eq!(answer.edns.as_ref().unwrap().extended_errors[0].name.as_deref(), Some("DNSSEC Bogus"));
    assert!(Shown::default().text(&answer, "", "").contains("; EDE: 6 (DNSSEC Bogus): (bogus)\n"));
    assert!(nslookup(&answer, "www.example.").contains("** server can't find www.example: SERVFAIL\n"));
}

#[test]
fn aliases_in_a_circle_end() {
    let world = World::default().server(ONE, |question, _| {
        let mut reply = reply(question);
        reply.add_answers([cname("a.example.", "b.example."), cname("b.example.", "a.example.")]);
        at_once(&reply)
    });
    let answer = asks(&world, &[ONE], "a.example.", RecordType::A).unwrap();
    assert_eq!((answer.outcome, answer.chain.len()), (Outcome::Nodata, 3));
}

#[test]
fn more_records_than_an_answer_holds_are_counted() {
    // Compressed names are small in the message and long in the answer.
    let long = format!("{}example.", "a23456789.".repeat(23));
    let world = World::default().server(ONE, move |question, _| {
        let mut message = reply(question).to_vec().unwrap();
        message[6..8].copy_from_slice(&4000u16.to_be_bytes());
        // Name and data are pointers to the question's name.
        message.extend(b"\xc0\x0c\0\x02\0\x01\0\0\0\x3c\0\x02\xc0\x0c".repeat(4000));
        Ok(vec![(1, message)])
    });
    let answer = asks(&world, &[ONE], &long, RecordType::NS).unwrap();
    assert_eq!(answer.answers.len() + answer.omitted, 4000);
    assert!(answer.answers.len() > 500 && answer.omitted > 500, "{}", answer.omitted);
    assert!(serde_json::to_string(&answer).unwrap().len() < 2 << 20);
    assert!(Shown::default().text(&answer, "", "").contains(" records are not shown\n"));
}

pub fn traces(world: &World, what: &str) -> (Result<Answer, Unanswered>, Vec<Attempt>) {
    let (question, mut attempts) = (Question::new(name(what), RecordType::A), Vec::new());
    let resolver = ["192.0.2.53:53".parse().unwrap()];
    let traced = block_on(trace(world, &resolver, 53, &question, Transport::Udp, patience(), &mut attempts));
    (traced, attempts)
}

/// A resolver that knows the root, and what the zones do not say themselves.
fn resolver() -> World {
    World::default().server("192.0.2.53:53", zone(".", &[], &[("ns.elsewhere.", [192, 0, 2, 4])]))
}

#[test]
fn a_trace_goes_from_the_root_to_the_answer() {
    let world = resolver()
        .server("192.0.2.1:53", zone(".", &[("example.", "ns.example.", Some([192, 0, 2, 2]))], &[]))
        // The child's server has a name outside the zone: its address comes from the resolver,
        // whatever is said here.
        .server("192.0.2.2:53", zone("example.", &[("lab.example.", "ns.elsewhere.", Some([6, 6, 6, 6]))], &[]))
        .server("192.0.2.4:53", zone("lab.example.", &[], &[("www.lab.example.", [192, 0, 2, 80])]));
    let answer = traces(&world, "www.lab.example.").0.unwrap();
    assert_eq!((answer.outcome, answer.answers[0].data.as_str()), (Outcome::Answer, "192.0.2.80"));
    let steps: Vec<_> = answer.trace.iter().map(|step| (step.zone.as_str(), step.server.as_str())).collect();
    let expected =
        [(".", "192.0.2.53:53"), (".", "192.0.2.1:53"), ("example.", "192.0.2.2:53"), ("lab.example.", "192.0.2.4:53")];
    assert_eq!(steps, expected);
    for (server, _, asked, recurse) in world.asked.borrow().iter() {
        let resolver = server.ip().to_string() == "192.0.2.53";
        assert_eq!(*recurse, resolver, "{server} {asked}");
    }
    let text = Shown::default().text(&answer, "www.lab.example +trace", "");
    assert!(text.contains("\nexample.\t\t60\tIN\tNS\tns.example.\n;; Received"), "{text}");
    assert!(text.contains("from 192.0.2.4#53(ns.elsewhere) in 1 ms\n"), "{text}");
}

#[test]
fn a_trace_passes_over_servers_that_do_not_lead_down() {
    let up = |question: &Message, _: Transport| {
        let mut reply = reply(question);
        reply.add_authority(ns(".", "ns.root."));
        at_once(&reply)
    };
    let world = resolver()
        .server("192.0.2.1:53", |question, _| {
            let mut reply = reply(question);
            reply.add_authorities([ns("example.", "ns1.example."), ns("example.", "ns2.example.")]);
            reply.add_additionals([a("ns1.example.", [192, 0, 2, 2]), a("ns2.example.", [192, 0, 2, 3])]);
            at_once(&reply)
        })
        .server("192.0.2.2:53", up)
        .server("192.0.2.3:53", zone("example.", &[], &[]));
    let (answer, _) = traces(&world, "www.example.");
    let answer = answer.unwrap();
    assert_eq!((answer.outcome, answer.server.as_str()), (Outcome::Nxdomain, "192.0.2.3:53"));
    assert!(
        answer
            .attempts
            .iter()
            .any(|attempt| attempt.detail.as_deref().is_some_and(|why| why.contains("does not serve example.")))
    );
}

#[test]
fn a_trace_that_breaks_off_keeps_its_steps() {
    let world = resolver().server("192.0.2.1:53", zone(".", &[("example.", "ns.example.", Some([192, 0, 2, 9]))], &[]));
    let answer = traces(&world, "www.example.").0.unwrap();
    assert_eq!((answer.outcome, answer.partial, answer.trace.len()), (Outcome::Incomplete, true, 2));
    assert_eq!(answer.incomplete.as_deref(), Some("timed out"));
    assert!(Shown::default().text(&answer, "", "").ends_with(";; the trace ends here: timed out\n"));
}

#[test]
fn a_trace_without_anybody_is_no_answer() {
    let (none, attempts) = traces(&World::default(), "www.example.");
    assert_eq!(none.unwrap_err().reason, "timeout");
    assert!(attempts.iter().any(|attempt| attempt.server == "198.41.0.4:53"), "the root is known without being told");
}

#[test]
fn a_record_that_is_malformed_spoils_no_other() {
    let world = World::default().server(ONE, |question, _| {
        let mut reply = reply(question);
        let odd = RData::Unknown { code: RecordType::A, rdata: hickory_proto::rr::rdata::NULL::with(vec![1, 2, 3]) };
        let odd = hickory_proto::rr::Record::from_rdata(name("www.example."), 60, odd);
        reply.add_answers([odd, a("www.example.", [192, 0, 2, 80])]);
        at_once(&reply)
    });
    let answer = asks(&world, &[ONE], "www.example.", RecordType::A).unwrap();
    let data: Vec<&str> = answer.answers.iter().map(|record| record.data.as_str()).collect();
    assert_eq!(data, ["\\# 3 010203", "192.0.2.80"]);
}

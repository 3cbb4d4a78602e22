//! Any input, from the wire or from a caller, is read without a panic, and is
//! harmless where it is shown.

use std::time::Duration;

use crate::world::{a, cname, name, ns, reply, soa, txt};
use dns_logic::{Answer, Answered, Options, Question, Reply, Server, Shown, Target, Transport, nslookup};
use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use proptest::prelude::*;

fn answer(reply: Reply, question: &Question) -> Answer {
    let answered = Answered {
        question: question.clone(),
        reply,
        server: "192.0.2.1:53".parse().unwrap(),
        transport: Transport::Udp,
        elapsed: Duration::ZERO,
        partial: false,
    };
    Answer::new(answered, Vec::new())
}

fn shows_nothing_that_a_terminal_obeys(answer: &Answer) {
    let shown = [Shown::default().text(answer, "x", "now"), nslookup(answer, "x")];
    for text in shown {
        assert!(!text.chars().any(|c| c.is_control() && !"\n\t".contains(c)), "{text:?}");
    }
}

/// A message with a bit of everything.
fn rich() -> Vec<u8> {
    let question = Message::from_vec(&Question::new(name("www.example."), RecordType::ANY).message().unwrap()).unwrap();
    let mut reply = reply(&question);
    reply.add_answers([
        cname("www.example.", "web.example."),
        a("web.example.", [1, 2, 3, 4]),
        txt("web.example.", "x"),
    ]);
    reply.add_authorities([ns("example.", "ns.example."), soa("example.")]);
    reply.add_additional(a("ns.example.", [1, 2, 3, 4]));
    reply.set_edns(hickory_proto::op::Edns::new());
    reply.to_vec().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_behind_the_right_question(bytes in proptest::collection::vec(any::<u8>(), 0..300), counts: [u8; 3]) {
        let question = Question::new(name("www.example."), RecordType::A);
        let mut message = question.message().unwrap()[..12 + 13 + 4].to_vec();
        message[2] |= 0x80;
        for (index, count) in counts.iter().enumerate() {
            message[7 + 2 * index] = count % 8;
        }
        message.extend(bytes);
        if let Ok(reply) = Reply::read(&message, 0, &question) {
            shows_nothing_that_a_terminal_obeys(&answer(reply, &question));
        }
    }

    #[test]
    fn a_good_message_with_some_bytes_changed(changes in proptest::collection::vec((12usize..400, any::<u8>()), 1..8)) {
        let question = Question::new(name("www.example."), RecordType::ANY);
        let mut message = rich();
        for (at, byte) in changes {
            let length = message.len();
            message[12 + at % (length - 12)] = byte;
        }
        if let Ok(reply) = Reply::read(&message, 0, &question) {
            shows_nothing_that_a_terminal_obeys(&answer(reply, &question));
        }
    }

    #[test]
    fn a_good_message_cut_anywhere_is_refused(cut in 0usize..1000) {
        let question = Question::new(name("www.example."), RecordType::ANY);
        let message = rich();
        let cut = cut % message.len();
        prop_assert!(Reply::read(&message[..cut], 0, &question).is_err());
        prop_assert!(Reply::read(&message, 0, &question).is_ok());
    }

    #[test]
    fn any_text_is_a_target_or_refused(text in "\\PC{0,80}|[a-z0-9.:*_/@#\\[\\]-]{0,60}") {
        if let Ok(target) = Target::parse(&text) {
            let name = target.name();
            prop_assert!(name.is_fqdn() && name.len() <= 255);
            prop_assert!(Question::new(name, RecordType::A).message().is_ok());
        }
        let _ = Server::parse(&text);
        let _ = Options::parse(&text);
    }
}

//! Whatever calls come in whatever order: each message is returned once by calls that ask for what
//! is new, in order, and none is forgotten that was not acknowledged.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use tcp_logic::{Message, Messages};

#[derive(Debug, Clone)]
enum Step {
    Push(u8),
    /// What is new: so many.
    New(usize),
    After(u64, usize),
    /// An answer to a request was returned.
    Answer(u64),
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0u8..5).prop_map(Step::Push),
        3 => (1usize..6).prop_map(Step::New),
        1 => (0u64..40, 1usize..6).prop_map(|(after, limit)| Step::After(after, limit)),
        1 => (1u64..40).prop_map(Step::Answer),
        2 => Just(Step::Forget),
    ]
}

proptest! {
    #[test]
    fn each_message_is_returned_once_and_kept_until_it_was_acknowledged(steps in prop::collection::vec(step(), 0..80)) {
        let mut messages = Messages::default();
        let (mut pushed, mut taken) = (0u64, 0usize);
        let (mut returned, mut acknowledged) = (BTreeSet::new(), 0u64);
        let next = |returned: &BTreeSet<u64>, pushed: u64| (1..=pushed).filter(|n| !returned.contains(n)).collect::<Vec<_>>();
        for step in steps {
            match step {
                Step::Push(count) => for _ in 0..count {
                    pushed += 1;
                    taken += messages.push(Message::new(format!("{{\"n\":{pushed}}}"), pushed * 10, pushed * 10 + 10, None));
                },
                Step::New(limit) => {
                    messages.acknowledge(None);
                    acknowledged = acknowledged.max((1..=pushed).take_while(|n| returned.contains(n)).count() as u64);
                    let new = next(&returned, pushed);
                    prop_assert_eq!(messages.available(None), new.len() as u64);
                    let page = messages.page(None, limit, usize::MAX);
                    prop_assert_eq!(&page.numbers[..], &new[..limit.min(new.len())]);
                    prop_assert_eq!(page.more, new.len() > limit);
                    returned.extend(page.numbers);
                }
                Step::After(after, limit) => {
                    messages.acknowledge(Some(after));
                    let to = after.min(pushed);
                    returned.extend(1..=to);
                    acknowledged = acknowledged.max(to);
                    let held = messages.last() - messages.len() as u64;
                    let page = messages.page(Some(after), limit, usize::MAX);
                    let asked: Vec<u64> = (after.max(held) + 1..=pushed).collect();
                    prop_assert_eq!(&page.numbers[..], &asked[..limit.min(asked.len())]);
                    prop_assert_eq!((page.more, page.forgotten), (asked.len() > limit, held.saturating_sub(after)));
                    returned.extend(page.numbers);
                }
                Step::Answer(number) => {
                    messages.returned(number);
                    if messages.get(number).is_some() {
                        returned.insert(number);
                    }
                }
                Step::Forget => taken -= messages.forget_acknowledged(),
            }
            prop_assert_eq!((messages.last(), messages.bytes()), (pushed, taken));
            for number in acknowledged + 1..=pushed {
                let message = messages.get(number);
                prop_assert_eq!(message.map(|message| &*message.value), Some(&*format!("{{\"n\":{number}}}")), "not forgotten");
            }
            let needed = messages.first_needed().map(|start| start / 10);
            prop_assert!(needed.is_none_or(|needed| needed > acknowledged), "{:?} {}", needed, acknowledged);
            prop_assert_eq!(needed.is_none(), acknowledged >= pushed);
        }
    }
}

//! What is returned, what is acknowledged, and what is forgotten of a connection's messages.

use super::*;

fn filled(count: u64) -> Messages {
    let mut messages = Messages::default();
    for n in 1..=count {
        messages.push(Message::new(format!("{{\"n\":{n}}}"), (n - 1) * 10, n * 10, None));
    }
    messages
}

const ALL: usize = usize::MAX;

#[test]
fn each_call_gets_what_was_not_returned() {
    let mut messages = filled(3);
    assert_eq!(messages.available(None), 3);
    messages.acknowledge(None);
    let page = messages.page(None, 2, ALL);
    assert_eq!(page, Page { numbers: vec![1, 2], more: true, next_after: 2, forgotten: 0 });
    messages.acknowledge(None);
    assert_eq!((messages.page(None, 9, ALL).numbers, messages.available(None)), (vec![3], 0));
    let page = messages.page(None, 9, ALL);
    assert_eq!((page.numbers, page.more), (vec![], false));
    // What was returned can be had again by its number.
    assert_eq!(messages.page(Some(0), 9, ALL).numbers, [1, 2, 3]);
    assert_eq!((messages.available(Some(1)), messages.available(Some(7))), (2, 0));
}

#[test]
fn what_an_answer_to_a_request_was_is_not_returned_twice() {
    let mut messages = filled(2);
    messages.push(Message::new("{}".to_owned(), 20, 20, Some(7)));
    messages.push(Message::new("{}".to_owned(), 20, 30, Some(8)));
    assert_eq!(messages.answers_to(7, 0), [3]);
    assert_eq!(messages.answers_to(7, 3), [0; 0]);
    messages.returned(3);
    assert_eq!(messages.available(None), 3);
    assert_eq!(messages.page(None, 9, ALL).numbers, [1, 2, 4]);
    assert_eq!(messages.page(Some(2), 9, ALL).numbers, [3, 4], "by number, all are there");
}

#[test]
fn what_came_beside_an_answer_is_told_apart() {
    let mut messages = filled(2);
    messages.push(Message::new("{}".to_owned(), 20, 30, Some(7)));
    messages.push(Message::new("{}".to_owned(), 30, 40, None));
    messages.returned(2);
    assert_eq!((messages.unasked(0), messages.unasked(1)), (vec![1, 4], vec![4]));
    assert_eq!(messages.first_of([1, 4].into_iter(), 1), [1], "at least one");
    assert_eq!(messages.available(None), 2);
    assert_eq!(messages.first_of([3, 4, 9].into_iter(), ALL), [3, 4, 9]);
    assert_eq!(messages.available(None), 0);
}

#[test]
fn only_what_was_acknowledged_is_forgotten() {
    let mut messages = filled(5);
    assert_eq!((messages.forget_acknowledged(), messages.first_needed()), (0, Some(0)));
    messages.acknowledge(None);
    messages.page(None, 2, ALL);
    // Returned, but the caller has not shown that it was received.
    assert!(!messages.has_acknowledged() && messages.first_needed() == Some(0));
    messages.acknowledge(None);
    assert!(messages.has_acknowledged() && messages.first_needed() == Some(20));
    assert!(messages.forget_acknowledged() > 0);
    assert_eq!((messages.len(), messages.last(), messages.get(2), messages.get(3).is_some()), (3, 5, None, true));
    // A number is an acknowledgement of all before it, whether they were returned or not.
    messages.acknowledge(Some(4));
    assert_eq!((messages.available(None), messages.first_needed()), (1, Some(40)));
    let page = messages.page(Some(0), 9, ALL);
    assert_eq!((page.numbers, page.forgotten), (vec![3, 4, 5], 2), "they are held until room is needed");
    messages.forget_acknowledged();
    assert_eq!((messages.len(), messages.page(None, 9, ALL).numbers), (1, vec![]));
    messages.acknowledge(Some(u64::MAX));
    messages.forget_acknowledged();
    assert_eq!((messages.len(), messages.bytes(), messages.last(), messages.first_needed()), (0, 0, 5, None));
    messages.push(Message::new("{}".to_owned(), 50, 60, None));
    assert_eq!(messages.page(None, 9, ALL).numbers, [6], "numbers go on");
}

#[test]
fn clearing_forgets_all_and_counts_on() {
    let mut messages = filled(3);
    let held = messages.bytes();
    assert_eq!(messages.clear(), held);
    assert_eq!((messages.len(), messages.bytes(), messages.available(None), messages.last()), (0, 0, 0, 3));
    messages.push(Message::new("{}".to_owned(), 30, 31, None));
    messages.acknowledge(None);
    assert_eq!(messages.page(None, 9, ALL).numbers, [4]);
    assert_eq!(messages.page(Some(0), 9, ALL).forgotten, 3);
}

#[test]
fn a_page_ends_by_its_bytes_but_has_one_message() {
    let mut messages = Messages::default();
    for length in [10, 5000, 10, 10] {
        messages.push(Message::new(format!("\"{}\"", "x".repeat(length)), 0, 0, None));
    }
    let page = messages.page(None, 9, 1000);
    assert_eq!((page.numbers, page.more), (vec![1], true));
    let page = messages.page(None, 9, 1000);
    assert_eq!((page.numbers, page.more), (vec![2], true));
    let page = messages.page(None, 9, 1000);
    assert_eq!((page.numbers, page.more), (vec![3, 4], false));
}

#[test]
fn there_is_room_for_so_many_and_for_so_much() {
    let mut messages = filled(MOST_MESSAGES as u64 - 1);
    assert!(messages.has_room());
    messages.push(Message::new("{}".to_owned(), 0, 0, None));
    assert!(!messages.has_room());
    messages.acknowledge(Some(1));
    messages.forget_acknowledged();
    assert!(messages.has_room());
    let mut messages = Messages::default();
    messages.push(Message::new("x".repeat(MOST_BYTES), 0, 0, None));
    assert!(!messages.has_room());
    assert_eq!(messages.page(None, 9, 1000).numbers, [1]);
    messages.acknowledge(None);
    assert!(messages.forget_acknowledged() > MOST_BYTES && messages.has_room());
}

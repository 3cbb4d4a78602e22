//! Sets of ports, against the obvious model: a set of numbers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn lists_and_ranges_are_read_and_shown_canonically() {
    for (text, canonical) in [
        ("22", "22"),
        ("22,80", "22,80"),
        ("8000-8099,22", "22,8000-8099"),
        ("1-65535", "*"),
        ("*", "*"),
        ("5-5", "5"),
        ("1,2,3", "1-3"),
        ("65535", "65535"),
    ] {
        assert_eq!(Ports::parse(text).unwrap().to_string(), canonical, "{text}");
    }
}

#[test]
fn anything_else_is_refused_with_what_is_wrong() {
    for (text, message) in [
        ("", "the ports are missing"),
        ("0", "port 0 is not a port that can be dialled"),
        ("0-10", "port 0 is not a port that can be dialled"),
        ("65536", "port 65536 is above 65535"),
        ("70000", "port 70000 is above 65535"),
        ("80-22", "the range 80-22 runs backwards"),
        ("ssh", "`ssh` is not a port"),
        ("+22", "`+22` is not a port"),
        ("022", "`022` is not a port"),
        ("22,", "`` is not a port"),
        ("22, 23", "` 23` is not a port"),
        ("1-2-3", "`2-3` is not a port"),
        ("-5", "`` is not a port"),
        ("*,22", "`*` is not a port"),
    ] {
        assert_eq!(Ports::parse(text).unwrap_err().to_string(), message, "{text}");
    }
    assert_eq!(Ports::one(0), Err(PortsError::Zero));
}

#[test]
fn port_zero_is_in_no_set() {
    assert!(!Ports::all().contains(0));
    assert!(Ports::all().contains(1) && Ports::all().contains(65535));
    assert_eq!(Ports::all().count(), 65535);
}

fn items() -> impl Strategy<Value = Vec<(u16, u16)>> {
    prop::collection::vec((1u16..40, 0u16..6).prop_map(|(low, n)| (low, low + n)), 1..6)
}

fn both(items: &[(u16, u16)]) -> (Ports, BTreeSet<u16>) {
    let text: Vec<_> = items.iter().map(|(low, high)| format!("{low}-{high}")).collect();
    let model = items.iter().flat_map(|&(low, high)| low..=high).collect();
    (Ports::parse(&text.join(",")).unwrap(), model)
}

proptest! {
    #[test]
    fn it_is_a_set(a in items(), b in items()) {
        let ((a, model_a), (b, model_b)) = (both(&a), both(&b));
        for port in 0..60 {
            prop_assert_eq!(a.contains(port), model_a.contains(&port));
        }
        prop_assert_eq!(a.count() as usize, model_a.len());
        prop_assert_eq!(a.covers(&b), model_a.is_superset(&model_b));
        prop_assert_eq!(a.overlaps(&b), !model_a.is_disjoint(&model_b));
        prop_assert_eq!(a == b, model_a == model_b);
        prop_assert_eq!(Ports::parse(&a.to_string()), Ok(a));
    }

    #[test]
    fn no_text_panics(text in "[0-9,*-]{0,12}") {
        if let Ok(ports) = Ports::parse(&text) {
            prop_assert!(!ports.contains(0));
            prop_assert!(ports.count() > 0);
        }
    }
}

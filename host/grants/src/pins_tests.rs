//! The table of kept answers: clamped, bounded, renewed.

use super::*;
use crate::testing::{at, grants, pin, pinned, resolve};

fn insert(pins: &mut Pins, name: &str, address: &str, ttl: Option<u64>, now: u64) {
    let grants = grants(&["any *"], &[]);
    let permit = pin(&grants, name, address).unwrap();
    assert!(pins.insert(permit, ttl.map(Duration::from_secs), at(now)));
}

#[test]
fn time_to_live_is_clamped_and_sixty_seconds_where_unknown() {
    for (ttl, expires) in
        [(None, 160), (Some(0), 105), (Some(5), 105), (Some(6), 106), (Some(3600), 3700), (Some(86_400), 3700)]
    {
        let mut pins = Pins::new();
        insert(&mut pins, "a.example", "93.184.216.34", ttl, 100);
        let pin = pins.iter().next().unwrap();
        assert_eq!(pin.expires(), at(expires), "{ttl:?}");
        assert!(pin.is_live(at(expires - 1)) && !pin.is_live(at(expires)));
    }
}

#[test]
fn an_answer_is_kept_once_and_renewed() {
    let mut pins = Pins::new();
    insert(&mut pins, "a.example", "93.184.216.34", None, 0);
    insert(&mut pins, "b.example", "93.184.216.34", None, 0);
    insert(&mut pins, "a.example", "93.184.216.34", None, 30);
    let kept: Vec<_> = pins.iter().map(|p| (p.name().as_str(), p.expires())).collect();
    assert_eq!(kept, [("b.example", at(60)), ("a.example", at(90))]);
}

#[test]
fn a_full_table_drops_expired_pins_first_then_the_oldest() {
    let mut pins = Pins::new();
    for n in 0..MAX_PINS {
        let ttl = if n == 7 { Some(5) } else { None };
        insert(&mut pins, "a.example", &format!("93.184.1.{n}"), ttl, 0);
    }
    assert_eq!(pins.len(), MAX_PINS);
    insert(&mut pins, "a.example", "93.184.2.0", None, 10);
    assert_eq!(pins.len(), MAX_PINS);
    let has = |pins: &Pins, text: &str| pins.iter().any(|p| p.address().to_string() == text);
    assert!(!has(&pins, "93.184.1.7") && has(&pins, "93.184.1.0"));
    insert(&mut pins, "a.example", "93.184.2.1", None, 10);
    assert_eq!(pins.len(), MAX_PINS);
    assert!(!has(&pins, "93.184.1.0") && has(&pins, "93.184.1.1") && has(&pins, "93.184.2.1"));
}

#[test]
fn only_a_permit_for_an_answer_is_kept() {
    let grants = grants(&["any *"], &[]);
    let mut pins = Pins::new();
    assert!(!pins.insert(resolve(&grants, "a.example").unwrap(), None, at(0)));
    assert!(pins.is_empty());
}

#[test]
fn a_pin_knows_every_rule_that_let_it_be_kept() {
    let grants = grants(&["a.example 80", "10.0.0.0/8 1", "*.example 22", "b.example 1"], &[]);
    let pins = pinned(&grants, &[("a.example", "93.184.216.34")]);
    assert_eq!(pins.iter().next().unwrap().rules(), [RuleId::new(0, 0), RuleId::new(0, 2)]);
}

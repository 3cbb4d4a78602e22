//! Principals of one plugin: what each has for itself. No component runs here; that principals
//! share no instance is `tests/generations.rs`.

use cofferdam_audit::{Sink, Unwritten};
use cofferdam_grants::Limits;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::enforce::{NameServers, OwnFiles};
use crate::engine::Options;
use crate::handler::Handlers;

/// Takes every event, and keeps none.
struct Nowhere;

impl Sink for Nowhere {
    fn record(&self, _: &Event<'_>) -> Result<(), Unwritten> {
        Ok(())
    }
}

/// A plugin with these limits, whose component is none.
fn plugin(lifetime: Lifetime, limits: Limits) -> Arc<Plugin> {
    let runtime = Runtime::new(Options { cache: None, total_memory: None, sink: Arc::new(Nowhere) }).unwrap();
    let own = OwnFiles::new(Vec::new(), Vec::new(), Vec::new());
    let spec = Spec {
        name: "p".to_owned(),
        bytes: Cow::Borrowed(b"no component"),
        digest: Digest::of(b""),
        ahead: None,
        grants: Grants::default(),
        limits,
        settings: "{}".to_owned(),
        lifetime,
        concurrency: None,
    };
    Plugin::new(&runtime, &Environment::new(NameServers::System, own, Handlers::default()), spec)
}

fn request(principal: &str) -> Request {
    Request {
        tool: "t".to_owned(),
        arguments: "{}".to_owned(),
        caller: Arc::new(Caller { call: 1, principal: principal.to_owned(), client: None }),
        turn: None,
        deadline: None,
        cancel: CancellationToken::new(),
        progress: None,
        replies: Vec::new(),
    }
}

/// The code of what a call comes to.
async fn call(plugin: &Arc<Plugin>, principal: &str) -> String {
    plugin.call(request(principal)).await.0.unwrap_err().code().to_owned()
}

#[tokio::test]
async fn each_principal_has_its_own_calls_of_a_minute() {
    for lifetime in [Lifetime::Shared, Lifetime::PerCall] {
        let plugin = plugin(lifetime, Limits { calls_per_minute: 1, ..Limits::default() });
        assert_eq!(call(&plugin, "a").await, "plugin_invalid", "it was let in");
        assert_eq!(call(&plugin, "a").await, "rate_limited");
        assert_eq!(call(&plugin, "b").await, "plugin_invalid", "another's calls are another's");
        assert_eq!(call(&plugin, "b").await, "rate_limited");
    }
}

#[tokio::test]
async fn each_principal_has_its_own_places() {
    let limits = Limits { concurrent_calls: 1, descriptors: 1, lookups: 1, ..Limits::default() };
    let plugin = plugin(Lifetime::Shared, limits);
    let (a, b) = (plugin.tenant("a"), plugin.tenant("b"));
    assert!(Arc::ptr_eq(&a, &plugin.tenant("a")) && !Arc::ptr_eq(&a, &b));
    let held = a.admit(&plugin.about).unwrap();
    assert_eq!(call(&plugin, "a").await, "overloaded");
    assert_eq!(call(&plugin, "b").await, "plugin_invalid");
    drop(held);
    assert_eq!(call(&plugin, "a").await, "plugin_invalid");

    let gates = [&a, &a, &b].map(|tenant| tenant.gate(&plugin));
    let _descriptor = gates[0].descriptor(None).unwrap();
    assert!(gates[1].descriptor(None).is_err(), "instances of one principal share its places");
    assert!(gates[2].descriptor(None).is_ok());
    let _lookup = gates[0].names.question().unwrap();
    assert!(gates[1].names.question().is_err());
    assert!(gates[2].names.question().is_ok());
}

#[tokio::test]
async fn a_call_whose_plugin_was_not_known_waits_for_its_turn_no_longer_than_its_deadline() {
    let plugin = plugin(Lifetime::Shared, Limits::default());
    let orders = crate::instance::Orders::default();
    let (_first, second) = (orders.next_turn(None), orders.next_turn(None));
    let deadline = Some(Duration::from_millis(5));
    let request = Request { turn: Some(second), deadline, ..request("a") };
    let late = plugin.call(request).await;
    assert_eq!(late.0.err(), Some(CallError::Deadline { after: Duration::from_millis(5), by_policy: false }));
}

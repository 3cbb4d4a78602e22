//! Generations and principals, in this process: a policy and its plugins are replaced as a whole
//! while a call runs, and principals share no instance. Nothing replaces a generation from outside
//! yet, so there is no binary to ask.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cofferdam_audit::{ChainFile, Decision, Event, Keeping, Sink, Unwritten};
use cofferdam_policy::Policy;
use cofferdam_registry::{Answer, Call, Orders, OwnFiles, Policies, Principal, Registry, Setup, Turn};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{guest, raw_guest, scratch};

/// Which generation's rule decided, and whether it allowed.
#[derive(Default)]
struct Decided(Mutex<Vec<(u32, bool)>>);

impl Sink for Decided {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        let decided = match event {
            Event::Ask { decision: Decision::Allowed(Some(rule)), .. } => Some((rule.generation(), true)),
            Event::Ask { decision: Decision::Denied(denial), .. } => {
                denial.rule().map(|rule| (rule.generation(), false))
            }
            _ => None,
        };
        self.0.lock().unwrap().extend(decided);
        Ok(())
    }
}

fn setup(plugin: &str, flags: &[(&str, &str)], audit: Option<Arc<dyn Sink>>) -> Setup {
    let mut policy = Policy::empty();
    flags.iter().for_each(|(flag, rule)| policy.add_flag(flag, rule).unwrap());
    let own = OwnFiles::new(Vec::new(), Vec::new(), Vec::new());
    let (shipped, plugins, cache) = (Vec::new(), vec![plugin.into()], None);
    Setup { policy, shipped, plugins, cache, own, audit, policies: Arc::default() }
}

fn call(tool: &str, arguments: Value, principal: &str, turn: Option<Turn>) -> Call {
    let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
    Call {
        tool: tool.to_owned(),
        arguments,
        principal: Principal(principal.to_owned()),
        client: None,
        deadline: Some(Duration::from_secs(60)),
        turn,
        cancel: CancellationToken::new(),
        progress: None,
        person: None,
    }
}

/// An audit file in a folder of the test's own, which asks these policies, and what is in it.
fn audit_file(policies: &Arc<Policies>) -> (Arc<ChainFile>, impl Fn() -> Vec<Value> + use<>) {
    let folder = scratch("generations");
    let (file, policies) = (folder.join("audit.jsonl"), Arc::clone(policies));
    let keeping = Keeping { rule: Box::new(move |id| policies.rule(id)), ..Keeping::default() };
    let chain = Arc::new(ChainFile::open(&file, &folder.join("key"), keeping).unwrap());
    let lines = move || {
        let text = std::fs::read_to_string(&file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    (chain, lines)
}

/// The failure's code, or `ok`.
fn outcome(answer: &Answer) -> String {
    let failure = || serde_json::from_str::<Value>(answer.content[0].text().unwrap()).unwrap()["error"].clone();
    if answer.is_error { failure().as_str().unwrap().to_owned() } else { "ok".to_owned() }
}

#[tokio::test]
async fn a_call_ends_on_the_generation_that_it_was_found_on() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port();
    let (plugin, decided) = (guest("dials"), Arc::new(Decided::default()));
    let (allow, deny) = (("--allow-connect", "tcp://localhost:*"), ("--deny-connect", "tcp://127.0.0.1"));
    let audit = Some(Arc::clone(&decided) as Arc<dyn Sink>);
    let registry = Registry::open(setup(&plugin, &[allow], audit)).unwrap();
    registry.settled().await;
    let dial = |turn| registry.call(call("dial_std", json!({ "host": "127.0.0.1", "port": port }), "local", turn));
    let said = |answer: Answer| answer.structured.unwrap()["text"].as_str().unwrap().to_owned();
    let (orders, changes) = (Orders::default(), registry.changes());
    let before = orders.next_turn(registry.find("dial_std"));

    registry.replace(setup(&plugin, &[allow, deny], None));
    registry.settled().await;
    assert!(changes.has_changed().unwrap(), "whoever lists tools is told");
    assert_eq!(said(dial(None).await.unwrap()), "Err(PermissionDenied)");
    assert_eq!(said(dial(Some(before)).await.unwrap()), "Ok(())", "it arrived before the policy did");
    let after = orders.next_turn(registry.find("dial_std"));
    assert_eq!(said(dial(Some(after)).await.unwrap()), "Err(PermissionDenied)");

    let decided = decided.0.lock().unwrap().clone();
    let of = |generation: u32, allowed: bool| decided.iter().filter(|one| **one == (generation, allowed)).count();
    assert_eq!((of(0, false), of(1, false)), (0, 2), "{decided:?}");
    assert!(of(0, true) >= 1, "{decided:?}");
    registry.close().await;
}

#[tokio::test]
async fn a_running_call_goes_on_when_its_generation_is_replaced() {
    let plugin = guest("stuck");
    let flags = [("--allow-connect", "tcp://localhost:*")];
    let registry = Registry::open(setup(&plugin, &flags, None)).unwrap();
    registry.settled().await;
    let sleeps = call("sleep", json!({}), "local", None);
    let cancel = sleeps.cancel.clone();
    let sleeping = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.call(sleeps).await }
    });
    // The guest sleeps in the same instance, beside it.
    let echo = |text: &str| registry.call(call("echo", json!({ "text": text }), "local", None));
    assert_eq!(outcome(&echo("before").await.unwrap()), "ok");

    registry.replace(setup(&plugin, &flags, None));
    registry.settled().await;
    assert_eq!(outcome(&echo("after").await.unwrap()), "ok");
    assert!(!sleeping.is_finished());
    cancel.cancel();
    assert_eq!(outcome(&sleeping.await.unwrap().unwrap()), "cancelled");

    let sleeping = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.call(call("sleep", json!({}), "local", None)).await }
    });
    assert_eq!(outcome(&echo("beside it").await.unwrap()), "ok");
    registry.replace(setup(&plugin, &flags, None));
    registry.close().await;
    assert_eq!(outcome(&sleeping.await.unwrap().unwrap()), "shutting_down", "an earlier generation is closed too");
}

#[tokio::test]
async fn principals_share_no_instance() {
    // It answers once in one instance, and traps at what it finds of an earlier call.
    let registry = Registry::open(setup(&raw_guest("leaves_traces"), &[], None)).unwrap();
    registry.settled().await;
    let tool = registry.tools()[0].name.clone();
    let as_principal = async |name: &str| outcome(&registry.call(call(&tool, json!({}), name, None)).await.unwrap());
    assert_eq!(as_principal("a").await, "ok");
    assert_eq!(as_principal("b").await, "ok", "another's instance is another");
    assert_eq!(as_principal("a").await, "instance_lost", "one's own is the same");
    assert_eq!(as_principal("b").await, "instance_lost");
    registry.close().await;
}

#[tokio::test]
async fn the_audit_names_a_rule_by_the_policy_of_its_generation() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port();
    let policies = Arc::default();
    let (chain, events) = audit_file(&policies);
    let plugin = guest("dials");
    let first = setup(&plugin, &[("--allow-connect", "tcp://localhost:*")], Some(chain));
    let registry = Registry::open(Setup { policies, ..first }).unwrap();
    registry.settled().await;
    let dial = |turn| registry.call(call("dial_std", json!({ "host": "127.0.0.1", "port": port }), "local", turn));
    let before = Orders::default().next_turn(registry.find("dial_std"));
    registry.replace(setup(&plugin, &[("--allow-connect", "tcp://127.0.0.1:*")], None));
    registry.settled().await;
    assert_eq!(outcome(&dial(None).await.unwrap()), "ok");
    assert_eq!(outcome(&dial(Some(before)).await.unwrap()), "ok");
    let rules: Vec<Value> =
        events().iter().filter(|event| event["event"] == "ask").map(|ask| ask["rule"].clone()).collect();
    assert_eq!(rules, ["--allow-connect tcp://127.0.0.1:*", "--allow-connect tcp://localhost:*"], "{:?}", events());
    registry.close().await;
}

#[tokio::test]
async fn what_a_replaced_generation_has_open_is_recorded() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port();
    let (chain, events) = audit_file(&Arc::default());
    let plugin = guest("leaks");
    let flags = [("--allow-connect", "tcp://localhost:*")];
    let registry = Registry::open(setup(&plugin, &flags, Some(chain))).unwrap();
    registry.settled().await;
    let forget = |count: u32| {
        let dials = json!({ "port": port, "count": count, "reader": false, "writer": false });
        registry.call(call("forget", dials, "local", None))
    };
    let lost = || -> Vec<Value> {
        let lost = events().into_iter().filter(|event| event["event"] == "instance_lost");
        lost.map(|event| event["detail"].clone()).collect()
    };
    // Nothing is open: nothing is lost.
    assert_eq!(outcome(&forget(0).await.unwrap()), "ok");
    registry.replace(setup(&plugin, &flags, None));
    registry.settled().await;
    assert_eq!(outcome(&forget(2).await.unwrap()), "ok");
    assert_eq!(lost().len(), 0);
    registry.replace(setup(&plugin, &flags, None));
    assert_eq!(lost(), ["its generation was replaced; 2 open connections are lost"]);
    // Nor is it with the end of the server.
    registry.settled().await;
    assert_eq!(outcome(&forget(1).await.unwrap()), "ok");
    registry.close().await;
    drop(registry);
    assert_eq!(lost().len(), 1, "{:?}", events());
}

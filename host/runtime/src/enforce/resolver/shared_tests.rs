//! Askers that come and go.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn name() -> Name {
    Name::parse("db.example").unwrap()
}

fn found(ttl: u64) -> Told {
    let until = Some(Instant::now() + Duration::from_secs(ttl));
    Told { outcome: Ok(Resolved { addresses: Arc::new(["192.0.2.1".parse().unwrap()]), until }), nothing_for: None }
}

/// A question that ends when it is told to, and counts its beginnings and its ends.
struct Work {
    begun: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    go: watch::Sender<bool>,
}

struct Ends(Arc<AtomicUsize>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Work {
    fn new() -> Self {
        Self { begun: Arc::default(), ended: Arc::default(), go: watch::Sender::new(false) }
    }

    fn ask(&self, shared: &Shared, ttl: u64) -> Coming {
        let (begun, ends, mut go) = (Arc::clone(&self.begun), Ends(Arc::clone(&self.ended)), self.go.subscribe());
        let work = async move {
            let _ends = ends;
            begun.fetch_add(1, Ordering::SeqCst);
            let _ = go.wait_for(|go| *go).await;
            found(ttl)
        };
        shared.ask(&Handle::current(), &name(), Family::V4, work)
    }
}

#[tokio::test]
async fn equal_questions_are_one_and_its_answer_is_kept() {
    let (shared, work) = (Shared::default(), Work::new());
    let mut all: Vec<Coming> = (0..10).map(|_| work.ask(&shared, 60)).collect();
    // Who gives up takes nothing from the others.
    all.truncate(3);
    tokio::task::yield_now().await;
    work.go.send_replace(true);
    for mut coming in all {
        assert!(coming.outcome().await.is_ok());
    }
    assert_eq!(work.begun.load(Ordering::SeqCst), 1);
    assert!(work.ask(&shared, 60).is_known());
    assert!(shared.known(&name(), Family::V4).is_some());
    assert!(shared.known(&name(), Family::V6).is_none());
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_ends() {
    let (shared, work) = (Shared::default(), Work::new());
    let (first, mut second) = (work.ask(&shared, 60), work.ask(&shared, 60));
    drop(first);
    assert!(tokio::time::timeout(Duration::from_millis(50), second.outcome()).await.is_err());
    // The other one is never begun, and so ends at once.
    assert_eq!((work.begun.load(Ordering::SeqCst), work.ended.load(Ordering::SeqCst)), (1, 1));
    drop(second);
    let ended = async {
        while work.ended.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it ends");
    // Who asks then asks anew.
    let mut third = work.ask(&shared, 60);
    work.go.send_replace(true);
    assert!(third.outcome().await.is_ok());
    assert_eq!(work.begun.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_counts_no_more_is_asked_again() {
    let (shared, work) = (Shared::default(), Work::new());
    work.go.send_replace(true);
    assert!(work.ask(&shared, 0).outcome().await.is_ok());
    assert!(work.ask(&shared, 0).outcome().await.is_ok());
    assert_eq!(work.begun.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for() {
    let shared = Shared::default();
    for n in 0..MOST + 10 {
        let name = Name::parse(&format!("n{n}.example")).unwrap();
        shared.ask(&Handle::current(), &name, Family::V4, async { found(60) }).outcome().await.unwrap();
    }
    assert!(shared.entries().len() <= MOST, "{}", shared.entries().len());
}

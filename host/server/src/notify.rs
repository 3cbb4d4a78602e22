//! Notifications of the server: the tool list has changed, a call has progressed. rmcp broadcasts
//! neither. Subscribers are the peers of `initialize` sessions and the sinks of
//! `subscriptions/listen`.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cofferdam_registry::Progress;
use futures::future::join_all;
use rmcp::{
    RoleServer,
    model::ProgressToken,
    service::{Peer, SubscriptionSink},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{convert, pace};

/// Progress reports that may wait to be passed on. The sender drops more.
pub(crate) const REPORTS: usize = 64;

/// How long one subscriber may delay the next notification.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everyone who is notified of changes.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    all: Mutex<PeersAndSinks>,
}

#[derive(Debug, Default)]
struct PeersAndSinks {
    peers: Vec<Peer<RoleServer>>,
    sinks: Vec<(u64, SubscriptionSink)>,
    last_sink: u64,
}

impl Subscribers {
    /// Notifies this peer until its transport closes.
    pub(crate) fn add_peer(&self, peer: Peer<RoleServer>) {
        self.lock().peers.push(peer);
    }

    /// Notifies this sink until the subscription is dropped.
    pub(crate) fn add_sink(self: &Arc<Self>, sink: SubscriptionSink) -> Subscription {
        let mut all = self.lock();
        all.last_sink += 1;
        let number = all.last_sink;
        all.sinks.push((number, sink));
        Subscription { subscribers: self.clone(), number }
    }

    /// Notifies all that the tool list has changed. Returns when each was notified or took too
    /// long.
    async fn notify_all(&self) {
        let (peers, sinks) = {
            let mut all = self.lock();
            all.peers.retain(|peer| !peer.is_transport_closed());
            (all.peers.clone(), all.sinks.clone())
        };
        let to_peers = join_all(peers.iter().map(|peer| timeout(PATIENCE, peer.notify_tool_list_changed())));
        let to_sinks = join_all(sinks.iter().map(|(_, sink)| timeout(PATIENCE, sink.notify_tool_list_changed())));
        tokio::join!(to_peers, to_sinks);
    }

    fn lock(&self) -> MutexGuard<'_, PeersAndSinks> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sink among the subscribers.
#[derive(Debug)]
pub(crate) struct Subscription {
    subscribers: Arc<Subscribers>,
    number: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscribers.lock().sinks.retain(|(number, _)| *number != self.number);
    }
}

/// Notifies the subscribers of every change, until `stop` is cancelled. Changes that come meanwhile
/// are one notification.
pub(crate) async fn broadcast(
    subscribers: Arc<Subscribers>,
    mut changes: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    let notify = async {
        while changes.changed().await.is_ok() {
            subscribers.notify_all().await;
        }
    };
    stop.run_until_cancelled(notify).await;
}

/// Runs a call and sends its progress reports at a bounded rate, all of them before this returns.
/// Reports are dropped once `closing` is cancelled: nobody passes them on any more.
pub(crate) async fn with_reports<T>(
    call: impl Future<Output = T>,
    reports: mpsc::Receiver<Progress>,
    token: ProgressToken,
    peer: &Peer<RoleServer>,
    closing: &CancellationToken,
) -> T {
    let answered = CancellationToken::new();
    let call = async {
        let answer = call.await;
        answered.cancel();
        answer
    };
    let passed_on = pace::pass_on(reports, &answered, |report| {
        let sent = peer.notify_progress(convert::progress(report, token.clone()));
        async move { matches!(closing.run_until_cancelled(sent).await, Some(Ok(()))) }
    });
    tokio::join!(call, passed_on).0
}

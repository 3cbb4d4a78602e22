//! What the server says unasked: that the tool list has changed, and how far a call has come. rmcp broadcasts neither; here
//! are the peers of `initialize` sessions and the sinks of `subscriptions/listen`.

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

/// Progress reports that may wait to be passed on; more are dropped by the sender.
pub(crate) const REPORTS: usize = 64;

/// How long one listener may hold up the next notice.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everyone who wants to hear of changes.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    peers: Vec<Peer<RoleServer>>,
    sinks: Vec<(u64, SubscriptionSink)>,
    next: u64,
}

impl Audience {
    /// Notices go to this peer until its transport closes.
    pub(crate) fn join(&self, peer: Peer<RoleServer>) {
        self.seats().peers.push(peer);
    }

    /// Notices go to this sink until the seat is dropped.
    pub(crate) fn listen(self: &Arc<Self>, sink: SubscriptionSink) -> Seat {
        let mut seats = self.seats();
        seats.next += 1;
        let number = seats.next;
        seats.sinks.push((number, sink));
        Seat { audience: self.clone(), number }
    }

    /// Tells everyone that the list has changed; returns when everyone has heard or had the time to.
    async fn tell(&self) {
        let (peers, sinks) = {
            let mut seats = self.seats();
            seats.peers.retain(|peer| !peer.is_transport_closed());
            (seats.peers.clone(), seats.sinks.clone())
        };
        let told = join_all(peers.iter().map(|peer| timeout(PATIENCE, peer.notify_tool_list_changed())));
        let heard = join_all(sinks.iter().map(|(_, sink)| timeout(PATIENCE, sink.notify_tool_list_changed())));
        tokio::join!(told, heard);
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A subscription's place in the audience.
#[derive(Debug)]
pub(crate) struct Seat {
    audience: Arc<Audience>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.seats().sinks.retain(|(number, _)| *number != self.number);
    }
}

/// Tells the audience of every change until told to stop. Changes that come while it tells are told as one.
pub(crate) async fn broadcast(audience: Arc<Audience>, mut changes: watch::Receiver<u64>, stop: CancellationToken) {
    let tell_all = async {
        while changes.changed().await.is_ok() {
            audience.tell().await;
        }
    };
    stop.run_until_cancelled(tell_all).await;
}

/// Runs a call and sends its reports at their pace; what is sent of them is out before this returns.
/// Reports are dropped once `closing` is cancelled, when nobody passes them on any more.
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
        let notice = peer.notify_progress(convert::progress(report, token.clone()));
        async move { matches!(closing.run_until_cancelled(notice).await, Some(Ok(()))) }
    });
    tokio::join!(call, passed_on).0
}

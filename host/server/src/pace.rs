//! How often a client is told of one call's progress: some reports at once, then so many a second. Of those that come in between, the
//! newest waits for its turn, or for the end of the call.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use cofferdam_registry::Progress;
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

/// Reports that go out at once: the hops of a path, a page of a file that is followed.
const BURST: u32 = 64;

/// The time between two reports after that: twenty a second are more than a person reads.
const EACH: Duration = Duration::from_millis(50);

/// When the next report may go out.
struct Pace {
    /// Until when the reports that were sent have used up the time. They may be ahead of the clock by a burst.
    used: Instant,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { used: now }
    }

    /// How long the next report has to wait.
    fn wait(&self, now: Instant) -> Duration {
        self.used.saturating_duration_since(now).saturating_sub(EACH * (BURST - 1))
    }

    fn spend(&mut self, now: Instant) {
        self.used = self.used.max(now) + EACH;
    }
}

/// Passes reports on until the call is answered and those that had come by then are told of. Ends where one cannot be sent.
pub(crate) async fn pass_on<F: Future<Output = bool>>(
    mut reports: mpsc::Receiver<Progress>,
    answered: &CancellationToken,
    mut send: impl FnMut(Progress) -> F,
) {
    let mut pace = Pace::new(Instant::now());
    let mut newest: Option<Progress> = None;
    loop {
        let now = Instant::now();
        let wait = pace.wait(now);
        if let Some(report) = newest.take_if(|_| wait.is_zero()) {
            pace.spend(now);
            if !send(report).await {
                return;
            }
        }
        tokio::select! {
            biased;
            report = reports.recv() => match report {
                Some(report) => newest = Some(report),
                None => break,
            },
            () = answered.cancelled() => break,
            () = sleep(wait), if newest.is_some() => {}
        }
    }
    if let Some(report) = newest {
        send(report).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(progress: f64) -> Progress {
        Progress { progress, total: None, message: None }
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_at_a_time() {
        let begun = Instant::now();
        let mut pace = Pace::new(begun);
        for _ in 0..BURST {
            assert_eq!(pace.wait(begun), Duration::ZERO);
            pace.spend(begun);
        }
        for sent in 1..100 {
            assert_eq!(pace.wait(begun), EACH * sent);
            assert_eq!(pace.wait(begun + EACH * sent), Duration::ZERO);
            pace.spend(begun + EACH * sent);
        }
        // A short silence gives back what it is worth, a long one no more than a burst.
        for (silence, most) in [(EACH * 3, 3), (Duration::from_secs(3600), BURST)] {
            let mut pace = Pace { used: begun + EACH * BURST };
            let now = begun + silence;
            let mut sent = 0;
            while pace.wait(now).is_zero() {
                pace.spend(now);
                sent += 1;
            }
            assert_eq!(sent, most, "{silence:?}");
        }
    }

    #[tokio::test]
    async fn of_a_flood_the_first_and_the_last_are_told() {
        const FLOOD: usize = 10_000;
        let (sender, reports) = mpsc::channel(FLOOD);
        (0..FLOOD).for_each(|n| sender.try_send(report(n as f64)).unwrap());
        drop(sender);
        let begun = Instant::now();
        let mut told = Vec::new();
        let tell = |report: Progress| {
            told.push(report.progress);
            std::future::ready(true)
        };
        pass_on(reports, &CancellationToken::new(), tell).await;
        let most = BURST as usize + 1 + begun.elapsed().as_millis() as usize / EACH.as_millis() as usize;
        assert!(told.len() <= most, "{} of {most}", told.len());
        assert!(told.is_sorted(), "{told:?}");
        assert_eq!(told[..BURST as usize], (0..BURST).map(f64::from).collect::<Vec<_>>());
        assert_eq!(told.last(), Some(&((FLOOD - 1) as f64)));
    }

    #[tokio::test]
    async fn what_waits_is_told_when_its_time_has_come_and_when_the_call_ends() {
        let (sender, reports) = mpsc::channel(100);
        let (tell, mut told) = mpsc::channel(100);
        let answered = CancellationToken::new();
        let passing =
            pass_on(reports, &answered, |report: Progress| std::future::ready(tell.try_send(report.progress).is_ok()));
        let calling = async {
            for n in 0..=BURST {
                sender.send(report(n.into())).await.unwrap();
            }
            // The call goes on, and no further report pushes this one out.
            while told.recv().await != Some(BURST.into()) {}
            sender.send(report(1e6)).await.unwrap();
            answered.cancel();
        };
        tokio::join!(passing, calling);
        assert_eq!(told.recv().await, Some(1e6));
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_told_nothing_more() {
        let (sender, reports) = mpsc::channel(2);
        (0..2).for_each(|n| sender.try_send(report(n.into())).unwrap());
        let mut told = 0;
        let tell = |_| {
            told += 1;
            std::future::ready(false)
        };
        pass_on(reports, &CancellationToken::new(), tell).await;
        assert_eq!(told, 1);
    }
}

//! Progress reports of one call, sent at a bounded rate. While a report has to wait, a newer one
//! takes its place. The last one is sent when the call ends.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use cofferdam_registry::{Bucket, Progress, Rate};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

/// 64 reports at once (the hops of a path, a page of a file that is followed), then 20 a second:
/// more than a person reads.
const RATE: Rate = Rate { burst: 64, fills_in: Duration::from_millis(64 * 1000 / 20) };

/// Sends reports until the call is answered and those that came before are sent. Ends when one
/// cannot be sent.
pub(crate) async fn pass_on<F: Future<Output = bool>>(
    mut reports: mpsc::Receiver<Progress>,
    answered: &CancellationToken,
    mut send: impl FnMut(Progress) -> F,
) {
    let mut bucket = Bucket::new(RATE);
    let mut newest: Option<Progress> = None;
    loop {
        let mut wait = Duration::ZERO;
        if newest.is_some() {
            wait = bucket.take(1, Instant::now()).err().unwrap_or_default();
        }
        if let Some(report) = newest.take_if(|_| wait.is_zero())
            && !send(report).await
        {
            return;
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

    const BURST: u32 = RATE.burst;

    fn report(progress: f64) -> Progress {
        Progress { progress, total: None, message: None }
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
        let refilled = begun.elapsed().as_millis() * u128::from(BURST) / RATE.fills_in.as_millis();
        let most = BURST as usize + 2 + refilled as usize;
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

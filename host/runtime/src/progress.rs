//! How far a call has come, on the way from a guest to its caller.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

/// How far a call has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Grows with every report of one call.
    pub progress: f64,
    /// What `progress` will be at the end, if that is known.
    pub total: Option<f64>,
    /// A line for people, safe to show.
    pub message: Option<String>,
}

/// Takes the reports of one call.
#[derive(Debug)]
pub struct Reports {
    to: Option<mpsc::Sender<Progress>>,
    last: Mutex<f64>,
}

impl Reports {
    /// Passes reports on to this channel; without one, nobody has asked for any.
    pub fn to(channel: Option<mpsc::Sender<Progress>>) -> Self {
        Self { to: channel, last: Mutex::new(f64::NEG_INFINITY) }
    }

    /// Whether the caller has asked for reports.
    pub fn are_wanted(&self) -> bool {
        self.to.is_some()
    }

    /// Passes a report on. MCP asks that the number grows: a report whose number does not grow is
    /// dropped. So is one for which the channel has no room, because the caller does not keep up.
    pub fn report(&self, report: Progress) {
        let Some(to) = &self.to else { return };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Not true of what is not a number.
        if report.progress > *last {
            *last = report.progress;
            let _ = to.try_send(report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_grows_with_every_report_that_is_passed_on() {
        let (sender, mut receiver) = mpsc::channel(8);
        let reports = Reports::to(Some(sender));
        for progress in [f64::NAN, -1.0, 1.0, 1.0, 0.5, f64::NAN, 2.0] {
            reports.report(Progress { progress, total: None, message: None });
        }
        drop(reports);
        let passed = std::iter::from_fn(|| receiver.try_recv().ok()).map(|report| report.progress);
        assert_eq!(passed.collect::<Vec<_>>(), [-1.0, 1.0, 2.0]);
    }

    #[test]
    fn a_caller_that_does_not_keep_up_loses_reports() {
        let (sender, mut receiver) = mpsc::channel(1);
        let reports = Reports::to(Some(sender));
        let report = |progress| reports.report(Progress { progress, total: None, message: None });
        report(1.0);
        report(2.0);
        assert_eq!(receiver.try_recv().map(|report| report.progress), Ok(1.0));
        report(3.0);
        assert_eq!(receiver.try_recv().map(|report| report.progress), Ok(3.0));
    }
}

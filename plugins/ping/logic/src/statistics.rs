//! The numbers below the line: loss, duplicates, order, and round trips. Duplicates count for
//! themselves; the times are those of all answers, as iputils counts them.

use std::time::Duration;

/// What was sent and what came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Requests that were sent, or that this machine refused to send.
    pub transmitted: u32,
    /// Requests that were answered.
    pub received: u32,
    /// Answers to requests that had been answered before.
    pub duplicates: u32,
    /// First answers that came after the answer to a later request.
    pub out_of_order: u32,
    /// Answers with a wrong checksum.
    pub corrupted: u32,
    /// Errors: unreachable, time exceeded, too big; and advice, as iputils counts it.
    pub errors: u32,
    /// The most requests that were on their way when one was answered (iputils' `pipe`).
    pub pipe: u32,
    least: Option<Duration>,
    most: Duration,
    /// Of all round trips, in nanoseconds.
    sum: f64,
    sum_of_squares: f64,
}

/// Round trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rtt {
    /// The shortest.
    pub min: Duration,
    /// Their mean.
    pub avg: Duration,
    /// The longest.
    pub max: Duration,
    /// Their standard deviation (iputils' `mdev`).
    pub mdev: Duration,
}

impl Statistics {
    /// Takes in the round trip of a first answer.
    pub fn answered(&mut self, rtt: Duration) {
        self.received += 1;
        self.timed(rtt);
    }

    /// Takes in the round trip of another answer to the same request.
    pub fn duplicated(&mut self, rtt: Duration) {
        self.duplicates += 1;
        self.timed(rtt);
    }

    /// Takes in that this request was answered now.
    pub fn on_their_way(&mut self, sequence: u16) {
        self.pipe = self.pipe.max((self.transmitted + 1).saturating_sub(u32::from(sequence)));
    }

    fn timed(&mut self, rtt: Duration) {
        self.least = Some(self.least.map_or(rtt, |least| least.min(rtt)));
        self.most = self.most.max(rtt);
        let nanoseconds = rtt.as_secs_f64() * 1e9;
        self.sum += nanoseconds;
        self.sum_of_squares += nanoseconds * nanoseconds;
    }

    /// The part of the requests that was not answered, in percent; 0 if none was sent.
    pub fn loss(&self) -> f64 {
        match self.transmitted {
            0 => 0.0,
            transmitted => f64::from(transmitted.saturating_sub(self.received)) * 100.0 / f64::from(transmitted),
        }
    }

    /// The round trips, if there was any.
    pub fn rtt(&self) -> Option<Rtt> {
        let count = f64::from(self.received + self.duplicates);
        let average = self.sum / count;
        // Rounding can leave a variance of nothing slightly below nothing.
        let deviation = (self.sum_of_squares / count - average * average).max(0.0).sqrt();
        let time = |nanoseconds: f64| Duration::from_secs_f64(nanoseconds / 1e9);
        Some(Rtt { min: self.least?, avg: time(average), max: self.most, mdev: time(deviation) })
    }
}

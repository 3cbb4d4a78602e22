//! Repeatable random choices: a seed (`COFFERDAM_SEED`) draws what a test of random ends
//! does, and `COFFERDAM_ENDS` sets the number of ends. The scheduling of threads and
//! processes is not repeatable.

use std::time::Duration;

/// A generator of numbers (SplitMix64): the same seed, the same numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(1_000_003))
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, less than this.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    /// A time less than so many microseconds.
    pub fn micros(&mut self, limit: usize) -> Duration {
        Duration::from_micros(self.below(limit) as u64)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// The seed of this run, which is printed: the one that is asked for, or another each time.
pub fn seed() -> u64 {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = number("COFFERDAM_SEED").unwrap_or(u64::from(clock.subsec_nanos()));
    println!("COFFERDAM_SEED={seed}");
    seed
}

/// How many ends there are in this run, if nobody says otherwise.
pub fn ends(usually: usize) -> usize {
    number("COFFERDAM_ENDS").map_or(usually, |ends| usize::try_from(ends).unwrap())
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

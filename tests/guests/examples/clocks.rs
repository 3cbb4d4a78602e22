//! Claims: its clocks tell of the host what is none of its business, or stand
//! still, or can be waited out.
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Count, Text, begins, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Tells how long this instance has been there by its clock, in milliseconds, what time it is,
    /// and whether a thousand looks at the clock ever saw it go back.
    #[tool]
    async fn look(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let there = cofferdam_sdk::now();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let looks: Vec<Duration> = (0..1000).map(|_| cofferdam_sdk::now()).collect();
        text(format!("{} {wall} {}", there.as_millis(), looks.is_sorted()))
    }

    /// Sleeps for so many milliseconds; tells how long it took by its clock.
    #[tool]
    async fn sleep(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        begins("sleep");
        let begun = cofferdam_sdk::now();
        cofferdam_sdk::sleep(Duration::from_millis(a.count.into())).await;
        text((cofferdam_sdk::now() - begun).as_millis().to_string())
    }
}

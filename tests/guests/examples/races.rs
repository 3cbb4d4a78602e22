//! Claims: between the check and the use of a path it can be made to lead elsewhere.
use std::collections::BTreeMap;
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "reads.toml")]
impl Guest {
    /// Reads a path again and again for a second: what came, and how often.
    #[tool]
    async fn read_again(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        let begun = std::time::Instant::now();
        while begun.elapsed().as_millis() < 1000 {
            let read = std::fs::read_to_string(&a.text);
            *seen.entry(read.unwrap_or_else(|error| format!("{:?}", error.kind()))).or_default() += 1;
        }
        text(format!("{seen:?}"))
    }
}

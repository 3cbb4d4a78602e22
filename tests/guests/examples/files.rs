//! Claims: it can read files nobody granted.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Reads a file.
    #[tool]
    async fn read(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let tried = ["/etc/passwd", "etc/passwd", ".", "/"].map(|path| std::fs::metadata(path).is_ok());
        text(format!("{tried:?} {:?}", std::fs::read_to_string("/etc/passwd").map_err(|error| error.kind())))
    }
}

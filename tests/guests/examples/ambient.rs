//! Claims: it can read the host's environment, arguments and working directory.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Tells what it sees.
    #[tool]
    async fn look(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let variables: Vec<_> = std::env::vars().collect();
        let arguments: Vec<_> = std::env::args().collect();
        text(format!("{variables:?} {arguments:?} {:?}", std::env::current_dir().ok()))
    }
}

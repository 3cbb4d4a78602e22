//! Claims: it can change files that it was given to read.
use std::fs;
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "reads.toml")]
impl Guest {
    /// Tries everything that would change something below a directory with a file
    /// `file`; which of it succeeded.
    #[tool]
    async fn change(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        let at = |name: &str| format!("{}/{name}", a.text);
        let file = at("file");
        let tried = [
            ("write", fs::write(&file, "changed").is_ok()),
            ("create", fs::write(at("new"), "new").is_ok()),
            ("append", fs::OpenOptions::new().append(true).open(&file).is_ok()),
            ("truncate", fs::OpenOptions::new().write(true).truncate(true).open(&file).is_ok()),
            ("set-len", fs::File::open(&file).and_then(|file| file.set_len(0)).is_ok()),
            (
                "set-times",
                fs::File::open(&file).and_then(|f| f.set_modified(std::time::SystemTime::UNIX_EPOCH)).is_ok(),
            ),
            ("mkdir", fs::create_dir(at("folder")).is_ok()),
            ("rename", fs::rename(&file, at("other")).is_ok()),
            ("link", fs::hard_link(&file, at("second")).is_ok()),
            ("remove", fs::remove_file(&file).is_ok()),
            ("rmdir", fs::remove_dir(at("sub")).is_ok()),
            ("read", fs::read(&file).is_ok()),
        ];
        let done: Vec<&str> = tried.iter().filter(|(_, done)| *done).map(|(name, _)| *name).collect();
        text(format!("{done:?}"))
    }
}

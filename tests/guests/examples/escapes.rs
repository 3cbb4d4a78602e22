//! Claims: it can read what lies outside its directory, by `..`, links, and paths that
//! the host does not expect.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "reads.toml")]
impl Guest {
    /// Reads a file as any program would, through std.
    #[tool]
    async fn read_std(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(format!("{:?}", std::fs::read_to_string(a.text).map_err(|error| error.kind())))
    }

    /// Looks at a file, lists it and reads its link, through std.
    #[tool]
    async fn look_std(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        let stat = std::fs::metadata(&a.text).map(|about| about.len()).map_err(|error| error.kind());
        let list = std::fs::read_dir(&a.text)
            .map(|all| all.map(|one| one.map(|one| one.file_name())).count())
            .map_err(|error| error.kind());
        text(format!("{stat:?} {list:?} {:?}", std::fs::read_link(&a.text).map_err(|error| error.kind())))
    }

    /// Where it may read, as the SDK has it.
    #[tool]
    async fn sdk_roots(&self) -> Result<Text, Failure> {
        text(cofferdam_sdk::roots().join(" "))
    }

    /// Opens a path below the first root with nothing in between, and reads it.
    #[tool]
    async fn read_raw(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        let roots = get_directories();
        let Some((root, _)) = roots.first() else { return text("no roots") };
        let opened = root.open_at(PathFlags::SYMLINK_FOLLOW, &a.text, OpenFlags::empty(), DescriptorFlags::READ);
        let read =
            opened.and_then(|file| file.read(1000, 0)).map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
        text(format!("{read:?}"))
    }

    /// Opens a directory below the first root, and from there goes up.
    #[tool]
    async fn climb(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        let roots = get_directories();
        let Some((root, _)) = roots.first() else { return text("no roots") };
        let opened = root.open_at(PathFlags::SYMLINK_FOLLOW, &a.text, OpenFlags::DIRECTORY, DescriptorFlags::READ);
        let Ok(inner) = opened else { return text(format!("{:?}", opened.map(drop))) };
        let up = inner.open_at(PathFlags::SYMLINK_FOLLOW, "..", OpenFlags::DIRECTORY, DescriptorFlags::READ);
        let hashes = (inner.metadata_hash_at(PathFlags::empty(), ".."), inner.stat_at(PathFlags::empty(), "../.."));
        text(format!("{:?} {:?} {:?}", up.map(drop), hashes.0.map(drop), hashes.1.map(drop)))
    }

    /// Which roots there are.
    #[tool]
    async fn roots(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        text(format!("{:?}", get_directories().into_iter().map(|(_, name)| name).collect::<Vec<_>>()))
    }
}

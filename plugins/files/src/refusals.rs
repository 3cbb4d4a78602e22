//! Why something could not be read, in the user's words. What lies outside the granted files, what
//! is denied, and what is not there outside of them, reads the same.

use std::io;

use cofferdam_sdk::{Failure, Integer};
use files_logic::{UserPath, is_stop};
use wasip2::filesystem::types::{DescriptorType, ErrorCode};

use crate::disk::{Disk, code};

/// A type's name.
pub fn kind(kind: DescriptorType) -> &'static str {
    match kind {
        DescriptorType::RegularFile => "file",
        DescriptorType::Directory => "directory",
        DescriptorType::SymbolicLink => "symlink",
        DescriptorType::Fifo => "fifo",
        DescriptorType::Socket => "socket",
        DescriptorType::BlockDevice => "block-device",
        DescriptorType::CharacterDevice => "character-device",
        DescriptorType::Unknown => "unknown",
    }
}

/// A path argument.
pub fn path(text: &str) -> Result<UserPath, Failure> {
    UserPath::parse(text).map_err(|error| Failure::argument("file_path", error))
}

/// A number within bounds.
pub fn number(name: &'static str, value: Option<Integer>, default: u64, least: u64, most: u64) -> Result<u64, Failure> {
    files_logic::bounded(value.map(|Integer(value)| value), default, least, most)
        .map_err(|error| Failure::argument(name, error))
}

/// Why a path could not be read, in short.
pub fn reason(error: &io::Error) -> (&'static str, String) {
    if is_stop(error) {
        return ("deadline", "time was up before anything was read".to_owned());
    }
    match code(error) {
        Some(ErrorCode::NotPermitted) => ("not_allowed", "not allowed or not there".to_owned()),
        Some(ErrorCode::Access) => ("permission_denied", "the system does not let this server read it".to_owned()),
        Some(ErrorCode::NoEntry) => ("not_found", "there is no such file".to_owned()),
        Some(ErrorCode::IsDirectory) => ("is_directory", "it is a directory; ls_tool lists it".to_owned()),
        Some(ErrorCode::NotDirectory) => ("not_directory", "a part of the path is not a directory".to_owned()),
        Some(ErrorCode::Loop) => ("link_loop", "its symbolic links lead in a circle".to_owned()),
        Some(ErrorCode::Unsupported) => ("not_a_file", "it is neither a regular file nor a directory".to_owned()),
        Some(ErrorCode::Quota) => ("limit", "this plugin has as many files open as the operator allows".to_owned()),
        Some(ErrorCode::NameTooLong) => ("not_found", "there is no such file: the name is too long".to_owned()),
        Some(ErrorCode::WouldBlock) => {
            ("would_block", "it has nothing to read now, and would have to be waited for".to_owned())
        }
        Some(other) => ("io_error", format!("it cannot be read ({})", other.message())),
        // The search's own words.
        None if error.kind() == io::ErrorKind::Unsupported => ("not_searched", error.to_string()),
        None => ("io_error", format!("it cannot be read ({error})")),
    }
}

/// The failure of a tool for a path.
pub fn failure(disk: &Disk, path: &UserPath, error: &io::Error) -> Failure {
    let (code, mut reason) = reason(error);
    if code == "not_a_file"
        && let Ok(stat) = disk.stat(path, true)
    {
        reason = format!("it is a {}, and only regular files are read", kind(stat.type_));
    }
    Failure::new(code, format_args!("`{path}`: {reason}")).with("file_path", path.as_str())
}

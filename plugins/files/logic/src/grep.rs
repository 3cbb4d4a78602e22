//! Searching: what is asked (`options`, `pattern` with its `syntax` and `list`s), one file (`search`, `collect`, `resume`), many files
//! (`walk`), and how it is printed (`print`).

mod collect;
mod list;
mod options;
mod pattern;
mod perl;
mod print;
mod resume;
mod search;
mod syntax;
mod walk;

pub use options::{Options, OptionsError, Syntax};
pub use pattern::PatternError;
pub use print::Printer;
pub use resume::Resume;
pub use search::{Budget, Found, Line, Search};
pub use syntax::SyntaxError;
pub use walk::{Filter, Kind, Tree, Visit, walk};

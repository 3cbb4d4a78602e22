//! Searching: what is asked (`options`, `pattern` with its `syntax` and `list`s), one file
//! (`search`, `collect`, `found`, `resume`), many files (`walk`), and how it is printed (`print`).

mod collect;
mod found;
mod list;
mod literal;
mod options;
mod pattern;
mod perl;
mod print;
mod resume;
mod search;
mod syntax;
mod syntax_error;
mod walk;

pub use found::{Budget, Found, Line};
pub use options::{Options, OptionsError, Syntax};
pub use pattern::PatternError;
pub use print::Printer;
pub use resume::Resume;
pub use search::Search;
pub use syntax_error::SyntaxError;
pub use walk::{Filter, Kind, Tree, Visit, walk};

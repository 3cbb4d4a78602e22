//! Searching: what is asked (`options`, `syntax`), one file (`search`), many files (`walk`).

mod options;
mod search;
mod syntax;
mod walk;

pub use options::{Options, OptionsError, Syntax};
pub use search::{Budget, Found, Line, PatternError, Search};
pub use syntax::SyntaxError;
pub use walk::{Filter, Kind, Tree, Visit, walk};

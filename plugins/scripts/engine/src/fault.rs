//! What is wrong with a script, in words for whoever wrote it.

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use crate::limits::{FUNCTIONS, Limits, VARIABLES};

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The source is at fault: there is no program.
    Source,
    /// A run is at fault: the next one may go well.
    Run,
    /// A limit is exceeded, by the source or by a run.
    Limit,
}

/// What is wrong with a script, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: Kind,
    /// Line and column, from 1; columns count characters.
    pub at: Option<(u32, u32)>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Fault {}

/// What helpers fail with.
pub(crate) type Failable<T> = Result<T, Box<EvalAltResult>>;

/// A helper's answer: it says which kind of error there is none of.
pub(crate) fn fine<T>(value: T) -> Failable<T> {
    Ok(value)
}

/// A helper's fault that a script may catch.
pub(crate) fn wrong<T>(message: impl Into<String>) -> Failable<T> {
    Err(message.into().into())
}

/// A limit is exceeded, which no script catches.
pub(crate) fn exceeded<T>(message: impl Into<String>) -> Failable<T> {
    Err(EvalAltResult::ErrorTerminated(message.into().into(), Position::NONE).into())
}

/// What a helper's fault says.
pub(crate) fn said(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => value.to_string(),
        other => named(&other.to_string()),
    }
}

/// The most bytes of a message: what a script throws is as long as it likes.
const LONGEST: usize = 500;

impl Fault {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self::placed(kind, Position::NONE, message.into())
    }

    pub(crate) fn placed(kind: Kind, position: Position, mut message: String) -> Self {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let at = position.line().map(|line| (number(line), number(position.position().unwrap_or(1))));
        if message.is_empty() {
            message.push_str("the script throws");
        }
        if message.len() > LONGEST {
            message.truncate(message.floor_char_boundary(LONGEST));
            message.push('…');
        }
        Self { kind, at, message }
    }

    /// Of a source.
    pub(crate) fn parsing(ParseError(error, position): ParseError) -> Self {
        let (kind, message) = match *error {
            ParseErrorType::ExprTooDeep => {
                (Kind::Limit, "the expressions lie too deep within one another; split them".to_owned())
            }
            ParseErrorType::TooManyFunctions => (Kind::Limit, format!("there are more than {FUNCTIONS} functions")),
            ParseErrorType::LiteralTooLarge(what, most) => (Kind::Limit, format!("{what} is over the limit of {most}")),
            ParseErrorType::AssignmentToConstant(name) => (Kind::Source, constant(&name)),
            ParseErrorType::VariableUndefined(name) => (Kind::Source, no_variable(&name)),
            other => (Kind::Source, other.to_string()),
        };
        Self::placed(kind, position, message)
    }

    /// Of a run.
    pub(crate) fn running(mut error: Box<EvalAltResult>, limits: &Limits) -> Self {
        // The innermost place is the one to look at.
        let mut outer = error.take_position();
        while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = *error {
            error = inner;
            let place = error.take_position();
            outer = if place.is_none() { outer } else { place };
        }
        let (kind, message) = match &*error {
            EvalAltResult::ErrorTerminated(..) => (Kind::Limit, said(&error)),
            EvalAltResult::ErrorFunctionNotFound(call, _) => (Kind::Run, format!("there is no {}", named(call))),
            EvalAltResult::ErrorVariableNotFound(name, _) => (Kind::Run, no_variable(name)),
            EvalAltResult::ErrorAssignmentToConstant(name, _)
            | EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => (Kind::Run, constant(name)),
            EvalAltResult::ErrorStackOverflow(_) => {
                (Kind::Limit, format!("functions call one another more than {} deep", limits.calls))
            }
            EvalAltResult::ErrorTooManyVariables(_) => {
                (Kind::Limit, format!("there are more than {VARIABLES} variables"))
            }
            EvalAltResult::ErrorDataTooLarge(what, _) => (Kind::Limit, too_large(what, limits)),
            other => (Kind::Run, said(other)),
        };
        Self::placed(kind, outer, message)
    }
}

/// That a variable is not there.
fn no_variable(name: &str) -> String {
    format!("there is no variable `{name}` here; begin one by `let`, and give a function what it needs")
}

/// That a variable cannot be changed.
fn constant(name: &str) -> String {
    format!("`{name}` cannot be changed; keep values in `state`, or begin a variable by `let`")
}

/// Which value is too large, as the language calls it.
fn too_large(what: &str, limits: &Limits) -> String {
    match what {
        "Length of string" => format!("a text has more than {} bytes", limits.value),
        "Size of object map" => format!("a map has more than {} members, with all in it", limits.members),
        _ => format!("a list has more than {} members, with all in it", limits.members),
    }
}

/// The language's names of types as the reference names them.
fn named(text: &str) -> String {
    let mut named = text.to_owned();
    for (theirs, ours) in
        [("&str | ImmutableString | String", "text"), ("i64", "int"), ("f64", "float"), ("array", "list")]
    {
        named = named.replace(theirs, ours);
    }
    named
}

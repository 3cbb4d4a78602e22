//! Prints the session: each request and its answer on a line, in columns, with received text below.
//! It knows the usual keys of answers, and no tool.

use std::time::Duration;

use cofferdam_policy::plain;
use serde_json::{Map, Value};

use crate::terminal::{self, Colour};

/// Where details begin.
const COLUMN: usize = 21;

/// How many characters of details are shown, of one value, and of one quoted line.
const DETAILS: usize = 84;
const VALUE: usize = 48;
const WIDTH: usize = 240;

/// How many lines of received text are shown.
const LINES: usize = 9;

/// Keys whose value says in a word what came of a call.
const OUTCOMES: [&str; 3] = ["error", "status", "ended"];

/// Received text, lists, and what a refusal says, shown beneath the answer.
const BENEATH: [&str; 3] = ["detail", "data", "connections"];

/// The keys of an answer that are printed, in this order.
const TOLD: [&str; 11] = [
    "message",
    "reason",
    "address",
    "bytes_sent",
    "bytes_received",
    "chunks",
    "next_offset",
    "total_connections",
    "immediate_response",
    "connected",
    "connections_lost",
];

/// The keys of an object in a list that are printed.
const LISTED: [&str; 6] = ["connection_id", "port", "connected", "bytes_sent", "bytes_received", "triggers"];

/// The printed session.
pub struct Transcript {
    colour: Colour,
}

impl Transcript {
    pub fn new() -> Self {
        Self { colour: Colour::of_stdout() }
    }

    /// Any line.
    pub fn line(&self, text: &str) {
        // A closed reader is no error. The exit code gives the result.
        let _ = terminal::print(&format!("{text}\n"));
    }

    /// What comes next.
    pub fn heading(&self, text: &str) {
        self.line(&format!("\n{}", self.colour.bold(text)));
    }

    /// A request.
    pub fn asked(&self, name: &str, arguments: &Map<String, Value>) {
        let details: Vec<String> = arguments.iter().map(|(key, value)| format!("{key}: {}", short(value))).collect();
        self.line(format!("→ {name:<COLUMN$}{}", clip(&details.join(", "), DETAILS)).trim_end());
    }

    /// An answer in the words of who asked.
    pub fn answered(&self, outcome: &str, details: &str, took: Duration) {
        self.row(&self.colour.green(&format!("{outcome:<COLUMN$}")), details, took);
    }

    /// The answer of a tool: without what it only repeats of the question.
    pub fn result(&self, arguments: &Map<String, Value>, body: &Map<String, Value>, is_error: bool, took: Duration) {
        let outcome = OUTCOMES.iter().find_map(|key| body.get(*key)?.as_str()).unwrap_or("ok");
        let outcome = format!("{outcome:<COLUMN$}");
        let outcome = if is_error { self.colour.red(&outcome) } else { self.colour.green(&outcome) };
        let news = |key: &&&str| body.contains_key(**key) && body.get(**key) != arguments.get(**key);
        let told = |key: &&str| format!("{key}: {}", body.get(*key).map(short).unwrap_or_default());
        let details: Vec<String> = TOLD.iter().filter(news).map(told).collect();
        self.row(&outcome, &details.join(", "), took);
        for key in BENEATH {
            match body.get(key) {
                Some(Value::String(text)) => self.quote(text),
                Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                    self.quote(&items.iter().filter_map(Value::as_str).collect::<String>());
                }
                Some(Value::Array(items)) => self.quote(&items.iter().map(summary).collect::<Vec<_>>().join("\n")),
                _ => {}
            }
        }
    }

    /// Something that was seen from outside the session.
    pub fn note(&self, text: &str) {
        self.line(&format!("  {text}"));
    }

    /// Received text, made safe for a terminal.
    pub fn quote(&self, text: &str) {
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let more = lines.len().saturating_sub(LINES);
        for line in lines.iter().take(LINES) {
            self.line(&format!("  {} {}", self.colour.dim("│"), clip(line.trim_end(), WIDTH)));
        }
        if more > 0 {
            self.line(&format!("  {} … {more} more lines", self.colour.dim("│")));
        }
    }

    /// Something that is not as expected.
    pub fn fault(&self, expected: &str) {
        self.line(&self.colour.red(&format!("  not so: {expected}")));
    }

    fn row(&self, outcome: &str, details: &str, took: Duration) {
        let took = self.colour.dim(&format!("({:.1} ms)", took.as_secs_f64() * 1000.0));
        let gap = if details.is_empty() { "" } else { "  " };
        self.line(&format!("← {outcome}{}{gap}{took}", clip(details, DETAILS)));
    }
}

/// A value in a few words: texts without quotes, line ends as escapes.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => clip(&text.replace('\r', "\\r").replace('\n', "\\n"), VALUE),
        other => clip(&other.to_string(), VALUE),
    }
}

/// An object of a list on one line.
fn summary(item: &Value) -> String {
    let Some(object) = item.as_object() else { return short(item) };
    let listed = LISTED.iter().filter_map(|key| Some(format!("{key}: {}", short(object.get(*key)?))));
    listed.collect::<Vec<_>>().join(", ")
}

/// At most so many characters, none of them able to steer a terminal.
fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.chars().map(plain).collect(),
        Some(_) => text.chars().take(most - 1).map(plain).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_cannot_steer_a_terminal() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
        assert_eq!(clip("\u{1b}[2J", 10), "\u{fffd}[2J");
        assert_eq!(short(&Value::from("PONG $1\r\n")), "PONG $1\\r\\n");
    }
}

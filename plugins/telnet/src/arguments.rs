//! What the tool takes. The first three are ITMCP's; without any other they ask for a probe. Ranges
//! are checked where they are used, so that the message can say what is meant. An empty word is an
//! absent one: some clients fill in every argument.

use std::time::Duration;

use cofferdam_sdk::{Failure, Integer};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use telnet_logic as logic;

// What a model reads of most of them stands in the tool's own description,
// which says it in fewer bytes.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Telnet {
    pub target: String,
    pub port: Integer,
    /// Seconds to connect, and for each step (4)
    pub timeout: Option<Integer>,
    /// # Details
    /// The conversation, step by step; [] only connects and returns the greeting. Without any
    /// argument of a session: a probe.
    pub steps: Option<Vec<Step>>,
    /// # Details
    /// Name to answer the login prompt with, before the steps.
    #[serde(default, deserialize_with = "word")]
    pub user: Option<String>,
    /// # Details
    /// Password to answer the password prompt with. It never appears in the answer, but it has
    /// passed through the model: prefer accounts that may do little. An empty one takes a step that
    /// sends an empty text.
    #[serde(default, deserialize_with = "word")]
    pub password: Option<String>,
    /// # Details
    /// Go on with a session that an earlier call kept (same target and port).
    #[serde(default, deserialize_with = "word")]
    pub session_id: Option<String>,
    /// # Details
    /// Keep the connection open and return a `session_id` (default false). Kept sessions close
    /// after 5 minutes without a call.
    pub keep: Option<bool>,
    /// # Details
    /// What the return key sends (default crlf; cr once both sides have agreed on
    /// binary). If a login with the right password fails, try cr: some consoles take the
    /// lf of crlf for an empty password.
    #[serde(default, deserialize_with = "choice")]
    pub line_end: Option<LineEnd>,
    /// # Details
    /// Terminal type to tell the server (default dumb, which gets the plainest text).
    #[serde(default, deserialize_with = "word")]
    pub terminal: Option<String>,
    /// # Details
    /// Terminal width to tell the server (default 200).
    pub columns: Option<Integer>,
    /// # Details
    /// Terminal height to tell the server (default 100); a greater one makes pagers ask less often.
    pub rows: Option<Integer>,
    /// # Details
    /// How the server's bytes are characters (default utf-8). A byte that is none is shown as \xNN,
    /// and `expect` matches it so.
    #[serde(default, deserialize_with = "choice")]
    pub encoding: Option<Encoding>,
    /// # Details
    /// How long nothing has to arrive until the server is taken to be done, in
    /// milliseconds (default 500).
    pub silence_ms: Option<Integer>,
    /// # Details
    /// Most bytes of transcript to return (default 65536); of more, the beginning
    /// and the end of each piece.
    pub output_limit: Option<Integer>,
}

// How the server's bytes are characters.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
    #[serde(rename = "cp437")]
    Cp437,
}

// What the return key sends.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineEnd {
    #[serde(rename = "crlf")]
    CrLf,
    Cr,
    Lf,
    CrNul,
}

impl From<LineEnd> for logic::LineEnd {
    fn from(line_end: LineEnd) -> Self {
        match line_end {
            LineEnd::CrLf => logic::LineEnd::CrLf,
            LineEnd::Cr => logic::LineEnd::Cr,
            LineEnd::Lf => logic::LineEnd::Lf,
            LineEnd::CrNul => logic::LineEnd::CrNul,
        }
    }
}

/// A word that may be empty: then it is absent.
fn word<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(source)?.filter(|word| !word.is_empty()))
}

/// The same of a word that is one of a few.
fn choice<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(source: D) -> Result<Option<T>, D::Error> {
    let Some(word) = word(source)? else { return Ok(None) };
    T::deserialize(serde_json::Value::String(word)).map(Some).map_err(serde::de::Error::custom)
}

// What waits for something, then sends something.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// # Details
    /// Regular expression to wait for: multi-line, no look-around, over the text as a
    /// person sees it. `[>#] ?\z` is a prompt at the end of what has come, once the server
    /// is quiet behind it for 100 ms ($ is the end of any line). Without it, the step waits
    /// until the server is silent.
    #[serde(default, deserialize_with = "word")]
    pub expect: Option<String>,
    /// # Details
    /// Text to send then; a line break is the return key, \u0003 is Ctrl-C.
    #[schemars(length(min = 0))]
    pub send: Option<String>,
    /// # Details
    /// Whether the return key follows `send` (default true).
    pub enter: Option<bool>,
    /// # Details
    /// Do not show `send` in the transcript (default false; answers to password
    /// prompts are never shown).
    pub secret: Option<bool>,
    /// # Details
    /// Answer every match until the next step's turn comes, perhaps none:
    /// for pagers (default false).
    pub repeat: Option<bool>,
    /// # Details
    /// Pass over this step if the next one's turn comes first (default false).
    pub optional: Option<bool>,
    /// # Details
    /// How long to wait for `expect`, in milliseconds, instead of `timeout`.
    pub timeout_ms: Option<Integer>,
    /// # Details
    /// What the return key sends in this step, instead of the session's `line_end`.
    #[serde(default, deserialize_with = "choice")]
    pub line_end: Option<LineEnd>,
}

impl Telnet {
    /// Whether no more is asked than if the port can be reached.
    pub fn is_probe(&self) -> bool {
        self.steps.is_none()
            && self.user.is_none()
            && self.password.is_none()
            && self.session_id.is_none()
            && !self.keep.unwrap_or(false)
    }

    /// The steps, compiled.
    pub fn script(&self, times: logic::Times) -> Result<logic::Script, Failure> {
        let mut steps = Vec::new();
        for (step, number) in self.steps.iter().flatten().zip(1..) {
            let timeout = plugin_kit::milliseconds("steps", step.timeout_ms, times.step, times.end);
            let timeout = timeout.map_err(|_| {
                Failure::argument(
                    "steps",
                    format_args!("step {number}: `timeout_ms` must be at least 1 (milliseconds)"),
                )
            })?;
            steps.push(logic::Step {
                expect: step.expect.clone(),
                send: step.send.clone(),
                enter: step.enter.unwrap_or(true),
                secret: step.secret.unwrap_or(false),
                repeat: step.repeat.unwrap_or(false),
                optional: step.optional.unwrap_or(false),
                timeout: Some(timeout),
                line_end: step.line_end.map(Into::into),
            });
        }
        logic::Script::new(self.user.as_deref(), self.password.as_deref(), &steps, times)
            .map_err(|error| Failure::argument(error.argument(), error))
    }

    /// What the server is told of our terminal.
    pub fn settings(&self) -> Result<logic::Settings, Failure> {
        let given = [
            ("terminal", self.terminal.is_some()),
            ("columns", self.columns.is_some()),
            ("rows", self.rows.is_some()),
            ("encoding", self.encoding.is_some()),
        ];
        if let Some((name, _)) = given.into_iter().find(|(_, given)| *given && self.session_id.is_some()) {
            return Err(Failure::argument(name, "is settled when a session begins; leave it out with `session_id`"));
        }
        let known = |c: char| c.is_ascii_alphanumeric() || "._+/-".contains(c);
        let terminal = self.terminal.as_deref().unwrap_or("dumb");
        if terminal.is_empty() || terminal.len() > 40 || !terminal.chars().all(known) {
            return Err(Failure::argument("terminal", "must be a terminal's name, such as dumb, vt100 or xterm"));
        }
        let columns = plugin_kit::within("columns", self.columns, 200, 20..=1000)?;
        let rows = plugin_kit::within("rows", self.rows, 100, 5..=1000)?;
        Ok(logic::Settings {
            terminal: terminal.to_owned(),
            window: (columns, rows),
            encoding: self.encoding(),
            line_end: self.line_end.map(Into::into),
        })
    }

    /// How the server's bytes are characters.
    pub fn encoding(&self) -> logic::Encoding {
        match self.encoding {
            None | Some(Encoding::Utf8) => logic::Encoding::Utf8,
            Some(Encoding::Latin1) => logic::Encoding::Latin1,
            Some(Encoding::Cp437) => logic::Encoding::Cp437,
        }
    }

    /// The silence that counts as the server's last word.
    pub fn silence(&self, most: Duration) -> Result<Duration, Failure> {
        plugin_kit::milliseconds("silence_ms", self.silence_ms, Duration::from_millis(500), most)
    }

    /// The time that is asked for before anything is said: to connect, or for the
    /// step that waits longest.
    pub fn asked(&self, times: logic::Times, most: Duration) -> Duration {
        let steps = self.steps.iter().flatten().filter_map(|step| step.timeout_ms);
        let steps = steps.filter_map(|Integer(ms)| u64::try_from(ms).ok()).map(Duration::from_millis);
        steps.chain([times.step]).max().unwrap_or(times.step).min(most)
    }

    /// The most bytes of transcript: what is asked for, but no more than fits twice, as text and as
    /// JSON, into one answer.
    pub fn most(&self) -> Result<usize, Failure> {
        let most: usize = plugin_kit::within("output_limit", self.output_limit, 64 << 10, 1024..=512 << 10)?;
        Ok(most.min(usize::try_from(cofferdam_sdk::limits().output / 6).unwrap_or(most)))
    }
}

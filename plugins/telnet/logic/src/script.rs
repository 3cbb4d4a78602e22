//! The steps of a conversation as they were given, checked and compiled before anybody is dialled.

use std::time::Duration;

use plugin_kit::Pattern;

use crate::codec::LineEnd;
use crate::encoding::Encoding;
use crate::login::Login;
use crate::{prompt, secrets};

/// The most steps.
pub const STEPS: usize = 100;
/// The most text that one step sends, in bytes.
pub const TEXT: usize = 64 << 10;
/// The most that all steps send together, and that one sends which is repeated.
const TEXTS: usize = 1 << 20;
const REPEATED: usize = 1024;
/// What all patterns together may come to use.
const PATTERNS: usize = 4 << 20;
use secrets::{BYTES as SECRETS, MOST as LINES};

/// One step as it was given.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// What has to come first.
    pub expect: Option<String>,
    /// What is sent then.
    pub send: Option<String>,
    /// Whether the return key follows it.
    pub enter: bool,
    /// Whether it is not to be shown.
    pub secret: bool,
    /// Whether it is an answer to every match, until the next step's turn has come.
    pub repeat: bool,
    /// Whether it is passed over if the next step's turn comes first.
    pub optional: bool,
    /// How long to wait for it.
    pub timeout: Option<Duration>,
    /// What its return key sends, if not what the session's does.
    pub line_end: Option<LineEnd>,
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// For a step, unless it says otherwise.
    pub step: Duration,
    /// How long nothing has to come until the server is taken to be done.
    pub silence: Duration,
    /// When all has to be over.
    pub end: Duration,
}

/// Steps, ready to be gone through.
#[derive(Debug)]
pub struct Script {
    pub(crate) steps: Vec<Ready>,
    pub(crate) times: Times,
    /// While somebody is logged in: how that goes.
    pub(crate) login: Option<Login>,
}

#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) expect: Expect,
    pub(crate) send: Option<String>,
    pub(crate) secret: bool,
    pub(crate) repeat: bool,
    pub(crate) optional: bool,
    pub(crate) timeout: Duration,
    /// What its return key sends, if not what the session's does.
    pub(crate) line_end: Option<LineEnd>,
    /// From 1; 0 is the login.
    pub(crate) number: usize,
}

/// What a step waits for.
#[derive(Debug)]
pub(crate) enum Expect {
    /// Silence.
    Silence,
    /// A match of the caller's.
    Match(Pattern),
    /// The login's: a question for the user's name.
    Name,
    /// The login's: a question for the password.
    Password,
}

impl Ready {
    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        match &self.expect {
            Expect::Match(pattern) => Some(pattern),
            Expect::Silence | Expect::Name | Expect::Password => None,
        }
    }

    /// Whether it waits for a question for a password and answers it.
    pub(crate) fn answers_for_secret(&self) -> bool {
        self.send.is_some() && self.pattern().is_some_and(|pattern| prompt::expects_secret(pattern.as_str()))
    }

    /// Whether what it sends leaves only when the server is quiet behind what it waits for,
    /// whatever its pattern.
    pub(crate) fn keeps_secret(&self) -> bool {
        self.send.is_some() && self.secret || self.answers_for_secret()
    }
}

/// What is wrong with the steps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum ScriptError {
    #[error("`steps` has {0} steps, {STEPS} are the most; keep the session and go on in a further call")]
    TooMany(usize),
    #[error("`steps`: step {0} has neither `expect` nor `send`")]
    Empty(usize),
    #[error("`steps`: step {0}: `repeat` needs both `expect` and `send`")]
    Repeat(usize),
    #[error("`steps`: step {0}: `optional` needs `expect`")]
    Optional(usize),
    #[error("`steps`: step {0}: `secret` needs `send`")]
    Secret(usize),
    #[error("`steps`: step {0}: `send` has {1} bytes, {TEXT} are the most; send it in parts")]
    Text(usize, usize),
    #[error("`steps`: step {0}: `send` has {1} bytes, but what is repeated has {REPEATED} at most")]
    Repeated(usize, usize),
    #[error("`steps` send {0} bytes together, {TEXTS} are the most; keep the session and go on in a further call")]
    Texts(usize),
    #[error("`steps`: step {step}: `expect`: {error}")]
    Pattern { step: usize, error: plugin_kit::PatternError },
    #[error("`steps`: the patterns of all steps together are too large; use smaller repetition counts or fewer steps")]
    Patterns,
    #[error(
        "`steps`: what is secret has {0} lines or more than {SECRETS} bytes, {LINES} lines are the most; \
         send it in several sessions"
    )]
    Secrets(usize),
    #[error("`steps`: step {0}: `send` has the character {1:?}, which {2} does not have")]
    Character(usize, char, &'static str),
    #[error("`{0}` has the character {1:?}, which {2} does not have")]
    LoginCharacter(&'static str, char, &'static str),
    #[error("`{0}` has {1} bytes or a line break in it; one line of at most 1024 bytes is meant")]
    Login(&'static str, usize),
}

impl ScriptError {
    /// The name of the argument that is wrong.
    pub fn argument(&self) -> &'static str {
        match self {
            ScriptError::Login(name, _) | ScriptError::LoginCharacter(name, ..) => name,
            _ => "steps",
        }
    }
}

impl Script {
    /// A login if there is somebody to log in, then the steps.
    ///
    /// # Errors
    /// What is wrong, and in which step.
    pub fn new(
        user: Option<&str>,
        password: Option<&str>,
        steps: &[Step],
        times: Times,
    ) -> Result<Script, ScriptError> {
        if steps.len() > STEPS {
            return Err(ScriptError::TooMany(steps.len()));
        }
        for (name, text) in [("user", user), ("password", password)] {
            if let Some(text) = text.filter(|text| text.len() > 1024 || text.contains(['\r', '\n'])) {
                return Err(ScriptError::Login(name, text.len()));
            }
        }
        let mut all = Vec::new();
        for (text, expect, secret) in [(user, Expect::Name, false), (password, Expect::Password, true)] {
            if let Some(text) = text {
                all.push(Ready {
                    expect,
                    send: Some(format!("{text}\n")),
                    secret,
                    repeat: false,
                    // Who asks for a password only has no use for a name.
                    optional: !secret && password.is_some(),
                    timeout: times.step,
                    line_end: None,
                    number: 0,
                });
            }
        }
        let login = (!all.is_empty()).then(Login::default);
        for (index, step) in steps.iter().enumerate() {
            all.push(compiled(step, index + 1, times)?);
        }
        let texts = all.iter().filter_map(|step| step.send.as_ref()).map(String::len).sum();
        if texts > TEXTS {
            return Err(ScriptError::Texts(texts));
        }
        let patterns = all.iter().filter_map(Ready::pattern);
        if patterns.map(Pattern::most_memory).sum::<usize>() > PATTERNS {
            return Err(ScriptError::Patterns);
        }
        let secret = all.iter().filter(|step| step.secret).filter_map(|step| step.send.as_deref()).map(secrets::size);
        let (lines, bytes) = secret.fold((0, 0), |(lines, bytes), (more, longer)| (lines + more, bytes + longer));
        if lines > LINES || bytes > SECRETS {
            return Err(ScriptError::Secrets(lines));
        }
        Ok(Script { steps: all, times, login })
    }

    /// Checks that all that is sent can be written in this encoding.
    ///
    /// # Errors
    /// What cannot, and in which step.
    pub fn can_be_sent_in(&self, encoding: Encoding) -> Result<(), ScriptError> {
        for step in &self.steps {
            let Some(Err(c)) = step.send.as_deref().map(|text| encoding.encode(text)) else { continue };
            return Err(match (step.number, step.secret) {
                (0, false) => ScriptError::LoginCharacter("user", c, encoding.name()),
                (0, true) => ScriptError::LoginCharacter("password", c, encoding.name()),
                (number, _) => ScriptError::Character(number, c, encoding.name()),
            });
        }
        Ok(())
    }

    /// The most memory that going through it takes, beside what every conversation does: its
    /// patterns, its texts with a copy that is being sent, and what looks for its secrets.
    pub fn most_memory(&self) -> usize {
        let patterns = self.steps.iter().filter_map(Ready::pattern).map(Pattern::most_memory);
        let texts = self.steps.iter().filter_map(|step| step.send.as_ref().map(|text| (text.len(), step.secret)));
        let texts = texts.map(|(length, secret)| if secret { 64 * length } else { 2 * length });
        patterns.chain(texts).sum::<usize>()
    }
}

fn compiled(step: &Step, number: usize, times: Times) -> Result<Ready, ScriptError> {
    if step.expect.is_none() && step.send.is_none() {
        return Err(ScriptError::Empty(number));
    }
    if step.repeat && (step.expect.is_none() || step.send.is_none()) {
        return Err(ScriptError::Repeat(number));
    }
    if step.optional && step.expect.is_none() {
        return Err(ScriptError::Optional(number));
    }
    if step.secret && step.send.is_none() {
        return Err(ScriptError::Secret(number));
    }
    if let Some(text) = step.send.as_ref().filter(|text| text.len() > TEXT) {
        return Err(ScriptError::Text(number, text.len()));
    }
    if let Some(text) = step.send.as_ref().filter(|text| step.repeat && text.len() > REPEATED) {
        return Err(ScriptError::Repeated(number, text.len()));
    }
    let expect = step.expect.as_deref().map(Pattern::new).transpose();
    let expect = expect.map_err(|error| ScriptError::Pattern { step: number, error })?;
    let expect = expect.map_or(Expect::Silence, Expect::Match);
    let send = step.send.clone().map(|mut text| {
        if step.enter {
            text.push('\n');
        }
        text
    });
    let timeout = step.timeout.unwrap_or(times.step);
    let Step { secret, repeat, optional, line_end, .. } = *step;
    Ok(Ready { expect, send, secret, repeat, optional, timeout, line_end, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times =
        Times { step: Duration::from_secs(5), silence: Duration::from_millis(500), end: Duration::from_secs(60) };

    fn refused(step: Step) -> String {
        Script::new(None, None, &[Step { send: Some(String::new()), ..Step::default() }, step], TIMES)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_step() {
        let send = Some("x".to_owned());
        assert_eq!(refused(Step::default()), "`steps`: step 2 has neither `expect` nor `send`");
        assert!(
            refused(Step { repeat: true, send: send.clone(), ..Step::default() }).contains("step 2: `repeat` needs")
        );
        assert!(
            refused(Step { optional: true, send: send.clone(), ..Step::default() })
                .contains("step 2: `optional` needs")
        );
        assert!(
            refused(Step { secret: true, expect: send.clone(), ..Step::default() }).contains("step 2: `secret` needs")
        );
        assert!(refused(Step { send: Some("x".repeat(TEXT + 1)), ..Step::default() }).contains("65537 bytes"));
        let long = Step { expect: send.clone(), send: Some("x".repeat(1025)), repeat: true, ..Step::default() };
        assert!(refused(long).contains("1024 at most"));
        let long = Step { send: Some("x".repeat(TEXT)), ..Step::default() };
        assert!(matches!(Script::new(None, None, &vec![long; 17], TIMES), Err(ScriptError::Texts(_))));
        let message = refused(Step { expect: Some("a(b".to_owned()), ..Step::default() });
        assert_eq!(message, "`steps`: step 2: `expect`: invalid pattern at character 2: unclosed group");
        let many = vec![Step { send, ..Step::default() }; STEPS + 1];
        assert!(Script::new(None, None, &many, TIMES).unwrap_err().to_string().contains("101 steps"));
        let error = Script::new(Some("a\nb"), None, &[], TIMES).unwrap_err();
        assert_eq!(error.argument(), "user");
    }

    #[test]
    fn all_patterns_together_are_bounded() {
        let heavy = Step { expect: Some("[ab]{1,900}x".to_owned()), ..Step::default() };
        assert!(Script::new(None, None, std::slice::from_ref(&heavy), TIMES).is_ok());
        assert_eq!(Script::new(None, None, &vec![heavy; STEPS], TIMES).unwrap_err(), ScriptError::Patterns);
    }

    #[test]
    fn secrets_are_so_many_at_most_and_texts_what_the_encoding_has() {
        let many: String = (10_000..20_000).map(|n| format!("{n}\n")).collect();
        let secret = Step { send: Some(many), secret: true, ..Step::default() };
        assert!(refused(secret).contains("10000 lines"));
        let steps = [Step { send: Some("5 €".to_owned()), ..Step::default() }];
        let script = Script::new(Some("Jörg"), None, &steps, TIMES).unwrap();
        assert_eq!(script.can_be_sent_in(Encoding::Utf8), Ok(()));
        let error = script.can_be_sent_in(Encoding::Latin1).unwrap_err().to_string();
        assert_eq!(error, "`steps`: step 1: `send` has the character '€', which latin-1 does not have");
        let script = Script::new(Some("€"), None, &[], TIMES).unwrap();
        assert_eq!(script.can_be_sent_in(Encoding::Cp437).unwrap_err().argument(), "user");
    }

    #[test]
    fn a_login_comes_first() {
        let script = Script::new(
            Some("root"),
            Some("x"),
            &[Step { send: Some("id".to_owned()), enter: true, ..Step::default() }],
            TIMES,
        );
        let script = script.unwrap();
        let sent: Vec<_> = script.steps.iter().map(|step| (step.number, step.send.as_deref(), step.secret)).collect();
        assert_eq!(sent, [(0, Some("root\n"), false), (0, Some("x\n"), true), (1, Some("id\n"), false)]);
        assert!(script.login.is_some());
        assert!((1..64 << 10).contains(&script.most_memory()), "{}", script.most_memory());
    }
}

//! dig's options as one string, in the manner of ITMCP's `options` argument. They are
//! parsed here, word by word, and never reach a command line. A word that is not in the
//! table is refused by its name.

use std::time::Duration;

use crate::dig::Shown;
use crate::{Kind, KindError, Payload};

/// The longest string that is read, and the most words.
const LONGEST: usize = 512;

/// What may be written, for messages.
const KNOWN: &str = "-p PORT, -t TYPE, -x, +short, +trace, +tcp, +dnssec, +nsid, +recurse, +cdflag, +adflag, +ignore, +edns, \
                     +bufsize=512|1232|1400|4096, +time=SECONDS, +tries=N, +retry=N, +all, +cmd, +comments, +question, \
                     +answer, +authority, +additional, +stats; with `no` after the `+` to turn one off";

/// The words behind `+` or `+no`, each with the fewest letters that dig takes for it; where two
/// begin alike, the first is meant.
const WORDS: [(&str, usize); 26] = [
    ("adflag", 3),
    ("additional", 3),
    ("all", 2),
    ("answer", 2),
    ("authority", 2),
    ("bufsize", 2),
    ("cdflag", 3),
    ("cmd", 2),
    ("comments", 3),
    ("cookie", 3),
    ("dnssec", 4),
    ("edns", 4),
    ("ignore", 1),
    ("nsid", 3),
    ("question", 2),
    ("rdflag", 2),
    ("recurse", 3),
    ("retry", 3),
    ("retries", 3),
    ("short", 4),
    ("stats", 2),
    ("tcp", 3),
    ("timeout", 2),
    ("trace", 3),
    ("tries", 3),
    ("vc", 1),
];

/// The whole word that is meant by a word as dig takes it: in any case, and cut short.
fn whole(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        // Synonyms of their own.
        "ad" => Some("adflag"),
        "cd" => Some("cdflag"),
        "do" => Some("dnssec"),
        _ => WORDS.iter().find(|(full, least)| word.len() >= *least && full.starts_with(&word)).map(|(full, _)| *full),
    }
}

/// What the options say; `None` where they say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `-p`
    pub port: Option<u16>,
    /// `-t`
    pub kind: Option<Kind>,
    /// `-x`: the target has to be an address.
    pub reverse: bool,
    /// `+tcp`
    pub tcp: Option<bool>,
    /// `+trace`
    pub trace: Option<bool>,
    /// `+dnssec`
    pub dnssec: Option<bool>,
    /// `+nsid`
    pub nsid: Option<bool>,
    /// `+recurse`
    pub recurse: Option<bool>,
    /// `+cdflag`
    pub unchecked: Option<bool>,
    /// `+adflag`
    pub authentic: Option<bool>,
    /// `+ignore`: a truncated answer is not asked for again over TCP.
    pub ignore: bool,
    /// `+edns`
    pub edns: Option<bool>,
    /// `+bufsize=`
    pub payload: Option<Payload>,
    /// `+time=`
    pub time: Option<Duration>,
    /// `+tries=`, `+retry=`
    pub tries: Option<u32>,
    /// `+short`, `+noall`, `+answer` …
    pub shown: Shown,
}

/// Why a string of options is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Not in the table.
    #[error("the option `{0}` is not available; these are: {KNOWN}")]
    Unknown(String),
    /// The value is missing.
    #[error("the option `{0}` needs a value")]
    Missing(String),
    /// The value is none of those it takes.
    #[error("the option `{option}` takes {takes}")]
    Value {
        /// As it was written.
        option: String,
        /// What it takes.
        takes: &'static str,
    },
    /// Not a type that is asked for.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// Takes no value, but has one.
    #[error("the option `{0}` takes no value")]
    Valueless(String),
    /// Longer than is read.
    #[error("they are longer than {LONGEST} characters")]
    Long,
}

impl Options {
    /// Reads a string of options.
    ///
    /// # Errors
    /// The first that is not one of ours.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        if text.len() > LONGEST {
            return Err(OptionsError::Long);
        }
        let mut options = Self::default();
        let mut words = text.split_ascii_whitespace();
        while let Some(word) = words.next() {
            match word.strip_prefix('+') {
                Some(query) => options.plus(word, query)?,
                None => options.minus(word, &mut words)?,
            }
        }
        Ok(options)
    }

    fn minus<'a>(&mut self, word: &str, words: &mut impl Iterator<Item = &'a str>) -> Result<(), OptionsError> {
        // `-p5353` is as good as `-p 5353`.
        let (option, glued) = word.split_at_checked(2).unwrap_or((word, ""));
        let mut value = || match glued {
            "" => words.next().ok_or_else(|| OptionsError::Missing(quoted(word))),
            glued => Ok(glued),
        };
        let wrong = |takes| OptionsError::Value { option: option.to_owned(), takes };
        match option {
            "-p" => {
                let port = value()?.parse().ok().filter(|port| *port != 0);
                self.port = Some(port.ok_or_else(|| wrong("a port from 1 to 65535"))?);
            }
            "-t" => {
                self.kind = Some(Kind::parse(value()?)?);
            }
            "-x" if glued.is_empty() => self.reverse = true,
            _ => return Err(OptionsError::Unknown(quoted(word))),
        }
        Ok(())
    }

    fn plus(&mut self, word: &str, query: &str) -> Result<(), OptionsError> {
        let (name, value) = match query.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (query, None),
        };
        let unknown = || OptionsError::Unknown(quoted(word));
        let no = name.split_at_checked(2).filter(|(no, _)| no.eq_ignore_ascii_case("no"));
        let (bare, on) = no.map_or((name, true), |(_, bare)| (bare, false));
        let bare = whole(bare).ok_or_else(unknown)?;
        if let Some(value) = value.filter(|_| on) {
            return self.valued(word, bare, value);
        }
        match bare {
            "short" => self.shown.short = on,
            "trace" => self.trace = Some(on),
            "tcp" | "vc" => self.tcp = Some(on),
            "dnssec" => self.dnssec = Some(on),
            "nsid" => self.nsid = Some(on),
            "recurse" | "rdflag" => self.recurse = Some(on),
            "cdflag" => self.unchecked = Some(on),
            "adflag" => self.authentic = Some(on),
            "ignore" => self.ignore = on,
            "edns" => self.edns = Some(on),
            // None is ever sent: every free byte in a question is a way out for data.
            "cookie" if !on => {}
            "all" => self.shown.all(on),
            "cmd" => self.shown.command = on,
            "comments" => self.shown.comments = on,
            "question" => self.shown.question = on,
            "answer" => self.shown.answer = on,
            "authority" => self.shown.authority = on,
            "additional" => self.shown.additional = on,
            "stats" => self.shown.stats = on,
            "timeout" | "tries" | "retry" | "retries" | "bufsize" if on => {
                return Err(OptionsError::Missing(quoted(word)));
            }
            _ => return Err(unknown()),
        }
        // `+nocookie=x` and its like have come by without their value being looked at.
        value.map_or(Ok(()), |_| Err(OptionsError::Valueless(quoted(word))))
    }

    /// An option with a value; `name` is the whole word that is meant.
    fn valued(&mut self, word: &str, name: &str, value: &str) -> Result<(), OptionsError> {
        let written = word.split_inclusive('=').next().unwrap_or(word);
        let wrong = |takes| OptionsError::Value { option: quoted(written), takes };
        let number = |least: u32, most: u32, takes| {
            value.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(|| wrong(takes))
        };
        match name {
            "timeout" => {
                self.time = Some(Duration::from_secs(number(1, 60, "1 to 60 seconds")?.into()));
            }
            "tries" => self.tries = Some(number(1, 10, "1 to 10")?),
            "retry" | "retries" => self.tries = Some(number(0, 9, "0 to 9")? + 1),
            "bufsize" => {
                let payload = value.parse().ok().and_then(Payload::new);
                self.payload = Some(payload.ok_or_else(|| wrong("512, 1232, 1400 or 4096"))?);
            }
            "edns" => {
                number(0, 0, "0, the only version there is")?;
                self.edns = Some(true);
            }
            "cookie" => return Err(OptionsError::Unknown(quoted(word))),
            _ => return Err(OptionsError::Valueless(quoted(word))),
        }
        Ok(())
    }
}

fn quoted(word: &str) -> String {
    word.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_set_is_read() {
        let options = Options::parse("-p 5353 +tcp +nodnssec  +time=2 +tries=1 +norecurse +bufsize=512 -t mx").unwrap();
        let expected = Options {
            port: Some(5353),
            kind: Kind::parse("MX").ok(),
            tcp: Some(true),
            dnssec: Some(false),
            recurse: Some(false),
            payload: Payload::new(512),
            time: Some(Duration::from_secs(2)),
            tries: Some(1),
            ..Options::default()
        };
        assert_eq!(options, expected);
        assert_eq!(Options::parse("-p53").unwrap().port, Some(53));
        assert_eq!(Options::parse("+retry=0").unwrap().tries, Some(1));
        let shown = Options::parse("+noall +answer").unwrap().shown;
        assert!(shown.answer && !shown.question && !shown.comments && !shown.stats && !shown.command);
        assert_eq!(Options::parse("").unwrap(), Options::default());
    }

    #[test]
    fn words_are_read_in_any_case_and_cut_short_as_dig_reads_them() {
        let read = |text: &str| Options::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read("+sHoRt +Tcp +NOrec -t mx"), read("+short +tcp +norecurse -t MX"));
        assert_eq!(read("+shor +ti=2 +tri=1 +bu=512"), read("+short +time=2 +tries=1 +bufsize=512"));
        assert_eq!(read("+noall +ans +com"), read("+noall +answer +comments"));
        assert_eq!(read("+noad +cd +do +nord +i"), read("+noadflag +cdflag +dnssec +norecurse +ignore"));
        assert_eq!(read("+retries=1"), read("+retry=1"));
        for word in ["+sh", "+dns", "+a", "+co", "+tr", "+shorter", "+no"] {
            assert_eq!(Options::parse(word), Err(OptionsError::Unknown(word.to_owned())), "{word}");
        }
    }

    #[test]
    fn everything_else_is_refused_by_its_name() {
        let refused = |text: &str| Options::parse(text).expect_err(text);
        for word in [
            "-f",
            "-k/etc/passwd",
            "+subnet=192.0.2.0/24",
            "+cookie",
            "+cookie=00",
            "example.org",
            "@8.8.8.8",
            "-",
            "+",
        ] {
            assert_eq!(refused(&format!("+short {word} x")), OptionsError::Unknown(word.to_owned()), "{word}");
        }
        assert_eq!(refused("-p"), OptionsError::Missing("-p".to_owned()));
        assert_eq!(refused("+time"), OptionsError::Missing("+time".to_owned()));
        for word in
            ["-p 0", "-p 65536", "-p x", "+time=0", "+time=61", "+time=1s", "+tries=11", "+bufsize=1233", "+edns=1"]
        {
            assert!(matches!(refused(word), OptionsError::Value { .. }), "{word}");
        }
        assert!(matches!(refused("-t AXFR"), OptionsError::Kind(_)));
        assert_eq!(refused("+short=x"), OptionsError::Valueless("+short=x".to_owned()));
        assert_eq!(refused("+noshort=x"), OptionsError::Valueless("+noshort=x".to_owned()));
        assert_eq!(refused(&"+tcp ".repeat(200)), OptionsError::Long);
        assert_eq!(refused("+\u{1b}[31m").to_string().find('\u{1b}'), None);
    }
}

//! The `options` of `grep_tool`: the words of grep's that are understood here, a closed list. They
//! are parsed and never reach a command line; what is not on the list is refused by its name.

/// The most lines of context, on either side.
const MOST_CONTEXT: u64 = 1000;

/// In which language the pattern is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// POSIX basic regular expressions with GNU's additions: grep's own default.
    #[default]
    Basic,
    /// POSIX extended ones (`-E`).
    Extended,
    /// As in Perl, without look-around and back-references (`-P`).
    Perl,
    /// A text (`-F`).
    Fixed,
}

/// What the options say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How the pattern is written.
    pub syntax: Syntax,
    /// `-i`
    pub ignore_case: bool,
    /// `-v`
    pub invert: bool,
    /// `-w`
    pub word: bool,
    /// `-x`
    pub line: bool,
    /// `-n`
    pub numbers: bool,
    /// `-b`
    pub offsets: bool,
    /// `-c`
    pub count: bool,
    /// `-l`
    pub with_matches: bool,
    /// `-L`
    pub without_match: bool,
    /// `-o`
    pub only_matching: bool,
    /// `-r`
    pub recursive: bool,
    /// `-H` (some true), `-h` (some false)
    pub names: Option<bool>,
    /// `-s`
    pub quiet_errors: bool,
    /// `-a`
    pub text: bool,
    /// `-m N`
    pub max_count: Option<u64>,
    /// `-B N`
    before: Option<u64>,
    /// `-A N`
    after: Option<u64>,
    /// `-C N`, for what neither of these says.
    around: Option<u64>,
    /// `--include=GLOB`
    pub include: Vec<String>,
    /// `--exclude=GLOB`
    pub exclude: Vec<String>,
    /// `--exclude-dir=GLOB`
    pub exclude_dir: Vec<String>,
}

/// Options that are not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Not on the list.
    #[error(
        "`{0}` is not one of the options of this tool: -i -v -w -x -n -b -c -l -L -o -r -h -H -s -a -E -F -G -P, -m N, -A N, -B N, \
         -C N, --include=GLOB, --exclude=GLOB, --exclude-dir=GLOB"
    )]
    Unknown(String),
    /// A word that is no option.
    #[error("`{0}` is not an option; the pattern and the file have arguments of their own")]
    Word(String),
    /// A value is missing.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value is no number, or too large.
    #[error("`{0}` needs a whole number (context: at most 1000), not `{1}`")]
    NoNumber(String, String),
    /// A value where none belongs.
    #[error("`{0}` takes no value")]
    Value(String),
    /// A quotation mark has no partner.
    #[error("a quotation mark is not closed")]
    Quote,
}

/// Cuts at spaces, quotation marks taken off; nothing is expanded.
fn words(text: &str) -> Result<Vec<String>, OptionsError> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(OptionsError::Quote);
    }
    words.extend(word);
    Ok(words)
}

fn number(option: &str, value: &str, most: u64) -> Result<u64, OptionsError> {
    let number = value.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| OptionsError::NoNumber(option.to_owned(), value.to_owned()))
}

impl Options {
    /// Reads the options.
    ///
    /// # Errors
    /// The first that is not understood, by name.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        let mut options = Self::default();
        let mut words = words(text)?.into_iter();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                options.long(name, value, &mut words)?;
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                options.short(short, &mut words)?;
            } else {
                return Err(OptionsError::Word(word));
            }
        }
        Ok(options)
    }

    /// Lines of context before a match.
    pub fn before(&self) -> u64 {
        self.before.or(self.around).unwrap_or(0)
    }

    /// Lines of context after a match.
    pub fn after(&self) -> u64 {
        self.after.or(self.around).unwrap_or(0)
    }

    /// Whether any context was asked for, be it none: groups of lines are told apart then.
    pub fn context(&self) -> bool {
        self.before.or(self.after).or(self.around).is_some()
    }

    /// Whether files are listed, and no lines.
    pub fn lists(&self) -> bool {
        self.count || self.with_matches || self.without_match
    }

    fn short(&mut self, letters: &str, words: &mut impl Iterator<Item = String>) -> Result<(), OptionsError> {
        if letters.starts_with(|c: char| c.is_ascii_digit()) {
            let context = number(&format!("-{letters}"), letters, MOST_CONTEXT)?;
            self.around = Some(context);
            return Ok(());
        }
        for (index, letter) in letters.char_indices() {
            if self.flag(letter) {
                continue;
            }
            let option = format!("-{letter}");
            if !matches!(letter, 'm' | 'A' | 'B' | 'C') {
                return Err(OptionsError::Unknown(option));
            }
            // `-A3` and `-A 3`.
            let rest = &letters[index + 1..];
            let value = if rest.is_empty() { words.next() } else { Some(rest.to_owned()) };
            let value = value.ok_or_else(|| OptionsError::NoValue(option.clone()))?;
            return self.valued(letter, &option, &value);
        }
        Ok(())
    }

    fn flag(&mut self, letter: char) -> bool {
        match letter {
            'i' | 'y' => self.ignore_case = true,
            'v' => self.invert = true,
            'w' => self.word = true,
            'x' => self.line = true,
            'n' => self.numbers = true,
            'b' => self.offsets = true,
            'c' => self.count = true,
            // Of the two the last holds.
            'l' | 'L' => (self.with_matches, self.without_match) = (letter == 'l', letter == 'L'),
            'o' => self.only_matching = true,
            'r' => self.recursive = true,
            'h' => self.names = Some(false),
            'H' => self.names = Some(true),
            's' => self.quiet_errors = true,
            'a' => self.text = true,
            'E' => self.syntax = Syntax::Extended,
            'F' => self.syntax = Syntax::Fixed,
            'G' => self.syntax = Syntax::Basic,
            'P' => self.syntax = Syntax::Perl,
            _ => return false,
        }
        true
    }

    fn valued(&mut self, letter: char, option: &str, value: &str) -> Result<(), OptionsError> {
        match letter {
            'm' => self.max_count = Some(number(option, value, u64::MAX)?),
            'A' => self.after = Some(number(option, value, MOST_CONTEXT)?),
            'B' => self.before = Some(number(option, value, MOST_CONTEXT)?),
            _ => self.around = Some(number(option, value, MOST_CONTEXT)?),
        }
        Ok(())
    }

    fn long(
        &mut self,
        name: &str,
        value: Option<String>,
        words: &mut impl Iterator<Item = String>,
    ) -> Result<(), OptionsError> {
        let option = format!("--{name}");
        let letter = match name {
            "ignore-case" => 'i',
            "invert-match" => 'v',
            "word-regexp" => 'w',
            "line-regexp" => 'x',
            "line-number" => 'n',
            "byte-offset" => 'b',
            "count" => 'c',
            "files-with-matches" => 'l',
            "files-without-match" => 'L',
            "only-matching" => 'o',
            "recursive" => 'r',
            "no-filename" => 'h',
            "with-filename" => 'H',
            "no-messages" => 's',
            "text" => 'a',
            "extended-regexp" => 'E',
            "fixed-strings" => 'F',
            "basic-regexp" => 'G',
            "perl-regexp" => 'P',
            "max-count" => 'm',
            "after-context" => 'A',
            "before-context" => 'B',
            "context" => 'C',
            "include" | "exclude" | "exclude-dir" => '-',
            _ => return Err(OptionsError::Unknown(option)),
        };
        if letter != '-' && self.flag(letter) {
            return if value.is_some() { Err(OptionsError::Value(option)) } else { Ok(()) };
        }
        let value = value.or_else(|| words.next()).ok_or_else(|| OptionsError::NoValue(option.clone()))?;
        match name {
            "include" => self.include.push(value),
            "exclude" => self.exclude.push(value),
            "exclude-dir" => self.exclude_dir.push(value),
            _ => return self.valued(letter, &option, &value),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_are_understood() {
        let all = Options::parse("-inv -A 3 -B2 -m 5 --include='*.log' --exclude \"a b\" -E -c").unwrap();
        let expected = Options {
            syntax: Syntax::Extended,
            ignore_case: true,
            numbers: true,
            invert: true,
            count: true,
            after: Some(3),
            before: Some(2),
            max_count: Some(5),
            include: vec!["*.log".to_owned()],
            exclude: vec!["a b".to_owned()],
            ..Options::default()
        };
        assert_eq!(all, expected);
        assert_eq!(Options::parse("").unwrap(), Options::default());
        let both = Options::parse("-A 1 -C 4").unwrap();
        assert_eq!((both.before(), both.after(), both.context()), (4, 1, true));
        assert_eq!(Options::parse("-C 4").unwrap(), Options::parse("-4").unwrap());
        assert_eq!(Options::parse("--ignore-case --context=1").unwrap(), Options::parse("-iC1").unwrap());
        assert_eq!(Options::parse("-rl").unwrap(), Options::parse("-r -l").unwrap());
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let refused = |text: &str| Options::parse(text).unwrap_err().to_string();
        assert!(refused("-f /etc/shadow").starts_with("`-f` is not one of"));
        assert!(refused("-e x").starts_with("`-e` is not one of"));
        assert!(refused("-R").starts_with("`-R` is not one of"));
        assert!(refused("--file=/etc/shadow").starts_with("`--file` is not one of"));
        assert!(refused("-i ; id").starts_with("`;` is not an option"));
        assert!(refused("/etc/shadow").contains("not an option"));
        assert!(refused("-").contains("not an option"));
        assert_eq!(refused("-A"), "`-A` needs a value");
        assert!(refused("-A x").contains("whole number"));
        assert!(refused("-A 5000").contains("whole number"));
        assert!(refused("-m -1").contains("whole number"));
        assert_eq!(refused("--count=3"), "`--count` takes no value");
        assert_eq!(refused("--include='*.log"), "a quotation mark is not closed");
    }
}

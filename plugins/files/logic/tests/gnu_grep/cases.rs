//! Searches by chance: patterns of pieces that are operators in one of the languages at least,
//! options, and files in which such patterns find something.

/// Chance that can be had again (xorshift).
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: u64) -> usize {
        usize::try_from(self.next() % most).unwrap()
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.next() % many == 0
    }

    fn of<'a>(&mut self, some: &[&'a str]) -> &'a str {
        some[self.below(some.len() as u64)]
    }
}

/// Pieces of patterns in both of POSIX's languages; each is an operator in one of them
/// at least, or a character.
const POSIX: &[&str] = &[
    "a",
    "b",
    "c",
    "ab",
    "A",
    "é",
    "_",
    "-",
    " ",
    "1",
    ".",
    "*",
    "+",
    "?",
    "{",
    "}",
    "{1}",
    "{2}",
    "{0}",
    "{,2}",
    "{1,}",
    "{1,2}",
    "{2,1}",
    "{,}",
    "{a}",
    "|",
    "(",
    ")",
    "^",
    "$",
    "[ab]",
    "[^a]",
    "[a-c]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[[:alpha:]]",
    "[[:digit:]]",
    "[^[:space:]]",
    "[[:upper:]b]",
    "[[:punct:]]",
    "[[:alnum:]_]",
    "[[.-.]]",
    "[[=a=]]",
    "[.*]",
    r"[\a]",
    "[é]",
    r"\(",
    r"\)",
    r"\|",
    r"\+",
    r"\?",
    r"\{1\}",
    r"\{2\}",
    r"\{,2\}",
    r"\{1,\}",
    r"\{",
    r"\}",
    r"\<",
    r"\>",
    r"\b",
    r"\B",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\.",
    r"\*",
    r"\\",
    r"\^",
    r"\$",
    r"\[",
    r"\]",
    r"\`",
    r"\'",
    r"\-",
    "(a|b)",
    "(a)*",
    r"\(a\|b\)",
    r"\(a\)*",
    "a*b",
    ".*",
    "^a",
    "b$",
    "[",
    "]",
    "[:alpha:]",
    "c|",
    "|c",
    "()",
    r"\(\)",
    "^*",
    "(^a)",
    "(b$)",
    r"\(^a\)",
    r"\(b$\)",
    "a**",
    "a+?",
    "(*a)",
    "(+a)",
    r"\(*a\)",
    "a|*b",
    "\n",
];

/// Pieces that make patterns which match nothing, and operators that have nothing to repeat.
const NOTHING: &[&str] = &[
    "*", "*", "+", "?", "{1}", "{0}", "{,2}", "{1,}", "{2,1}", "{", "^", "^", "$", "$", "(", "(", ")", ")", "|", "|",
    "a", "a", "b", "-", " ", "a*", "b?", "()", "(a|)", "(|b)", "[ab]*", ".*", "a?b?", r"\(", r"\(", r"\)", r"\)",
    r"\|", r"\|", r"\{1\}", r"\{0\}", r"\{,2\}", r"\+", r"\?", r"\<", r"\>", r"\b", r"\B", r"\`", r"\'", r"\(\)",
    r"\(a\|\)", r"a\?", r"\w*", r"\W*", "\n",
];

/// Pieces of patterns as in Perl.
const PERL: &[&str] = &[
    "a",
    "b",
    "c",
    "ab",
    "A",
    "é",
    "_",
    "-",
    " ",
    "1",
    ".",
    "a*",
    "b+",
    "c?",
    "a{1}",
    "b{2}",
    "a{1,}",
    "b{1,2}",
    "a{0,2}",
    "{",
    "}",
    "{a}",
    "{,2}",
    "a|b",
    "(a|b)",
    "(?:ab)",
    "(?i:A)",
    "^",
    "$",
    "[ab]",
    "[^a]",
    "[a-c]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[[:digit:]]",
    "[^[:space:]]",
    "[.*]",
    r"[\d_]",
    r"[^\d]",
    r"[\]a]",
    "[[]",
    "[a[b]",
    "[a&&b]",
    "[a~~b]",
    "[--a]",
    "[é]",
    r"\(",
    r"\)",
    r"\|",
    r"\+",
    r"\?",
    r"\{",
    r"\}",
    r"\d",
    r"\.",
    r"\*",
    r"\\",
    r"\^",
    r"\$",
    r"\[",
    r"\]",
    r"\-",
    r"\_",
    r"\<",
    r"\>",
    "a*?",
    "b+?",
    "c??",
    "(",
    ")",
    r"\x61",
    r"\x{e9}",
    r"\h",
    r"\H",
    r"\N",
    r"\A",
    r"\z",
    r"\Z",
    r"\Qa.b\E",
    r"\Q(\E",
    r"\t",
    "(a)",
    "()",
    "(?:)",
    "a|",
    "|b",
    "(?<n>a)",
    "(a|ab)(c|bcd)?",
];

/// As in Perl, where only ASCII is searched: what `\w`, `\b`, `\S` and `\D` are beyond it depends
/// on the version of grep.
const PERL_WORDS: &[&str] =
    &[r"\w", r"\W", r"\s", r"\S", r"\D", r"\b", r"\B", r"[\w-]", r"[^\w]", "[[:alpha:]]", "[[:upper:]]", "[[:punct:]]"];

/// Pieces of files, and of patterns that are plain text.
const TEXT: &[&str] = &[
    "a", "a", "b", "b", "c", "ab", "abc", "A", "B", "_", "-", " ", "1", "10", ".", "*", "+", "?", "{", "}", "{1}",
    "1}", "{,2}", "|", "(", ")", "^", "$", "\\", "[", "]", "é", "É", "\t", "d", "aa", "a.b", "foo", ":", "&", "~", "<",
    ">", "#",
];

/// A search: grep's options and pattern, and the file.
pub struct Case {
    pub options: String,
    pub pattern: String,
    pub text: Vec<u8>,
}

impl Case {
    /// Whether this option was given.
    pub fn has(&self, option: &str) -> bool {
        self.options.split(' ').any(|one| one == option)
    }
}

/// A search by chance.
pub fn case(chance: &mut Chance) -> Case {
    let syntax = ["-G", "-E", "-E", "-G", "-P", "-F"][chance.below(6)];
    let perl_words = syntax == "-P" && chance.one_in(3);
    let nothing = chance.one_in(2);
    let mut pattern = String::new();
    // Of those that match nothing, the empty one is one.
    let pieces = if nothing && chance.one_in(9) { 0 } else { 1 + chance.below(5) };
    for _ in 0..pieces {
        pattern += match syntax {
            "-P" if perl_words && chance.one_in(2) => chance.of(PERL_WORDS),
            "-P" => chance.of(PERL),
            "-F" => chance.of(TEXT),
            _ if nothing => chance.of(NOTHING),
            _ => chance.of(POSIX),
        };
    }
    if syntax == "-F" && chance.one_in(4) {
        pattern += "\n";
        pattern += chance.of(TEXT);
    }
    let mut options = vec![syntax.to_owned()];
    for (option, often) in [
        ("-i", 4),
        ("-v", 6),
        ("-w", 5),
        ("-x", 6),
        ("-n", 3),
        ("-b", 5),
        ("-c", 9),
        ("-l", 15),
        ("-L", 15),
        ("-o", 4),
        ("-H", 8),
        ("-a", 6),
        ("-h", 20),
        ("-m 1", 9),
        ("-m 2", 15),
        ("-m 0", 40),
        ("-A 1", 9),
        ("-B 1", 9),
        ("-C 2", 12),
        ("-A 0", 20),
        ("-1", 25),
    ] {
        if chance.one_in(often) {
            options.push(option.to_owned());
        }
    }
    let ascii = perl_words || (syntax == "-P" && options.iter().any(|option| option == "-w"));
    let mut text = String::new();
    for _ in 0..chance.below(9) {
        for _ in 0..chance.below(6) {
            text += chance.of(TEXT);
        }
        text += if chance.one_in(30) { "\r\n" } else { "\n" };
    }
    if chance.one_in(5) {
        text += chance.of(TEXT);
    }
    if chance.one_in(12) {
        let at = text.floor_char_boundary(chance.below(text.len() as u64 + 1));
        text.insert(at, '\0');
    }
    let (pattern, text) =
        if ascii { (pattern.replace('é', "e"), text.replace(['é', 'É'], "e")) } else { (pattern, text) };
    Case { options: options.join(" "), pattern, text: text.into_bytes() }
}

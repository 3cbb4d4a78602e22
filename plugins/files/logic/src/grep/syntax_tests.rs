//! What basic and extended patterns mean, by way of their translation, and what is refused.

use super::*;

/// Whether a line matches, by way of the translation.
fn matches(pattern: &str, extended: bool, line: &str) -> bool {
    use grep_matcher::Matcher as _;
    let translated = translate(pattern, extended).unwrap();
    let matcher = grep_regex::RegexMatcherBuilder::new().multi_line(true).build(&translated);
    matcher.unwrap_or_else(|error| panic!("{pattern} → {translated}: {error}")).is_match(line.as_bytes()).unwrap()
}

#[test]
fn basic_and_extended_mean_what_they_mean_to_grep() {
    for (pattern, line, basic, extended) in [
        ("a+b", "a+b", true, false),
        ("a+b", "aab", false, true),
        (r"a\+b", "aab", true, false),
        (r"a\+b", "a+b", false, true),
        ("a|b", "a|b", true, true),
        ("a|c", "b c", false, true),
        (r"error\|warn", "a warning", true, false),
        (r"\(ab\)*c", "ababc", true, false),
        ("(ab)", "(ab)", true, true),
        ("(ab){2}", "abab", false, true),
        (r"\(ab\)\{2\}", "abab", true, false),
        (r"a\{,2\}b", "aab", true, false),
        ("x{", "x{", true, true),
        ("{1", "{1", true, true),
        ("{1", "1", false, false),
        ("{1}a", "a", false, true),
        ("{1}", "", false, true),
        ("(|{2}b)", "b", false, true),
        ("^a{,}$", "aaa", false, true),
        (r"\{", "{", true, true),
        (r"\<\{", "{", false, false),
        ("*a", "a", false, true),
        ("+a", "a", false, true),
        ("(?a)", "a", false, true),
        ("b|*a", "a", false, true),
        ("^*a", "ba", false, true),
        ("^+a", "ba", false, false),
        ("$*a", "a", true, true),
        ("(*))", "x)", false, true),
        ("({1})", "", false, true),
        ("?{2,1}", "{2,1}", false, true),
        ("^*{2,1}", "{2,1}", false, true),
        ("(^*|b)a", "xa", false, true),
        (r"a\>*", "a", false, true),
        (r"a\>*", "a*", true, true),
        (r"\`\{1\}", "{1}", true, true),
        ("a)", "a)", true, true),
        ("(a))", "a)", false, true),
        ("^a+?$", "", false, true),
        ("^a{2}?$", "", false, true),
        ("^a{2}?$", "aa", false, true),
        ("^a{1}{2}$", "a", false, false),
        ("^a{1}{2}$", "aa", false, true),
        ("^(ab)*+c$", "ababc", false, true),
        (r"^a*\?$", "aa", true, false),
        ("[[:alpha:]]", "ü", true, true),
        ("[^[:alpha:]]", "ü", false, false),
        ("[[:upper:]]", "Ü", true, true),
        ("[[:lower:][:digit:]]", "Ü", false, false),
        ("[[:punct:]]", "-", true, true),
        ("[[:blank:]]", "\t", true, true),
        ("[[:cntrl:]]", "a b", false, false),
        ("[[:graph:]]", " ", false, false),
        ("[[:print:]]", " ", true, true),
        ("[[.-.]]", "-", true, true),
        ("[[=a=]]", "a", true, true),
        ("*a", "*a", true, true),
        ("^*a", "*a", true, true),
        ("^^*$", "^^", true, false),
        ("{2,1}", "{2,1}", true, true),
        ("^*a", "a", false, true),
        ("a^b", "a^b", true, false),
        ("a$b", "a$b", true, false),
        ("^a$", "a", true, true),
        ("a.c", "abc", true, true),
        (r"\.", "a", false, false),
        (r"[\d]", "d", true, true),
        (r"[\d]", "7", false, false),
        (r"[\d]", r"\", true, true),
        ("[[:digit:]]", "7", true, true),
        ("[]a]", "]", true, true),
        ("[^]a]", "]", false, false),
        ("[a-c]", "b", true, true),
        ("[a-]", "-", true, true),
        ("[a&&b]", "&", true, true),
        ("[~~]", "~", true, true),
        ("[[]", "[", true, true),
        (r"\bfoo\b", "a foo b", true, true),
        (r"\<foo\>", "a foo b", true, true),
        (r"\<foo\>", "food", false, false),
        (r"\d", "d", true, true),
        ("ü", "grün", true, true),
        ("#x y", "#x y", true, true),
    ] {
        assert_eq!(matches(pattern, false, line), basic, "basic `{pattern}` on `{line}`");
        assert_eq!(matches(pattern, true, line), extended, "extended `{pattern}` on `{line}`");
    }
}

#[test]
fn what_cannot_be_said_is_refused_and_named() {
    assert_eq!(translate(r"\(a\)\1", false), Err(SyntaxError::BackReference('1')));
    assert_eq!(translate("[a", true), Err(SyntaxError::Bracket));
    assert_eq!(translate("[[:foo:]]", true), Err(SyntaxError::Class("foo".to_owned())));
    assert_eq!(translate("[[.hyphen.]]", false), Err(SyntaxError::Collating("hyphen".to_owned(), '.')));
    assert_eq!(translate("[:alpha:]", false), Err(SyntaxError::Outside));
    assert_eq!(translate(&format!("a{}", "{2}".repeat(1000)), true), Err(SyntaxError::Repetitions));
    assert_eq!(translate("[[:digit:", true), Err(SyntaxError::Bracket));
    assert_eq!(translate("a\\", true), Err(SyntaxError::Backslash));
    assert_eq!(translate(r"a\{2,1\}", false), Err(SyntaxError::Reversed));
    assert_eq!(translate("a{2,1}", true), Err(SyntaxError::Reversed));
    assert_eq!(translate("{1}{2,1}", true), Err(SyntaxError::Reversed));
    // A group is not left open, nor one of the library's closed.
    for (pattern, extended, here, missing) in [
        ("(*)", true, "(", ")"),
        ("(a|b", true, "(", ")"),
        (r"\(a", false, r"\(", r"\)"),
        (r"a\)\|\(b", false, r"\)", r"\("),
    ] {
        assert_eq!(translate(pattern, extended), Err(SyntaxError::Group(here, missing)), "{pattern}");
    }
    for pattern in [r"a\{", r"a\{b\}", r"a\{1", r"a\'\{"] {
        assert_eq!(translate(pattern, false), Err(SyntaxError::Braces), "{pattern}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_translated_holds_nothing_but_text_for_letters(pattern in "[a-zA-Z0-9 _#<>=%&@:;,'\"~-]{0,40}") {
        for extended in [false, true] {
            proptest::prop_assert!(matches(&pattern, extended, &pattern), "{}", pattern);
        }
    }
}

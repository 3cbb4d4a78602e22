//! What servers ask when somebody logs in, and how they refuse. All functions look at one line as a
//! person sees it; whether the server is quiet behind it is for the caller to know.

/// Words that ask for a user's name.
const NAME: [&str; 12] = [
    "login",
    "loginname",
    "user",
    "username",
    "userid",
    "account",
    "benutzer",
    "benutzername",
    "benutzerkennung",
    "utilisateur",
    "usuario",
    "identifiant",
];
/// Ends of words that ask for a password: `newpassword` does as well.
const PASSWORD: [&str; 7] = ["password", "passwd", "passcode", "passphrase", "passwort", "kennwort", "contraseña"];
/// What follows one of these words says what the name or the password is for:
/// `password for user ops:` asks for a password.
const ABOUT: [&str; 10] = ["for", "of", "to", "on", "at", "für", "von", "auf", "de", "para"];
/// Words between two that are both asked for.
const AND: [&str; 4] = ["and", "or", "und", "oder"];
/// The longest distance in characters between the word and the sign of a question.
const NAME_DISTANCE: usize = 40;
const PASSWORD_DISTANCE: usize = 60;
/// The end of a line that is looked at, in characters.
const LOOKED_AT: usize = 200;

/// What an unfinished line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// A user's name.
    pub name: bool,
    /// A password.
    pub password: bool,
    /// Whether a sign stands at its end (`:`, `>` or `?`). Without one it could be
    /// a sentence that goes on.
    pub has_sign: bool,
}

/// The question that a line is, with nothing after it.
pub fn question(line: &str) -> Option<Question> {
    if tells_of_another_login(line) {
        return None;
    }
    let line = end_of(line.trim_end());
    let (body, sign) = match line.char_indices().next_back() {
        Some((at, sign @ (':' | '>' | '?' | '：'))) => (&line[..at], Some(sign)),
        _ => (line.as_str(), None),
    };
    let clause = body.rsplit([':', '>', '?', '：']).next().unwrap_or_default();
    let clause = without_brackets(clause.trim_end());
    let words = words(&clause);
    let rest = |end: usize| clause[end..].chars().count();
    let (mut name, mut password, mut is_over, mut joined) = (false, false, false, false);
    for (index, &(end, word)) in words.iter().enumerate() {
        let is_last = index + 1 == words.len();
        // `ops@switch>` is a prompt, and so are `user switch>` and `password-server>`.
        let is_near = |most: usize| match sign {
            Some('>') => is_last && rest(end) == 0,
            Some(_) => rest(end) <= most,
            None => false,
        };
        let asks_name = NAME.contains(&word) && is_near(NAME_DISTANCE) && !clause[end..].contains('@');
        let asks_password = PASSWORD.iter().any(|ending| word.ends_with(ending))
            && (is_near(PASSWORD_DISTANCE) || sign.is_none() && is_last && rest(end) == 0);
        if (asks_name || asks_password) && !is_over {
            let both = joined && (name || password);
            (name, password) = (asks_name || both && name, asks_password || both && password);
            joined = clause[end..].starts_with(['/', '&', '+']);
        } else if AND.contains(&word) {
            joined = true;
        } else if ABOUT.contains(&word) {
            is_over |= name || password;
        }
    }
    (name || password).then_some(Question { name, password, has_sign: sign.is_some() })
}

/// The last characters of a line, in small letters.
fn end_of(line: &str) -> String {
    let from = line.char_indices().rev().nth(LOOKED_AT - 1).map_or(0, |(at, _)| at);
    line[from..].to_lowercase()
}

/// What stands in brackets is said beside the question.
fn without_brackets(clause: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0usize);
    for c in clause.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' if depth > 0 => depth -= 1,
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The words, each with where it ends.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_between = |c: char| !c.is_alphanumeric();
    let pieces = text.split_inclusive(is_between).scan(0, |from, piece| {
        let word = piece.trim_end_matches(is_between);
        let end = *from + word.len();
        *from += piece.len();
        Some((end, word))
    });
    pieces.filter(|(_, word)| !word.is_empty()).collect()
}

/// Whether a line has words of a refusal.
pub fn refuses(line: &str) -> bool {
    const WORDS: [&str; 11] = [
        "login incorrect",
        "login invalid",
        "login failed",
        "authentication fail",
        "access denied",
        "bad password",
        "bad secrets",
        "password incorrect",
        "not authenticated",
        "user not found",
        "invalid credentials",
    ];
    let line = line.to_lowercase();
    let wrong = |word: &str, what: &str| line.contains(&format!("{word} {what}"));
    WORDS.iter().any(|words| line.contains(words))
        || ["incorrect", "invalid", "wrong"]
            .iter()
            .any(|word| ["password", "login", "user"].iter().any(|what| wrong(word, what)))
}

/// Words that stand in a question for something secret.
const SECRET: [&str; 13] = [
    "password",
    "passwd",
    "passcode",
    "passphrase",
    "passwort",
    "kennwort",
    "mot de passe",
    "contraseña",
    "secret",
    "pin",
    "otp",
    "token",
    "one-time",
];
/// How patterns are written that leave it open whether the first letter is a capital.
const HALVES: [&str; 5] = ["assword", "asscode", "assphrase", "asswort", "ennwort"];

/// Whether a line asks for something secret, so that what is answered to it is not to be shown.
pub fn asks_for_secret(line: &str) -> bool {
    has_word(line, &SECRET)
}

/// Whether a pattern waits for such a question.
pub fn expects_secret(pattern: &str) -> bool {
    let words =
        [r"\b", r"\s", r"\n", r"\r", r"\A"].iter().fold(pattern.to_owned(), |text, sign| text.replace(sign, " "));
    has_word(&words, &SECRET) || has_word(&words, &HALVES)
}

/// Whether a line that ends like a question for a name is the beginning of "Last login: …".
pub fn tells_of_another_login(line: &str) -> bool {
    let line = line.to_lowercase();
    has_word(&line, &["last", "previous", "letzter", "letzte"]) && line.contains("login")
}

fn has_word(line: &str, words: &[&str]) -> bool {
    let line = line.to_lowercase();
    let mut end: Vec<char> = line.chars().rev().take(120).collect();
    end.reverse();
    let line: String = end.into_iter().collect();
    words.iter().any(|word| {
        let begins = |at: usize| !line[..at].ends_with(char::is_alphanumeric);
        let ends = |at: usize| !line[at..].starts_with(char::is_alphanumeric);
        line.match_indices(word).any(|(at, _)| begins(at) && ends(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(line: &str) -> (bool, bool, bool) {
        question(line).map_or((false, false, false), |q| (q.name, q.password, q.has_sign))
    }

    #[test]
    fn questions_for_a_name_are_known() {
        for line in [
            "host login: ",
            "Username:",
            "User Name: ",
            "User Name :",
            "router user:",
            "Login> ",
            "login as: ",
            "Account:",
            "Benutzer: ",
            "Enter Username: ",
            "Username (your password follows): ",
            "Login to the lab network: ",
            "User-ID: ",
            "Nom d'utilisateur : ",
            "login name [root]: ",
        ] {
            assert_eq!(asks(line), (true, false, true), "{line}");
        }
    }

    #[test]
    fn questions_for_a_password_are_known() {
        for line in [
            "Password: ",
            "password for admin:",
            "[sudo] password for root: ",
            "Password for user ops: ",
            "Passwort:",
            "User password: ",
            "Login password: ",
            "root@192.0.2.1's password: ",
            "Enter password> ",
            "Password? ",
            "Enter old password (attempt 2 of 3): ",
            "NewPassword: ",
            "Contraseña: ",
        ] {
            assert_eq!(asks(line), (false, true, true), "{line}");
        }
        for line in ["Enter passphrase", "Password", "Please enter your password "] {
            assert_eq!(asks(line), (false, true, false), "{line}");
        }
        assert_eq!(asks("Username and password: "), (true, true, true));
        assert_eq!(asks("user/password: "), (true, true, true));
    }

    #[test]
    fn what_is_no_question_is_none() {
        for line in [
            "",
            "Last login: ",
            "Last failed login: ",
            "users: 3 logged in",
            "welcome",
            "user@sw1> ",
            "superuser> ",
            "user switch> ",
            "password-server> ",
            "login-server# ",
            "Login",
            "Your password expires after 90 days",
            "Your password expires after 90 days.",
            "% Bad passwords",
            "Password required, but none set",
            "Choice: ",
            "sw1# ",
        ] {
            assert_eq!(question(line), None, "{line}");
        }
        let long = format!("{}password: ", "é".repeat(5000));
        assert_eq!(asks(&long), (false, true, true));
    }

    #[test]
    fn refusals_are_known() {
        for line in
            ["Login incorrect", "% Authentication failed", "% Access denied", "Wrong password!", "INVALID LOGIN"]
        {
            assert!(refuses(line), "{line}");
        }
        for line in ["welcome", "Last login: today", "incorrectly"] {
            assert!(!refuses(line), "{line}");
        }
    }

    #[test]
    fn questions_for_secrets_are_known_by_their_words() {
        for line in ["Password:", "Enter PIN> ", "enable secret: ", "Neues Kennwort (wiederholen): ", "Contraseña:"] {
            assert!(asks_for_secret(line), "{line}");
        }
        for line in ["", "pinging: ", "router# ", "login: ", "secretary: "] {
            assert!(!asks_for_secret(line), "{line}");
        }
        for pattern in ["password:", "[Pp]assword", "assword: ?$", r"\bPIN\b", r"(?i)kennwort"] {
            assert!(expects_secret(pattern), "{pattern}");
        }
        for pattern in ["[>#] ?\\z", "ping", "login: "] {
            assert!(!expects_secret(pattern), "{pattern}");
        }
    }
}

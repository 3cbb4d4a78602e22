//! What servers ask when somebody logs in, and how they refuse.

/// A question for a user's name, with nothing after it.
pub const USER: &str = concat!(
    r"(?i)\b(?:login|user ?name|user ?id|user|account|benutzer(?:name)?)",
    r"(?:[^\r\n:>@]{0,40}:|[ \t]*>)[ \t]*\z"
);

/// A question for a password.
pub const PASSWORD: &str = r"(?i)(?:password|passcode|passphrase|passwort|kennwort)[^\r\n:>]{0,60}[:>]?[ \t]*\z";

/// Words of a refusal.
pub const REFUSED: &str = concat!(
    r"(?i)login incorrect|login invalid|login failed|authentication fail|access denied|bad password|bad secrets|",
    r"(?:incorrect|invalid|wrong) (?:password|login|user)|password incorrect|not authenticated|user not found"
);

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
    use plugin_kit::{Pattern, Scanner};

    fn found(pattern: &str, text: &str) -> bool {
        let mut scanner = Scanner::new(Pattern::new(pattern).unwrap(), 0, None);
        scanner.feed(text.as_bytes()).or_else(|| scanner.at_end_of_data()).is_some()
    }

    #[test]
    fn the_usual_questions_are_known() {
        for text in
            ["Debian GNU/Linux 12\r\nhost login: ", "Username:", "User Name: ", "router user:", "Login> ", "login as: "]
        {
            assert!(found(USER, text), "{text}");
        }
        for text in ["Password: ", "password for admin:", "Enter passphrase", "[sudo] password for root: ", "Passwort:"]
        {
            assert!(found(PASSWORD, text), "{text}");
        }
        for text in [
            "Last login: Mon Nov 23 on pts/0\r\n$ ",
            "users: 3 logged in\r\n# ",
            "welcome\r\n",
            "user@sw1> ",
            "superuser> ",
        ] {
            assert!(!found(USER, text) && !found(PASSWORD, text) && !found(REFUSED, text), "{text}");
        }
        for text in ["Login incorrect\r\n", "% Authentication failed", "% Access denied"] {
            assert!(found(REFUSED, text), "{text}");
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

//! What servers ask when somebody logs in, and how they refuse.

/// A question for a user's name, with nothing after it. "Last login: …" is none: more follows.
pub const USER: &str = r"(?i)(?:login|user ?name|user ?id|user|account|benutzer(?:name)?)[^\r\n:>]{0,40}[:>][ \t]*\z";

/// A question for a password.
pub const PASSWORD: &str = r"(?i)(?:password|passcode|passphrase|passwort|kennwort)[^\r\n:>]{0,60}[:>]?[ \t]*\z";

/// A refusal, or the question for the name once more.
pub const REFUSED: &str = concat!(
    r"(?i)login incorrect|login invalid|login failed|authentication fail|access denied|bad password|bad secrets|",
    r"(?:incorrect|invalid|wrong) (?:password|login|user)|password incorrect|not authenticated|user not found|",
    r"^(?:[^\r\nl][^\r\n ]{0,63} )?login:[ \t]*\z|^user ?name:[ \t]*\z"
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

/// Whether a line that has not ended asks for something secret, so that what is answered to it is not to be shown.
pub fn asks_for_secret(line: &str) -> bool {
    let line = line.to_lowercase();
    let mut end: Vec<char> = line.chars().rev().take(120).collect();
    end.reverse();
    let line: String = end.into_iter().collect();
    SECRET.iter().any(|word| {
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
        for text in ["Last login: Mon Nov 23 on pts/0\r\n$ ", "users: 3 logged in\r\n# ", "welcome\r\n"] {
            assert!(!found(USER, text) && !found(PASSWORD, text) && !found(REFUSED, text), "{text}");
        }
        for text in [
            "Login incorrect\r\n",
            "% Authentication failed",
            "% Access denied",
            "x\r\nhost login: ",
            "\r\nlogin:",
            "\r\nUsername: ",
        ] {
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
    }
}

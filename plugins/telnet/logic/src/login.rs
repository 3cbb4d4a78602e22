//! Whether a login was refused: by what the server said last since it was answered, and only once
//! it is silent. A message of the day may speak of failed logins and denied access as well; then
//! more follows, or a prompt stands at its end.

use std::collections::VecDeque;

use crate::prompt;

/// So many lines, the last that have anything on them, are looked at, and of each so many bytes.
const LINES: usize = 3;
const BYTES: usize = 512;

/// What came since the server was answered.
#[derive(Debug, Default)]
pub(crate) struct Login {
    lines: VecDeque<String>,
}

impl Login {
    /// Something was sent: what came before was no answer to it.
    pub(crate) fn sent(&mut self) {
        self.lines.clear();
    }

    /// A line came.
    pub(crate) fn heard(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.lines.push_back(tail(line.trim_end()).to_owned());
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }

    /// Whether it is refused if nothing follows. `standing`: the line that has not ended.
    pub(crate) fn is_refused(&self, standing: &str, password_was_sent: bool) -> bool {
        let standing = tail(standing);
        if let Some(question) = prompt::question(standing)
            && (question.name || question.password && password_was_sent)
        {
            return true;
        }
        let is_prompt = standing.trim_end().ends_with(['>', '#', '$', '%', ']']);
        !is_prompt && self.lines.iter().map(String::as_str).chain([standing]).any(prompt::refuses)
    }
}

fn tail(line: &str) -> &str {
    let from = (line.len().saturating_sub(BYTES)..=line.len()).find(|&at| line.is_char_boundary(at));
    line.get(from.unwrap_or(0)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lines: &[&str], standing: &str) -> bool {
        let mut login = Login::default();
        lines.iter().for_each(|line| login.heard(line));
        login.is_refused(standing, true)
    }

    #[test]
    fn who_asks_again_has_refused() {
        for standing in [
            "Password:",
            "password: ",
            "User:",
            "login as: ",
            "User Name :",
            "Account:",
            "Login> ",
            "Benutzer: ",
            "Enter Username: ",
            "lab-sw1 login: ",
            "Username: ",
        ] {
            assert!(refused(&[], standing), "{standing}");
        }
        for standing in [
            "Last login: ",
            "Last failed login: ",
            "user@router> ",
            "superuser> ",
            "login-server# ",
            "$ ",
            "",
            "Choice: ",
        ] {
            assert!(!refused(&["Last login: Mon Nov 23 on pts/0"], standing), "{standing}");
        }
        let asked = |standing| Login::default().is_refused(standing, false);
        assert!(!asked("Password: "), "who was not sent one may ask for it");
        assert!(!asked("Password for user ops: "), "this asks for no name");
    }

    #[test]
    fn words_of_refusal_count_at_the_end_only() {
        for line in
            ["Login incorrect", "% Authentication failed", "% Access denied", "% Bad passwords", "Invalid login"]
        {
            assert!(refused(&["", line], "") && refused(&[line], "Press any key"), "{line}");
            assert!(!refused(&[line], "router# ") && !refused(&[line, "a", "b", "c"], "Choice: "), "{line}");
        }
        assert!(refused(&[], "Login incorrect"));
    }
}

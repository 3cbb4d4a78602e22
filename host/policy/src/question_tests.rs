//! Questions that are understood, and those that are not, with what is said then.

use super::*;

fn read(text: &str) -> Result<String, String> {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    match Question::parse(&words) {
        Ok(question) => Ok(question.to_string()),
        Err(why) => Err(match why.hint {
            Some(hint) => format!("{} | {hint}", why.message),
            None => why.message,
        }),
    }
}

#[test]
fn a_question_is_read_in_every_spelling_of_a_host() {
    for (text, meant) in [
        ("connect db.lab.example:5432", "connect tcp://db.lab.example:5432"),
        ("connect tcp://DB.Lab.Example.:5432", "connect tcp://db.lab.example:5432"),
        ("connect bücher.example:443", "connect tcp://xn--bcher-kva.example:443"),
        ("connect 10.0.0.1:22", "connect tcp://10.0.0.1:22"),
        ("connect [::1]:22", "connect tcp://[::1]:22"),
        ("connect [::ffff:10.0.0.1]:22", "connect tcp://10.0.0.1:22"),
        ("connect 169.254.169.254:80", "connect tcp://169.254.169.254:80"),
        ("connect localhost:80", "connect tcp://localhost:80"),
        ("resolve db.lab.example.", "resolve db.lab.example"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_told_and_what_is_not_available_is_not_pretended() {
    for (text, said) in [
        (
            "ping a.example",
            "`ping` is not yet available in this version | there are `connect HOST:PORT` and `resolve NAME`",
        ),
        (
            "read /var/log",
            "`read` is not yet available in this version | there are `connect HOST:PORT` and `resolve NAME`",
        ),
        (
            "listen 22",
            "`listen` is not yet available in this version | there are `connect HOST:PORT` and `resolve NAME`",
        ),
        ("conect a.example:22", "`conect` is nothing that a plugin may ask for | did you mean `connect`?"),
        ("dance", "`dance` is nothing that a plugin may ask for | there are `connect HOST:PORT` and `resolve NAME`"),
        ("connect", "`connect` asks about one thing | write `connect HOST:PORT`"),
        ("connect a.example 22", "`connect` asks about one thing | write `connect HOST:PORT`"),
        ("connect a.example:22,23", "a question is about one port | write `HOST:PORT`"),
        ("connect a.example:*", "a question is about one port | write `HOST:PORT`"),
        ("connect *.example:22", "a question is about one host | write a name or an address"),
        ("connect 10.0.0.0/8:22", "a question is about one host | write a name or an address"),
        ("connect udp://a.example:53", "`udp://` rules are not yet available in this version"),
        (
            "connect 127.1:22",
            "`127.1` is an unusual spelling of an address | if you meant the address, write `127.0.0.1`",
        ),
        ("connect [fe80::1%eth0]:22", "IPv6 zones are not yet available in this version"),
        ("resolve 10.0.0.1", "an address is not looked up | ask `connect ADDRESS:PORT`"),
        (
            "resolve localhost",
            "`localhost` is not looked up: it stands for 127.0.0.1 and ::1 | ask `connect localhost:PORT`",
        ),
        ("resolve *.example", "a question is about one name | write the name in full"),
    ] {
        assert_eq!(read(text), Err(said.to_owned()), "{text}");
    }
}

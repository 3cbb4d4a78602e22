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
        ("connect [fe80::1%eth0]:22", "connect tcp://[fe80::1%eth0]:22"),
        ("connect [fe80::1%2]:22", "connect tcp://[fe80::1%2]:22"),
        ("ping DB.lab.example", "ping db.lab.example"),
        ("ping ::ffff:10.0.0.1", "ping 10.0.0.1"),
        ("ping fe80::1%eth0", "ping fe80::1%eth0"),
        ("ping localhost", "ping localhost"),
        ("query WWW.example.com.@192.0.2.53", "query www.example.com@192.0.2.53:53"),
        ("query _x._tcp.example@[2001:db8::53]:5353", "query _x._tcp.example@[2001:db8::53]:5353"),
        ("query .@127.0.0.1", "query .@127.0.0.1:53"),
        (r"query a\@b.example@::1", r"query a\@b.example@[::1]:53"),
        ("query münchen.example@::1", "query xn--mnchen-3ya.example@[::1]:53"),
        ("read /var//log/", "read /var/log"),
        ("read /", "read /"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_told_and_what_is_not_available_is_not_pretended() {
    for (text, said) in [
        ("conect a.example:22", "`conect` is nothing that a plugin may ask for | did you mean `connect`?"),
        (
            "dance",
            "`dance` is nothing that a plugin may ask for | there are `connect HOST:PORT`, `ping HOST`, `resolve NAME`, `query NAME@SERVER`, `read PATH`, `handler NAME`",
        ),
        ("ping a.example:1", "a `ping` rule has no port | write `a.example`"),
        ("ping 10.0.0.0/8", "a question is about one host | write a name or an address"),
        ("read log", "the path is not absolute: it has to begin with `/` | write `read /var/log/syslog`"),
        (
            "query a.example",
            "the question does not say which server | write `query www.example.com@192.0.2.53`, or `resolve NAME` for a name alone",
        ),
        (
            "query a.example@any",
            "a question is about one server | write `query www.example.com@192.0.2.53`, or `resolve NAME` for a name alone",
        ),
        (
            "query a..b@::1",
            "a name cannot have an empty label; the root is `.` | write `query www.example.com@192.0.2.53`, or `resolve NAME` for a name alone",
        ),
        ("connect", "`connect` asks about one thing | write `connect HOST:PORT`"),
        ("connect a.example 22", "`connect` asks about one thing | write `connect HOST:PORT`"),
        ("connect a.example:22,23", "a question is about one port | write `HOST:PORT`"),
        ("connect a.example:*", "a question is about one port | write `HOST:PORT`"),
        ("connect *.example:22", "a question is about one host | write a name or an address"),
        ("connect 10.0.0.0/8:22", "a question is about one host | write a name or an address"),
        (
            "connect 127.1:22",
            "`127.1` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        ("connect [2001:db8::1%eth0]:22", "only link-local IPv6 addresses have a zone"),
        ("resolve 10.0.0.1", "an address is not looked up | ask `connect ADDRESS:PORT`"),
        (
            "resolve localhost",
            "`localhost` is not looked up: it stands for 127.0.0.1 and ::1 | ask `connect localhost:PORT`",
        ),
        ("resolve *.example", "a question is about one name | write the name in full"),
        ("handler any", "a question is about one handler | write `handler irc`"),
    ] {
        assert_eq!(read(text), Err(said.to_owned()), "{text}");
    }
}

#[test]
fn what_is_not_yet_available_is_a_question_that_is_understood() {
    for text in [
        "listen 22",
        "write /var/log",
        "ssh admin@router.example",
        "processes",
        "capture eth0",
        "secrets token",
        "udp a.example:53",
        "connect udp://a.example:53",
    ] {
        assert_eq!(read(text).as_deref(), Ok(text));
    }
}

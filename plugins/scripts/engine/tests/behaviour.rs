//! What scripts are given, what they keep, what they do, and what is told of their faults.

use crate::common::{fault, input, line, made, outcome, program, sent};
use script::{Group, Input, Kind, Limits, Outcome, Piece};

/// What is told of a source or its first run.
fn told(source: &str) -> String {
    fault(source, Limits::default()).to_string()
}

#[test]
fn a_source_is_refused_with_line_and_column() {
    for (source, message) in [
        ("let a = 1;\nlet b = a +;", "line 2, column 12: Unexpected ';'"),
        ("let a = 1;\nmd55(\"é\" + a);", "line 2, column 1: there is no function `md55`; did you mean `md5`?"),
        ("let é = \"é\"; foo(1)", "line 1, column"),
        ("send(\n  md5()\n);", "line 2, column 3: `md5` takes 1 values, here are 0 (one before a `.` counts)"),
        ("crc16(\"a\")", "line 1, column 1: `crc16` takes 2 values, here are 1"),
        ("send(\"a\") send(\"b\")", "line 1, column 11: "),
        ("let a = b;", "line 1, column 9: there is no variable `b` here"),
        ("let s = \"abc", "line 1, column 9: "),
    ] {
        let fault = made(source, Limits::default()).expect_err(source);
        assert_eq!(fault.kind, Kind::Source, "{fault}");
        assert!(fault.to_string().starts_with(message), "{fault}\nnot {message}");
    }
}

#[test]
fn a_run_fails_with_line_and_column() {
    for (source, message) in [
        ("let a = [1];\nlet b = a[3];", "line 2, column 11: "),
        ("let b = bytes(\"ab\");\n  b[2]", "line 2, column 4: there is no byte 2: there are 2"),
        ("unhex(\"4z\")", "line 1, column 1: it is no hex: "),
        ("\n group(3)", "line 2, column 2: there is no group 3: the pattern has 0"),
        ("group(\"x\")", "line 1, column 1: there is no group `x`: the pattern has no named groups"),
        ("crc16(\"mod\", \"a\")", "line 1, column 1: there is no variant `mod`: there are modbus, "),
        ("hmac(\"md6\", \"a\", \"b\")", "line 1, column 1: there is no hash `md6`: there are md5, "),
        ("pack(\"u8\", 256)", "line 1, column 1: 256 is not in 0 to 255"),
        ("pack(\"u17be\", 256)", "line 1, column 1: there is no number `u17be`"),
        ("unpack(\"u16be\", bytes(\"a\"))", "line 1, column 1: the format takes the bytes 0..2: there are 1"),
        ("find(\"(a\", \"a\")", "line 1, column 1: the pattern is wrong: unclosed group"),
        ("send(5)", "line 1, column 1: it takes text or bytes, not an int"),
        ("send(())", "line 1, column 1: it takes text or bytes, not nothing, `()`"),
        ("bytes([256])", "line 1, column 1: a byte is 0 to 255, not 256"),
        ("text(unhex(\"61ff\"))", "line 1, column 1: the bytes are no UTF-8 text at 1"),
        ("parse_json(\"{\")", "line 1, column 1: it is no JSON: "),
        ("fn f(x) {\n  throw \"it is \" + x\n}\nf(\"so\")", "line 2, column 3: it is so"),
        ("1 + #{}", "line 1, column 3: "),
        ("fn f() { matched }\nf()", "line 1, column 10: there is no variable `matched` here; begin one by `let`"),
        ("now = 5;", "line 1, column 1: `now` cannot be changed"),
        ("throw", "line 1, column 1: the script throws"),
        ("state = 5;", "`state` is a map; write `state.name = value`"),
        ("1 / 0", "line 1, column 3: Division by zero"),
        ("9223372036854775807 + 1", "line 1, column 21: "),
    ] {
        let result = made(source, Limits::default()).unwrap_or_else(|fault| panic!("{source}: {fault}"));
        let fault = { result }.run(Input::default()).expect_err(source);
        assert_eq!(fault.kind, Kind::Run, "{fault}");
        assert!(fault.to_string().starts_with(message), "{fault}\nnot {message}");
    }
}

#[test]
fn bytes_that_are_no_text_never_become_one_silently() {
    for source in [
        "let t = `a ${unhex(\"ff\")}`; send(t);",
        "let t = \"a\"; t += unhex(\"ff\"); send(t);",
        "print(unhex(\"ff\"))",
    ] {
        let told = told(source);
        assert!(told.contains("no UTF-8 text at 0"), "{source}: {told}");
    }
    assert_eq!(line(&outcome("let t = `a ${bytes(\"é\")}`; send(t);", Limits::default())), "a é");
    assert_eq!(sent(&outcome("send(\"a\" + unhex(\"ff\") + \"b\");", Limits::default())), b"a\xffb");
}

#[test]
fn bytes_and_text_compare() {
    for expression in [
        "bytes(\"a\") == \"a\"",
        "\"a\" == bytes(\"a\")",
        "bytes(\"a\") != \"b\"",
        "\"b\" != bytes(\"a\")",
        "bytes(\"a\") == bytes(\"a\")",
        "!(bytes(\"a\") == bytes(\"b\"))",
        "!(bytes(\"a\") != \"a\")",
        "[bytes(\"a\")] == [\"a\"]",
        "bytes(\"a\") in [\"a\"]",
        "\"a\" in bytes(\"cab\")",
        "bytes(\"a\") != ()",
        "group(0) == matched",
    ] {
        let source = format!("send(if {expression} {{ \"true\" }} else {{ \"false\" }});");
        assert_eq!(line(&outcome(&source, Limits::default())), "true", "{expression}");
    }
}

#[test]
fn groups_are_found_by_number_and_name() {
    let mut script = program("send(group(1) + group(\"b\") + group(0)); if group(3) == () { send(\"!\") }");
    let mut given = input(b"xy", &[("", b"x"), ("b", b"y")]);
    given.groups.push(Group::default());
    assert_eq!(line(&script.run(given).unwrap()), "xyxy!");
    let fault = program("group(\"c\")").run(input(b"", &[("a", b""), ("b", b"")])).unwrap_err();
    assert!(fault.message.contains("the pattern has `a`, `b`"), "{fault}");
}

#[test]
fn state_is_kept_and_a_run_that_fails_changes_nothing() {
    let mut script = program(
        "state.n = (state.n ?? 0) + 1; state.list = (state.list ?? []) + [fired]; let c = count(\"c\");
         if fired == 2 { throw \"no\" } if fired == 3 { loop {} }
         send(`${state.n} ${c} ${state.list}`);",
    );
    let mut run = |fired| script.run(Input { fired, ..Input::default() }).map(|outcome| line(&outcome));
    assert_eq!(run(1).unwrap(), "1 1 [1]");
    assert_eq!(run(2).unwrap_err().kind, Kind::Run);
    assert_eq!(run(3).unwrap_err().kind, Kind::Limit);
    assert_eq!(run(4).unwrap(), "2 2 [1,4]", "neither the state nor the counter has moved");
}

#[test]
fn a_run_that_fails_sends_nothing_later() {
    let mut script = program("send(\"a\"); note(\"b\"); stop(); if fired == 1 { throw \"no\" }");
    script.run(Input { fired: 1, ..Input::default() }).unwrap_err();
    let outcome = script.run(Input { fired: 2, ..Input::default() }).unwrap();
    assert_eq!((line(&outcome).as_str(), outcome.note.as_deref(), outcome.stop), ("a", Some("b"), true));
}

#[test]
fn programs_share_nothing() {
    let source = "state.n = (state.n ?? 0) + 1; send(`${state.n}${count(\"n\")}`);";
    let (mut first, mut second) = (program(source), program(source));
    assert_eq!(line(&first.run(Input::default()).unwrap()), "11");
    assert_eq!(line(&first.run(Input::default()).unwrap()), "22");
    assert_eq!(line(&second.run(Input::default()).unwrap()), "11");
}

#[test]
fn what_is_done_comes_in_its_order() {
    let outcome = outcome(
        "send(\"a\"); send(bytes(\"b\")); send_message(#{x: 1, b: unhex(\"ff\")}); send(\"c\"); close(\"bye\"); stop();
         note(\"one\"); print(2); exit(); send(\"d\");",
        Limits::default(),
    );
    let message = r#"{"b":{"base64":"/w=="},"x":1}"#.to_owned();
    let send = vec![Piece::Bytes(b"ab".to_vec()), Piece::Message(message), Piece::Bytes(b"c".to_vec())];
    let close = Some("bye".to_owned());
    assert_eq!(outcome, Outcome { send, stop: true, close, note: Some("one\n2".to_owned()) });
}

#[test]
fn a_value_at_the_end_is_not_sent_and_that_is_told() {
    let noted = outcome("\"PONG\"", Limits::default());
    assert!(noted.send.is_empty() && noted.note.unwrap().contains("`send(value)` sends it"));
    assert_eq!(outcome("state.set(\"a\", 1); state.remove(\"a\")", Limits::default()), Outcome::default());
    assert_eq!(outcome("", Limits::default()), Outcome::default());
}

#[test]
fn messages_are_values() {
    let mut script = program("send(to_json(message)); send_message(message.a[1] ?? #{});");
    let text = r#"{"a":[1,{"b":null}],"c":1.5,"d":18446744073709551615,"e":"é","f":true}"#;
    let outcome = script.run(Input { message: Some(text.to_owned()), ..Input::default() }).unwrap();
    let printed = text.replace("18446744073709551615", "\"18446744073709551615\"");
    assert_eq!(outcome.send, [Piece::Bytes(printed.into_bytes()), Piece::Message(r#"{"b":null}"#.to_owned())]);
    let fault = script.run(Input { message: Some("{".to_owned()), ..Input::default() }).unwrap_err();
    assert!(fault.message.starts_with("it is no JSON"), "{fault}");
}

/// Each number's least and greatest value, there and back.
#[test]
fn numbers_go_there_and_back() {
    for bits in [8u32, 16, 32, 64] {
        let orders: &[&str] = if bits == 8 { &[""] } else { &["be", "le"] };
        for order in orders {
            let signed = [i64::MIN >> (64 - bits), -1, i64::MAX >> (64 - bits)];
            let unsigned = [0, 1, if bits == 64 { i64::MAX } else { (1 << bits) - 1 }];
            for (class, values) in [("i", signed), ("u", unsigned)] {
                for value in values {
                    let format = format!("{class}{bits}{order}");
                    // The least int is no literal.
                    let value =
                        if value == i64::MIN { "(-9223372036854775807 - 1)".to_owned() } else { format!("({value})") };
                    let source = format!(
                        "let n = {value}; if unpack(\"{format}\", pack(\"{format}\", n)) != n {{ throw \"no\" }}"
                    );
                    outcome(&source, Limits::default());
                }
            }
            if bits < 64 {
                let over = format!("pack(\"u{bits}{order}\", {})", 1i64 << bits);
                assert!(told(&over).contains("is not in"), "{over}");
                assert!(
                    told(&format!("pack(\"i{bits}{order}\", -{})", (1i64 << (bits - 1)) + 1)).contains("is not in")
                );
            }
        }
    }
    assert!(told("unpack(\"u64be\", unhex(\"ffffffffffffffff\"))").contains("read it as i64"));
    let floats = "send(hex(pack(\"f32be f64le\", [1.5, -2])) + unpack(\"f32le\", pack(\"f32le\", 0.5)));";
    assert_eq!(line(&outcome(floats, Limits::default())), "3fc0000000000000000000c00.5");
}

/// The check values of the catalogue of parametrised CRC algorithms: of `123456789`.
#[test]
fn checksums_have_the_catalogues_check_values() {
    for (call, check) in [
        ("crc16(\"modbus\"", 0x4b37),
        ("crc16(\"arc\"", 0xbb3d),
        ("crc16(\"ccitt\"", 0x29b1),
        ("crc16(\"xmodem\"", 0x31c3),
        ("crc16(\"kermit\"", 0x2189),
        ("crc16(\"x25\"", 0x906e),
        ("crc16(\"usb\"", 0xb4c8),
        ("crc16(\"dnp\"", 0xea82),
        ("crc16(\"mcrf4xx\"", 0x6f91),
        ("crc16(\"genibus\"", 0xd64e),
        ("crc32(\"ieee\"", 0xcbf4_3926_u32),
        ("crc32(\"castagnoli\"", 0xe306_9283),
        ("crc32(\"mpeg2\"", 0x0376_e6e7),
        ("crc32(\"bzip2\"", 0xfc89_1918),
    ] {
        assert_eq!(
            line(&outcome(&format!("send(`${{{call}, \"123456789\")}}`)"), Limits::default())),
            check.to_string(),
            "{call}"
        );
    }
}

/// RFC 2202, RFC 4231, each test case 2.
#[test]
fn hmacs_have_the_values_of_their_rfcs() {
    for (hash, value) in [
        ("md5", "750c783e6ab0b503eaa86e310a5db738"),
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha224", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("sha384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"),
    ] {
        let source = format!("send(hex(hmac(\"{hash}\", \"Jefe\", \"what do ya want for nothing?\")))");
        assert_eq!(line(&outcome(&source, Limits::default())), value, "{hash}");
    }
    // FIPS 180-4.
    let sha512 = line(&outcome("send(hex(sha512(\"abc\")));", Limits::default()));
    assert!(
        sha512.starts_with("ddaf35a193617abacc417349ae204131") && sha512.ends_with("454d4423643ce80e2a9ac94fa54ca49f"),
        "{sha512}"
    );
}

#[test]
fn bytes_are_cut_within_their_bounds() {
    for (expression, expected) in [
        ("b[0..2]", "ab"),
        ("b[1..=2]", "bc"),
        ("b[4..4]", ""),
        ("b.slice(-2)", "cd"),
        ("b.slice(-3, -1)", "bc"),
        ("b.slice(4)", ""),
        ("b.index_of(\"d\", 2).to_string()", "3"),
        ("b.split(\"b\")[0]", "a"),
        ("bytes(b.split(\"x\").len().to_string())", "1"),
    ] {
        let source = format!("let b = bytes(\"abcd\"); send({expression});");
        assert_eq!(line(&outcome(&source, Limits::default())), expected, "{expression}");
    }
    for expression in [
        "b[0..5]",
        "b[3..1]",
        "b.slice(5)",
        "b.slice(-5)",
        "b[4]",
        "b[-5]",
        "b[0..9223372036854775807]",
        "b[-9223372036854775807]",
        "b.index_of(\"a\", 5)",
        "b.split(\"\")",
    ] {
        let source = format!("let b = bytes(\"abcd\"); {expression}");
        assert_eq!(fault(&source, Limits::default()).kind, Kind::Run, "{expression}");
    }
    let each = "let sum = 0; for byte in bytes(\"abcd\") { sum += byte; } send(`${sum}`);";
    assert_eq!(line(&outcome(each, Limits::default())), "394");
}

#[test]
fn texts_and_lists_are_searched_and_cut() {
    for (expression, expected) in [
        ("\"aébéc\".index_of(\"é\")", "1"),
        ("\"aébéc\".index_of(\"é\", 2)", "3"),
        ("\"aébéc\".index_of(\"é\", 4)", "-1"),
        ("\"abc\".index_of(\"c\", 99)", "-1"),
        ("\"aébéc\".sub_string(1)", "ébéc"),
        ("\"aébéc\".sub_string(1, 2)", "éb"),
        ("\"aébéc\".sub_string(-2)", "éc"),
        ("\"aébéc\".sub_string(-99, 1)", "a"),
        ("\"aébéc\".sub_string(9, 1)", ""),
        ("\"aébéc\".sub_string(1, -1)", ""),
        ("\"aébéc\".sub_string(1..3)", "éb"),
        ("\"aébéc\".sub_string(1..=3)", "ébé"),
        ("[1, 2.0, \"b\", [1]].index_of(2)", "1"),
        ("[1, 2.0, \"b\", [1]].index_of(bytes(\"b\"))", "2"),
        ("[1, 2.0, \"b\", [1]].index_of([1.0])", "3"),
        ("[1, 2, 1].index_of(1, 1)", "2"),
        ("[1, 2, 1].index_of(3)", "-1"),
        ("[#{a: [1]}].contains(#{a: [1]})", "true"),
        ("3 in [1, 2]", "false"),
        ("[1, [2, #{a: \"é\"}], (), 1.5, true]", r#"[1,[2,{"a":"é"}],null,1.5,true]"#),
        ("[1] != [2]", "true"),
        ("#{a: 1} == #{a: 1.0}", "true"),
        ("#{a: 1} != #{b: 1}", "true"),
        ("[()] == [0]", "false"),
    ] {
        assert_eq!(line(&outcome(&format!("send(`${{{expression}}}`);"), Limits::default())), expected, "{expression}");
    }
}

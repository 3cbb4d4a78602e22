//! The examples, with the values of the documents that define each exchange.

use crate::common::{input, line, program, sent};
use regex::bytes::Regex;
use script::{Input, Program};

/// A source with the pattern that it names, and a match of that pattern in this text.
fn example(source: &'static str) -> (Program, impl Fn(&[u8]) -> Input) {
    let pattern = source.lines().find_map(|line| line.strip_prefix("// pattern: ")).unwrap();
    let pattern = Regex::new(&format!("(?-u){pattern}")).unwrap();
    let matched = move |bytes: &[u8]| {
        let captures = pattern.captures(bytes).unwrap_or_else(|| panic!("{pattern}"));
        let groups = pattern.capture_names().zip(captures.iter()).skip(1);
        let groups: Vec<_> = groups
            .map(|(name, group)| (name.unwrap_or_default(), group.map_or(&b""[..], |group| group.as_bytes())))
            .collect();
        input(captures.get(0).unwrap().as_bytes(), &groups)
    };
    (program(source), matched)
}

/// RFC 1939, section 7.
#[test]
fn apop_of_rfc_1939() {
    let (mut program, matched) = example(include_str!("../../examples/apop.rhai"));
    let greeting = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n";
    let outcome = program.run(matched(greeting)).unwrap();
    assert_eq!(line(&outcome), "APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n");
    assert!(outcome.stop);
}

/// RFC 2195, section 2.
#[test]
fn cram_md5_of_rfc_2195() {
    let (mut program, matched) = example(include_str!("../../examples/cram_md5.rhai"));
    let challenge = b"+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n";
    let outcome = program.run(matched(challenge)).unwrap();
    assert_eq!(line(&outcome), "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n");
    assert!(outcome.stop);
    let smtp = b"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n";
    assert_eq!(line(&program.run(matched(smtp)).unwrap()), line(&outcome));
    let fault = program.run(matched(b"+ PDE4OT\r\n")).unwrap_err();
    assert_eq!(fault.to_string(), "line 6, column 17: it is no base64: invalid length at 4");
}

/// RFC 4231, test case 2.
#[test]
fn a_devices_challenge_by_rfc_4231() {
    let (mut program, matched) = example(include_str!("../../examples/challenge.rhai"));
    // "what do ya want for nothing?"
    let outcome = program.run(matched(b"NONCE 7768617420646f2079612077616e7420666f72206e6f7468696e673f\r\n")).unwrap();
    assert_eq!(line(&outcome), "PROOF 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\r\n");
    let short = program.run(matched(b"NONCE 00\r\n")).unwrap();
    assert_eq!((sent(&short).len(), short.close.as_deref()), (0, Some("the nonce is too short to be one")));
}

/// MODBUS over Serial Line 1.02, section 2.5.1.2: the checksum's low byte comes first.
#[test]
fn a_counter_with_a_checksum() {
    let (mut program, matched) = example(include_str!("../../examples/counter.rhai"));
    let mut frame = || sent(&program.run(matched(b"READY\r\n")).unwrap());
    assert_eq!(frame(), [0x01, 0x03, 0x00, 0x00, 0x00, 0x0a, 0xc5, 0xcd]);
    assert_eq!(frame()[..6], [0x01, 0x03, 0x00, 0x0a, 0x00, 0x0a]);
    // A frame with its checksum has the checksum 0.
    let third = frame();
    let check = format!("send(pack(\"u16be\", crc16(\"modbus\", bytes({third:?}))))");
    assert_eq!(sent(&crate::common::program(&check).run(Input::default()).unwrap()), [0, 0]);
}

/// RFC 5321, and the AUTH PLAIN of RFC 4954, section 4.1.
#[test]
fn an_smtp_conversation() {
    let (mut program, matched) = example(include_str!("../../examples/smtp.rhai"));
    let conversation: [(&[u8], &str); 8] = [
        (b"220 server.example ESMTP ready\r\n", "EHLO client.example\r\n"),
        (b"250 AUTH PLAIN\r\n", "AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=\r\n"),
        (b"235 2.7.0 Authentication successful\r\n", "MAIL FROM:<test@client.example>\r\n"),
        (b"250 2.1.0 Ok\r\n", "RCPT TO:<postmaster@server.example>\r\n"),
        (b"250 2.1.5 Ok\r\n", "DATA\r\n"),
        (b"354 End data with <CR><LF>.<CR><LF>\r\n", "Subject: a test\r\n\r\nIt works.\r\n.\r\n"),
        (b"250 2.0.0 Ok: queued\r\n", "QUIT\r\n"),
        (b"221\r\n", ""),
    ];
    for (reply, command) in conversation {
        let outcome = program.run(matched(reply)).unwrap();
        assert_eq!((line(&outcome).as_str(), outcome.stop), (command, command.is_empty()), "{reply:?}");
    }
}

#[test]
fn an_smtp_conversation_that_is_refused() {
    let (mut program, matched) = example(include_str!("../../examples/smtp.rhai"));
    program.run(matched(b"220 server.example\r\n")).unwrap();
    program.run(matched(b"250 AUTH PLAIN\r\n")).unwrap();
    let outcome = program.run(matched(b"535 5.7.8 Authentication credentials invalid\r\n")).unwrap();
    assert_eq!((line(&outcome).as_str(), outcome.stop), ("QUIT\r\n", true));
    assert_eq!(outcome.note.as_deref(), Some("auth: 535 came, 235 was expected"));
}

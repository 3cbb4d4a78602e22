//! How long a small script takes: to create, and to run. Runs natively and as a WASI command.

use std::time::Instant;

use script::{Group, Input, Limits, Program};

fn main() {
    let input = || Input {
        matched: b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n".to_vec(),
        groups: vec![Group {
            name: Some("timestamp".to_owned()),
            bytes: Some(b"<1896.697170952@dbc.mtview.ca.us>".to_vec()),
        }],
        ..Input::default()
    };
    let pong = "send(\"PONG \" + group(1) + \"\\r\\n\");";
    let sum = "fn sum(b) { let s = 0; for x in b { s += x; } s }\nstate.n = (state.n ?? 0) + 1;\n\
               send(`PONG ${state.n} ${sum([1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16])}`);";
    let apop = include_str!("../../examples/apop.rhai");
    for (name, source) in [("pong", pong), ("sum", sum), ("apop", apop)] {
        let made = |times: u32| {
            let begin = Instant::now();
            for _ in 0..times {
                drop(std::hint::black_box(Program::new(source, Limits::default(), || 0)));
            }
            begin.elapsed() / times
        };
        made(10);
        let created = made(200);
        let Ok(mut program) = Program::new(source, Limits::default(), || 0) else { continue };
        let mut run = |times: u32| {
            let begin = Instant::now();
            for _ in 0..times {
                let _ = std::hint::black_box(program.run(input()));
            }
            begin.elapsed() / times
        };
        run(100);
        println!("{name}: create {created:?}, run {:?}", run(20_000));
    }
    worst();
    stack();
}

/// How long the dearest runs take that the bounds let through.
fn worst() {
    for (given, step) in [
        ("", ""),
        ("let s = repeat(\"x\", 60000);", "s.len();"),
        ("let s = repeat(\"x\", 60000);", "s.to_upper();"),
        ("let s = repeat(\"x\", 60000);", "s.contains(\"y\");"),
        ("let s = repeat(\"x\", 60000);", "s.index_of(\"y\");"),
        ("let s = repeat(\"x\", 60000);", "s.sub_string(1, 50000);"),
        ("let s = repeat(\"x\", 60000);", "s.split(\"y\");"),
        ("let s = repeat(\"x\", 60000);", "s[50000];"),
        ("let s = repeat(\"x\", 60000);", "`${s}`;"),
        ("let s = repeat(\"x\", 60000);", "s + \"x\";"),
        ("let s = repeat(\"x\", 60000);", "parse_json(s);"),
        ("let s = repeat(\"x\", 60000);", "sha512(s);"),
        ("let s = repeat(\"x\", 60000);", "find(\"(x|y)*z\", s);"),
        ("let s = repeat(bytes(\"x\"), 60000);", "s.index_of(\"xxxxxy\");"),
        ("let s = []; for i in 0..1000 { s.push(i); }", "let b = s;"),
        ("let s = []; for i in 0..1000 { s.push(i); }", "s.contains(-1);"),
        ("let s = #{}; for i in 0..1000 { s[`${i}`] = i; }", "let b = s;"),
        ("let s = #{}; for i in 0..1000 { s[`${i}`] = i; }", "s.keys();"),
    ] {
        let source = format!("{given} loop {{ {step} }}");
        let Ok(mut program) = Program::new(&source, Limits::default(), || 0) else {
            println!("{source}: none");
            continue;
        };
        let begin = Instant::now();
        let ended = program.run(Input::default()).map_err(|fault| fault.message);
        println!("{step} {:?} {ended:?}", begin.elapsed());
    }
}

/// The deepest that the bounds let through, which the stack has to hold: for each way of nesting
/// the deepest source that is accepted, and lists as deep as they can be.
fn stack() {
    for (open, close) in [
        ("(0 + ", ")"),
        ("[", "][0]"),
        ("max(0, ", ")"),
        ("(`${", "}`).parse_int()"),
        ("{ if true { ", " } }"),
        ("[n].map(|n| ", ")[0]"),
        ("#{a: ", "}.a"),
        ("switch 1 { 1 => ", " }"),
    ] {
        let deepest = |nested: usize, calls: usize| {
            let (open, close) = (open.repeat(nested), close.repeat(nested));
            format!("fn f(n) {{ if n == 0 {{ 0 }} else {{ 1 + {open}f(n - 1){close} }} }} send(`${{f({calls})}}`);")
        };
        let made = |nested, calls| Program::new(&deepest(nested, calls), Limits::default(), || 0);
        let nested = (1..100).take_while(|nested| made(*nested, 1).is_ok()).last().unwrap_or(0);
        for calls in [4, 8, 15] {
            let result = made(nested, calls).and_then(|mut program| program.run(Input::default()));
            println!(
                "{open}: {nested} deep, {calls} calls: {:?}",
                result.map(|_| "runs").map_err(|fault| fault.message)
            );
        }
    }
    for what in [
        "state.a = a;",
        "let b = a;",
        "a == a;",
        "a in [a];",
        "`${a}`;",
        "print(a);",
        "debug(a);",
        "to_json(a);",
        "switch a { 1 => 2, _ => 3 }",
        "a.map(|x| x);",
        "a += a;",
        "a.index_of(a);",
        "type_of(a);",
        "take(a);",
        "throw a;",
        "send(a);",
        "exit(a);",
        "a",
    ] {
        let lists = format!("let a = []; for i in 0..1000 {{ a = [a]; }} {what}");
        let maps = format!("let a = #{{}}; for i in 0..1000 {{ a = #{{x: a}}; }} {what}");
        for source in [lists, maps] {
            let result =
                Program::new(&source, Limits::default(), || 0).and_then(|mut program| program.run(Input::default()));
            println!("{what} {:?}", result.map(|_| "runs").map_err(|fault| fault.message));
        }
    }
}

//! Each bound with a script that goes over it and a twin that stays within, and what no script
//! reaches.

use crate::common::{fault, line, made, outcome};
use script::{Kind, Limits};

/// A hostile source is refused by a limit, for this reason; its twin runs.
fn bound(limits: Limits, hostile: &str, reason: &str, twin: &str) {
    let told = fault(hostile, limits);
    assert_eq!(told.kind, Kind::Limit, "{told}");
    assert!(told.message.contains(reason), "{hostile:.200}: {told}");
    outcome(twin, limits);
}

#[test]
fn operations() {
    let limits = Limits::default();
    bound(limits, "loop {}", "more than 50000 operations", "for i in 0..5000 { i; }");
    bound(limits, "let n = 0; while true { n += 1; }", "operations", "let n = 0; while n < 3000 { n += 1; }");
    let catching = "loop { try { loop {} } catch { } }";
    bound(limits, catching, "operations", "try { throw 1 } catch { send(\"caught\") }");
    let fewer = Limits { operations: 100, ..limits };
    bound(fewer, "for i in 0..1000 { i; }", "more than 100 operations", "for i in 0..10 { i; }");
}

#[test]
fn what_helpers_do_costs_operations() {
    let limits = Limits::default();
    let hash = |times: u32| format!("let b = repeat(\"x\", 60000); for i in 0..{times} {{ sha256(b); }}");
    bound(limits, &hash(1000), "operations", &hash(5));
    let search = |times: u32| format!("let b = repeat(\"a\", 60000); for i in 0..{times} {{ find(\"(a|b)*c\", b); }}");
    bound(limits, &search(1000), "operations", &search(5));
    let joined =
        |times: u32| format!("let b = repeat(\"x\", 60000); for i in 0..{times} {{ let c = bytes(b) + \"x\"; }}");
    bound(limits, &joined(1000), "operations", &joined(20));
}

#[test]
fn calls_within_one_another() {
    let limits = Limits::default();
    let deep = |depth: u32| format!("fn f(n) {{ if n > 0 {{ f(n - 1) }} }} f({depth})");
    bound(limits, &deep(100), "more than 16 deep", &deep(14));
    bound(limits, "fn a(n) { b(n) } fn b(n) { a(n) } a(1)", "deep", "fn a(n) { n } fn b(n) { a(n) } b(1)");
    let closures = "let f = |f, n| f.call(f, n + 1); f.call(f, 0)";
    bound(limits, closures, "deep", "let f = |n| n + 1; f.call(1)");
}

#[test]
fn expressions_within_one_another() {
    let limits = Limits::default();
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("let a = {}{inner}{};", open.repeat(times), close.repeat(times))
    };
    for (open, inner, close) in
        [("(", "1", ")"), ("[", "1", "]"), ("#{a: ", "1", "}"), ("!", "true", ""), ("-(", "1", ")")]
    {
        bound(limits, &nested(open, inner, close, 500), "too deep", &nested(open, inner, close, 5));
    }
    for more in [" + 1", " - now", " * 2", " && true", " ?? 1", ".a", "[0]", ".f()"] {
        let many = format!("let a = state{};", more.repeat(2000));
        let told = fault(&many, limits);
        assert_eq!(told.kind, Kind::Limit, "{more}: {told}");
    }
    outcome("let a = 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15 + 16;", limits);
    bound(limits, &format!("{}{}", "{".repeat(500), "}".repeat(500)), "too deep", "{{{{ 1; }}}}");
    bound(
        limits,
        &format!("if now == 1 {{}}{}", " else if now == 2 {}".repeat(500)),
        "too deep",
        "if now == 1 {} else if now == 2 {}",
    );
    let interpolated = format!("let a = {}1{};", "`${".repeat(200), "}`".repeat(200));
    bound(limits, &interpolated, "too deep", "let a = `${`${1}`}`;");
}

#[test]
fn texts() {
    let limits = Limits::default();
    bound(
        limits,
        "let s = \"a\"; loop { s += s; }",
        "more than 65536 bytes",
        "let s = \"a\"; for i in 0..15 { s += s; }",
    );
    bound(limits, "repeat(\"abc\", 1000000000000)", "65536 are allowed", "repeat(\"abc\", 1000)");
    bound(limits, "\"a\".pad_start(100000000, \"x\")", "allowed", "\"a\".pad_start(100, \"x\")");
    let replace = |n: u32| format!("let s = repeat(\"x\", {n}); s.replace(\"x\", s)");
    bound(limits, &replace(60000), "allowed", &replace(100));
    bound(
        limits,
        "let s = repeat(\"x\", 60000); let t = `${s}${s}`;",
        "65536 bytes",
        "let s = \"x\"; let t = `${s}${s}`;",
    );
    let literal = |n: usize| format!("let s = \"{}\";", "x".repeat(n));
    let small = Limits { value: 100, ..limits };
    bound(small, &literal(1000), "over the limit", &literal(90));
}

#[test]
fn values_of_bytes() {
    let limits = Limits::default();
    let grown = |times: u32| format!("let b = bytes(\"a\"); for i in 0..{times} {{ b += b; }}");
    bound(limits, &grown(40), "65536 are allowed", &grown(10));
    bound(limits, "hex(repeat(bytes(\"a\"), 40000))", "80000 bytes", "hex(repeat(bytes(\"a\"), 30000))");
    bound(limits, "base64(repeat(\"a\", 60000))", "80000 bytes", "base64(repeat(\"a\", 3000))");
    let json = |n: u32| {
        format!("let b = repeat(\"a\", 60000); let l = []; for i in 0..{n} {{ l.push(bytes(b)); }} to_json(l)")
    };
    bound(limits, &json(20), "allowed", &json(1));
}

#[test]
fn members_of_lists_and_maps() {
    let limits = Limits::default();
    bound(
        limits,
        "let a = []; loop { a.push(1); }",
        "more than 1024 members",
        "let a = []; for i in 0..1000 { a.push(1); }",
    );
    bound(limits, "let a = []; loop { a = [a]; }", "1024 members", "let a = []; for i in 0..100 { a = [a]; }");
    bound(
        limits,
        "let a = #{}; loop { a = #{x: a}; }",
        "1024 members",
        "let a = #{}; for i in 0..100 { a = #{x: a}; }",
    );
    bound(limits, "for i in 0..3000 { state[`${i}`] = 1; }", "1024 members", "for i in 0..1000 { state[`${i}`] = 1; }");
    bound(
        limits,
        "let m = #{}; for i in 0..3000 { m[`${i}`] = 1; } m.len()",
        "1024 members",
        "let m = #{}; m.a = 1; m.len()",
    );
    bound(limits, "for i in 0..100 { state = #{a: state}; }", "64 levels", "for i in 0..60 { state = #{a: state}; }");
    bound(limits, "let a = [1]; loop { a += a; }", "1024 members", "let a = [1]; for i in 0..9 { a += a; }");
    bound(limits, "split(repeat(\",\", 5000), \",\")", "1024 members", "split(repeat(\",\", 500), \",\")");
    bound(limits, "bytes(repeat(\",\", 5000)).split(\",\")", "1024 members", "bytes(repeat(\",\", 500)).split(\",\")");
    bound(limits, "find_all(\"a\", repeat(\"a\", 5000))", "1024 members", "find_all(\"a\", repeat(\"a\", 500))");
    bound(limits, "let i = 0; loop { i += 1; count(`${i}`); }", "256 counters", "for i in 0..200 { count(`${i}`); }");
    let variables = |n: u32| (0..n).map(|n| format!("let v{n} = {n};\n")).collect::<String>();
    bound(limits, &variables(500), "128 variables", &variables(100));
    let functions = |n: u32| (0..n).map(|n| format!("fn f{n}() {{ {n} }}\n")).collect::<String>();
    bound(limits, &functions(500), "64 functions", &functions(60));
}

#[test]
fn messages() {
    let limits = Limits::default();
    let levels = |n: usize| format!("parse_json(\"{}{}\")", "[".repeat(n), "]".repeat(n));
    bound(limits, &levels(100), "64 levels", &levels(60));
    assert!(fault(&levels(5000), limits).message.contains("recursion limit"), "the parser's own");
    let wide = |n: usize| format!("parse_json(\"[{}1]\")", "1,".repeat(n));
    bound(limits, &wide(3000), "1024 members", &wide(1000));
    let deep = |n: usize| format!("let a = 1; for i in 0..{n} {{ a = [a]; }} to_json(a)");
    bound(limits, &deep(500), "64 levels", &deep(60));
}

#[test]
fn patterns() {
    let limits = Limits::default();
    bound(limits, "matches(repeat(\"a\", 5000), \"a\")", "1024 are allowed", "matches(repeat(\"a\", 1000), \"a\")");
    bound(limits, "matches(\"((a{100}){100}){100}\", \"a\")", "too large", "matches(\"(a{10}){10}\", \"a\")");
    let deep = |n: usize| format!("matches(\"{}a{}\", \"a\")", "(".repeat(n), ")".repeat(n));
    assert!(fault(&deep(200), limits).message.contains("nest"), "{}", fault(&deep(200), limits));
    outcome(&deep(20), limits);
}

#[test]
fn what_is_sent() {
    let limits = Limits::default();
    let sent = |times: u32| format!("for i in 0..{times} {{ send(repeat(\"x\", 10000)); }}");
    bound(limits, &sent(7), "one run sends 70000 bytes, 65536 are allowed", &sent(6));
    let pieces = |times: u32| format!("for i in 0..{times} {{ send_message(#{{a: 1}}); }}");
    bound(limits, &pieces(100), "64 pieces", &pieces(60));
    let notes = outcome("for i in 0..1000 { note(\"é and more of it\"); }", limits);
    assert!(notes.note.unwrap().len() <= 1024);
    let closes = outcome("close(repeat(\"é\", 30000));", limits);
    assert!(closes.close.unwrap().len() <= 1024);
    let thrown = fault("throw repeat(\"é\", 30000);", limits);
    assert!(thrown.message.len() <= 510 && thrown.kind == Kind::Run, "{thrown}");
}

#[test]
fn the_source() {
    let source = |n: usize| format!("//{}", "x".repeat(n));
    bound(Limits::default(), &source(20_000), "16384 are allowed", &source(16_000));
    let told = fault(&format!("//\n//{}", "é".repeat(10_000)), Limits::default());
    assert_eq!(told.at, Some((2, 8_192)), "where it would have to end: {told}");
}

#[test]
fn no_limit_is_beyond_what_the_stack_holds() {
    let asked = Limits { calls: 1 << 30, members: 1 << 30, operations: u64::MAX, ..Limits::default() };
    assert!(fault("fn f(n) { f(n + 1) } f(0)", asked).message.contains("16 deep"));
    assert!(fault("let a = []; loop { a = [a]; }", asked).message.contains("1024 members"));
    let nothing = Limits { source: 0, operations: 0, calls: 0, value: 0, members: 0, memory: 0, output: 0 };
    assert_eq!(fault("loop {}", nothing).kind, Kind::Limit, "0 is not without a limit");
}

/// The deepest calls of the deepest expressions, which is what the stack has to hold.
#[test]
fn the_deepest_of_all_runs() {
    let deepest = script_of_depth(15, 10);
    assert_eq!(line(&outcome(&deepest, Limits::default())), "15");
}

fn script_of_depth(calls: u32, nested: usize) -> String {
    let (open, close) = ("(0 + ".repeat(nested), ")".repeat(nested));
    format!("fn f(n) {{ if n == 0 {{ 0 }} else {{ {open}1 + f(n - 1){close} }} }} send(`${{f({calls})}}`);")
}

#[test]
fn what_no_script_reaches() {
    for source in [
        "sleep (1)",
        "now.sleep ()",
        "eval(\"1\")",
        "import \"std\" as s;",
        "Fn(\"sleep\").call(1)",
        "let f = Fn(\"sleep\"); f.call(1)",
        "let f = sleep; f.call(1)",
        "[1].map(sleep)",
        "timestamp()",
        "open_file(\"a\")",
        "get_fn_metadata_list()",
        "set_tag(now, 1)",
        "\"a\".make_upper()",
        "[3, 1].sort(|a, b| 1)",
        "blob(100)",
        "\"a\".to_blob()",
        "rand()",
    ] {
        let told = made(source, Limits::default()).expect_err(source);
        assert_eq!(told.kind, Kind::Source, "{source}: {told}");
        assert!(told.at.is_some(), "{source}: {told}");
    }
    // A name that is text, where a function is taken.
    for source in [
        "\"sleep\".call(1)",
        "[1].map(\"sleep\")",
        "[1.5].for_each(\"sleep\")",
        "[[3, 1]].map(\"sort\")",
        "let f = \"sort_by\"; [[3, 1]].filter(f)",
        "let m = #{}; m.call(1)",
    ] {
        assert_eq!(fault(source, Limits::default()).kind, Kind::Run, "{source}");
    }
}

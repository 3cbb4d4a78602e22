//! What does not compile, and what an author is told then. Each mistake stands beside what is
//! meant, which compiles.
#![expect(clippy::disallowed_methods, reason = "a test runs the compiler, and looks where cargo has put the SDK")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const BEGINS: &str = r#"
#![allow(dead_code, unused)]
use std::rc::Rc;
use cofferdam_sdk::{Answer, Cx, Failure, Reply, Settings};
use cofferdam_sdk::serde::{Deserialize, Serialize};
use cofferdam_sdk::schemars::JsonSchema;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(crate = "cofferdam_sdk::serde")]
#[schemars(crate = "cofferdam_sdk::schemars")]
pub struct Whole {
    /// How many
    count: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(crate = "cofferdam_sdk::serde")]
pub struct WithoutSchema {
    count: u32,
}

pub struct Own;

impl From<Own> for Failure {
    fn from(_: Own) -> Self {
        Failure::new("own", "of the plugin's own")
    }
}

#[derive(Default)]
pub struct Guest;
"#;

/// The SDK as cargo has just built it for this test.
fn sdk() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let files = fs::read_dir(tests.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let is_sdk = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libcofferdam_sdk-") && name.ends_with(".rlib")
    };
    files.filter(is_sdk).max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap()).unwrap()
}

/// What the compiler says to this; nothing if it compiles.
fn compile(name: &str, source: &str) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, sdk) = (folder.join(format!("{name}.rs")), sdk());
    fs::write(&file, [BEGINS, source].concat()).unwrap();
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--crate-name", name, "--out-dir"])
        .arg(folder)
        .arg("-L")
        .arg(format!("dependency={}", sdk.parent().unwrap().display()))
        .arg("--extern")
        .arg(format!("cofferdam_sdk={}", sdk.display()))
        .arg(&file)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_PKG_NAME", "greeter")
        .output()
        .unwrap();
    match said.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&said.stderr).into_owned()),
    }
}

fn plugin(methods: &str) -> String {
    format!("#[cofferdam_sdk::plugin(manifest = \"tests/greeter.toml\")]\nimpl Guest {{\n{methods}\n}}\n")
}

fn tool(signature: &str) -> String {
    plugin(&format!("/// Does it.\n#[tool]\nasync fn {signature} {{ loop {{}} }}"))
}

/// It does not compile, and the compiler says all of this, at this place.
#[track_caller]
fn refused(name: &str, source: &str, at: &str, told: &[&str]) {
    let said = compile(name, source).expect_err("it compiles");
    for words in told {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    let errors = said.lines().filter(|line| line.starts_with("error[")).count();
    let shown = said.lines().filter(|line| line.contains('|') && line.contains(at)).count();
    assert!(shown > 0 && shown >= errors, "it is told elsewhere than at `{at}`:\n{said}");
}

#[track_caller]
fn compiles(name: &str, source: &str) {
    if let Err(said) = compile(name, source) {
        panic!("{said}");
    }
}

#[test]
fn what_a_tool_may_answer_compiles() {
    let answers = [
        "Whole",
        "String",
        "&'static str",
        "()",
        "Answer",
        "Answer<Whole>",
        "std::borrow::Cow<'static, str>",
        "std::collections::BTreeMap<String, u32>",
    ];
    let tools = answers.iter().enumerate().map(|(n, answer)| {
        format!("/// Does it.\n#[tool]\nasync fn tool_{n}(&self) -> Result<{answer}, Failure> {{ loop {{}} }}\n")
    });
    let own =
        "/// Does it.\n#[tool]\nasync fn own(self: Rc<Self>, cx: Cx, a: Whole) -> Result<Whole, Own> { loop {} }\n";
    compiles("answers", &plugin(&(tools.collect::<String>() + own)));
}

#[test]
fn what_no_tool_can_answer_is_told_with_what_to_do() {
    let advice = "an answer is a struct with `#[derive(serde::Serialize, schemars::JsonSchema)]`, a text (`String`), nothing (`()`), or";
    for (n, (answer, shown)) in [
        ("u32", "u32"),
        ("bool", "bool"),
        ("f64", "f64"),
        ("Vec<Whole>", "Vec<Whole>"),
        ("Option<Whole>", "std::option::Option<Whole>"),
        ("(Whole, Whole)", "(Whole, Whole)"),
        ("[u8; 2]", "[u8; 2]"),
        ("Answer<Vec<u8>>", "Vec<u8>"),
        ("Answer<String>", "String"),
        ("Answer<()>", "()"),
    ]
    .into_iter()
    .enumerate()
    {
        let source = tool(&format!("greet(&self) -> Result<{answer}, Failure>"));
        let told = format!("`{shown}` alone cannot be the answer of a tool");
        refused(&format!("alone_{n}"), &source, "-> Result<", &[&told, advice]);
    }
}

#[test]
fn a_type_without_a_schema_is_told_what_to_derive() {
    refused(
        "answer_without",
        &tool("greet(&self) -> Result<WithoutSchema, Failure>"),
        "-> Result<",
        &[
            "`WithoutSchema` cannot be the answer of a tool",
            "write `#[derive(serde::Serialize, schemars::JsonSchema)]` above the struct",
        ],
    );
    refused(
        "part_without",
        &tool("greet(&self) -> Result<Answer<WithoutSchema>, Failure>"),
        "-> Result<",
        &["`WithoutSchema` cannot be the answer of a tool"],
    );
    refused(
        "arguments_without",
        &tool("greet(&self, a: WithoutSchema) -> Result<(), Failure>"),
        "a: WithoutSchema",
        &[
            "`WithoutSchema` cannot be the arguments of a tool",
            "write `#[derive(serde::Deserialize, schemars::JsonSchema)]` above the struct",
        ],
    );
    refused(
        "no_result",
        &tool("greet(&self) -> Whole"),
        "-> Whole",
        &["a tool returns `Result<T, Failure>`, not `Whole`"],
    );
}

const SETTINGS: &str = r#"
#[derive(Deserialize, Settings)]
#[serde(crate = "cofferdam_sdk::serde")]
struct Given { word: MEMBER }
"#;

#[test]
fn settings_that_no_schema_can_say_are_told() {
    let doing = "/// Does it.\n#[tool]\nasync fn greet(&self) -> Result<(), Failure> { loop {} }\n";
    let init =
        |of: &str| format!("#[init]\nasync fn begin(&self, given: {of}) -> Result<(), String> {{ Ok(()) }}\n{doing}");
    let given = |member: &str| SETTINGS.replace("MEMBER", member) + &plugin(&init("Given"));
    compiles("settings", &given("Option<Vec<String>>"));
    refused(
        "no_settings",
        &plugin(&init("Whole")),
        "given: Whole",
        &[
            "`Whole` cannot be the settings of a plugin",
            "write `#[derive(serde::Deserialize, cofferdam_sdk::Settings)]` above the struct",
            "or take no settings in `#[init]`: read them with `cofferdam_sdk::settings()`",
        ],
    );
    refused(
        "no_setting",
        &given("Whole"),
        "word: Whole",
        &[
            "`Whole` cannot be a setting",
            "a setting is a string, a number, a boolean, an `Option`, a `Vec` or a map of those",
        ],
    );
    let begun = format!("#[init]\nasync fn begin(&self) -> u32 {{ 1 }}\n{doing}");
    refused(
        "no_beginning",
        &plugin(&begun),
        "-> u32",
        &["`#[init]` cannot return `u32`", "it returns `Result<(), String>`, `Result<(), Failure>`, or nothing"],
    );
}

#[test]
fn an_unanswered_question_is_nothing_but_a_failure() {
    let ask = |then: &str| {
        tool("greet(&self, cx: Cx) -> Result<String, Failure>").replace(
            "loop {}",
            &format!("let reply = cx.ask::<Whole>(\"count\", \"How many?\").await{then}; Ok(String::new())"),
        )
    };
    compiles("asks", &ask("?"));
    // It has no words that another failure could be made of.
    refused("asks_badly", &ask(".map_err(|error| Failure::new(\"x\", error))?"), "Failure::new", &["Unanswered"]);
}

//! `cofferdam doctor`: what it says of clients' configurations as they are in the field, and that
//! it changes nothing and tells no secret.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::support::{LOCAL, cofferdam, scratch, shipped, stderr, stdout};

const BINARY: &str = env!("CARGO_BIN_EXE_cofferdam");
const SECRET: &str = "hunter2-s3cret";

/// A user's folder.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        Self(scratch("doctor").canonicalize().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the doctor, which leaves everything as it was and tells no secret.
    #[track_caller]
    fn doctor(&self, arguments: &[&str]) -> Output {
        let before = self.files();
        let mut command = cofferdam(&[&["doctor"], arguments].concat());
        command.env("HOME", &self.0).env_remove("XDG_STATE_HOME").stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(self.files(), before, "nothing is changed");
        let said = stdout(&output) + &stderr(&output);
        assert!(!said.contains(SECRET), "it tells a secret: {said}");
        output
    }

    /// What was found, of one client or of the machine (`null`), by check.
    #[track_caller]
    fn found(&self, client: &str) -> BTreeMap<String, (String, String)> {
        let output = self.doctor(&["--json", "--client", client]);
        let told: Value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        let found = told["found"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let failed = found.iter().any(|one| one["verdict"] == "fail");
        assert_eq!((told["ok"] == true, output.status.code()), (!failed, Some(i32::from(failed))), "{told}");
        let told = |one: &Value| {
            let said = format!("{}; {}", text(&one["what"]), text(&one["hint"]));
            (text(&one["check"]), (text(&one["verdict"]), said))
        };
        found.iter().map(told).collect()
    }

    /// Every file, with its text.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                }
                let text = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
                found.insert(path, text);
            }
        }
        let mut found = BTreeMap::new();
        walk(&self.0, &mut found);
        found
    }
}

/// A server's entry, with a secret in its environment.
fn entry(command: &str, arguments: &[&str]) -> Value {
    json!({ "command": command, "args": arguments, "env": { "API_TOKEN": SECRET } })
}

/// A configuration as most clients have it.
fn servers(entry: &Value) -> String {
    json!({ "mcpServers": { "net": entry, "web": { "url": "https://example.com/mcp" } } }).to_string()
}

#[test]
fn every_client_that_is_set_up_is_found_well() {
    let home = Home::new();
    let arguments = ["serve", LOCAL[0], LOCAL[1]];
    let usual = servers(&entry(BINARY, &arguments));
    let code = json!({ "numStartups": 7, "projects": { "/somewhere": { "mcpServers": { "net": entry(BINARY, &arguments) } } } });
    let commented = format!("// mine\n{{ \"servers\": {{ /* one */ \"net\": {}, }}, }}\n", entry(BINARY, &arguments));
    let toml = format!(
        "model = \"m\"\n\n[mcp_servers.net]\ncommand = \"{BINARY}\"\nargs = {}\nenv = {{ API_TOKEN = \"{SECRET}\" }}\n",
        json!(arguments)
    );
    for (client, file, text) in [
        ("claude-desktop", ".config/Claude/claude_desktop_config.json", usual.as_str()),
        ("claude-code", ".claude.json", &code.to_string()),
        ("cursor", ".cursor/mcp.json", &usual),
        ("vscode", ".config/Code/User/mcp.json", &commented),
        ("cline", ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json", &usual),
        ("codex", ".codex/config.toml", &toml),
        ("gemini", ".gemini/settings.json", &usual),
    ] {
        let path = home.write(file, text);
        let found = home.found(client);
        assert!(found.values().all(|(verdict, _)| verdict != "fail"), "{client}: {found:?}");
        assert_eq!(found["config"].1, format!("`{path}` names it as `net`; "), "{client}");
        assert!(found["command"].1.contains("is this program"), "{client}: {found:?}");
        let tools = shipped::local_tools().into_iter().collect::<Vec<_>>().join(", ");
        let listed = format!("starts and lists {} tools: {tools}; ", shipped::local_tools().len());
        assert!(found["start"].1.ends_with(&listed), "{client}: {found:?}");
        for check in ["policy", "audit", "cache"] {
            assert_eq!(found[check].0, "ok", "{client}: {found:?}");
        }
    }
    // All of them at once, for people: one line each.
    let output = home.doctor(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = stdout(&output);
    assert_eq!(text.lines().filter(|line| line.contains("  start ")).count(), 7, "{text}");
    let one = |line: &str| ["ok    ", "warn  ", "fail  "].iter().any(|word| line.starts_with(word));
    assert!(text.lines().all(one), "{text}");
}

#[test]
fn what_keeps_a_client_from_it_is_told_with_what_to_do() {
    let home = Home::new();
    let broken = home.write("broken.toml", "[plugins.tcp]\nconnect = [\"tcp://${API_TOKEN}:1\"]\nconect = []\n");
    let nothing = home.write("nothing.toml", "[plugins.tcp]\n");
    for (command, arguments, check, verdict, said) in [
        ("cofferdam", &["serve"][..], "command", "fail", "is not in the bare `PATH` of a client; write `"),
        ("/no/such/cofferdam", &["serve"], "command", "fail", "`/no/such/cofferdam` is not there; write `"),
        (BINARY, &["serve", "--allow-conect", SECRET], "arguments", "fail", "they are not understood; run it by hand"),
        (BINARY, &["tools"], "arguments", "fail", "they do not ask it to serve; begin them with `serve`"),
        (BINARY, &["serve", "--policy", "p.toml"], "policy", "fail", "is relative to wherever the client starts it"),
        (BINARY, &["serve", "--policy", "/no/policy"], "policy", "fail", "cannot read the policy `/no/policy`"),
        (BINARY, &["serve", "--policy", &broken], "policy", "fail", "; run `cofferdam check "),
        (BINARY, &["serve", "--policy", &nothing], "start", "warn", "starts and lists no tool: nothing is allowed"),
        (BINARY, &["serve", "--audit", "/etc/hostname/audit"], "audit", "fail", "cannot be written"),
    ] {
        home.write(".cursor/mcp.json", &servers(&entry(command, arguments)));
        let found = home.found("cursor");
        let told = found.get(check).unwrap_or_else(|| panic!("{arguments:?}: {found:?}"));
        assert!(told.0 == verdict && told.1.contains(said), "{arguments:?}: {found:?}");
    }
}

#[test]
fn a_server_that_does_not_start_is_told_without_its_secrets() {
    let home = Home::new();
    let script = "echo \"error: no key $API_TOKEN\" >&2; exit 3 # cofferdam";
    home.write(".gemini/settings.json", &servers(&entry("sh", &["-c", script])));
    let found = home.found("gemini");
    assert_eq!(found["start"].0, "fail");
    assert!(found["start"].1.contains("it says: error: no key …"), "{found:?}");
    // It is tried with a bare path, in a folder that is nobody's, and with less than we have.
    let script = "echo \"error: $PATH in $(pwd) with [$COFFERDAM_TEST_SECRET]\" >&2; exit 3 # cofferdam";
    home.write(".gemini/settings.json", &servers(&entry("sh", &["-c", script])));
    let found = home.found("gemini");
    assert!(found["start"].1.contains("error: /usr/bin:/bin:/usr/sbin:/sbin in / with []"), "{found:?}");
}

#[test]
fn configurations_that_do_not_name_it_or_cannot_be_read_are_told() {
    let home = Home::new();
    let output = home.doctor(&[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("warn  -               config     no configuration of a client names this program; add"),
        "{text}"
    );
    assert!(text.contains("\nok    -               audit      `"), "{text}");
    assert_eq!(home.found("codex")["config"].0, "fail", "it was asked about");

    let other = home.write(".cursor/mcp.json", &servers(&entry("/opt/other", &[])));
    let text = stdout(&home.doctor(&["--client", "cursor"]));
    assert!(text.contains(&format!("warn  cursor          config     `{other}` does not name this program")), "{text}");
    let broken = home.write(".cursor/mcp.json", &format!("{{\n  \"x\": {SECRET}\n}}"));
    let text = stdout(&home.doctor(&["--client", "cursor"]));
    assert!(
        text.contains(&format!("fail  cursor          config     `{broken}` is not JSON (line 2); mend")),
        "{text}"
    );

    let off = json!({ "command": BINARY, "args": ["serve"], "disabled": true });
    home.write(".cursor/mcp.json", &servers(&off));
    assert_eq!(home.found("cursor")["config"].0, "warn");
    let variables = json!({ "command": BINARY, "args": ["serve", "--policy", "${userHome}/p.toml"] });
    home.write(".cursor/mcp.json", &servers(&variables));
    let found = home.found("cursor");
    assert!(
        found["config"].1.contains("variables that the client replaces") && !found.contains_key("start"),
        "{found:?}"
    );

    let output = home.doctor(&["--client", "curser"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: there is no client `curser`\nhint: known are claude-desktop,"));
}

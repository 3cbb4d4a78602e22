//! The MCP clients that are known, where each keeps its configuration on Linux and macOS, and which
//! servers such a file names. Pure: texts are handed in. The environment of a server is kept to
//! start it, and never shown.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Its name for `--client`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    form: Form,
    files: &'static [(Base, &'static str)],
    /// Where the servers stand in a file: keys from its root; `*` is every key.
    tables: &'static [&'static [&'static str]],
}

/// What a configuration is written in.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// JSON. Comments and trailing commas are allowed, as these clients allow them.
    Json,
    Toml,
}

/// The folder that a file's place begins in.
#[derive(Clone, Copy, Debug)]
enum Base {
    Home,
    /// Where applications keep their settings.
    Settings,
}

const SERVERS: &[&str] = &["mcpServers"];

/// All that are known.
pub const CLIENTS: [Client; 7] = [
    Client {
        name: "claude-desktop",
        title: "Claude Desktop",
        form: Form::Json,
        files: &[(Base::Settings, "Claude/claude_desktop_config.json")],
        tables: &[SERVERS],
    },
    Client {
        name: "claude-code",
        title: "Claude Code",
        form: Form::Json,
        files: &[(Base::Home, ".claude.json")],
        tables: &[SERVERS, &["projects", "*", "mcpServers"]],
    },
    Client {
        name: "cursor",
        title: "Cursor",
        form: Form::Json,
        files: &[(Base::Home, ".cursor/mcp.json")],
        tables: &[SERVERS],
    },
    Client {
        name: "vscode",
        title: "VS Code",
        form: Form::Json,
        files: &[(Base::Settings, "Code/User/mcp.json"), (Base::Settings, "Code/User/settings.json")],
        tables: &[&["servers"], &["mcp", "servers"]],
    },
    Client {
        name: "cline",
        title: "Cline",
        form: Form::Json,
        files: &[(Base::Settings, "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json")],
        tables: &[SERVERS],
    },
    Client {
        name: "codex",
        title: "Codex",
        form: Form::Toml,
        files: &[(Base::Home, ".codex/config.toml")],
        tables: &[&["mcp_servers"]],
    },
    Client {
        name: "gemini",
        title: "Gemini CLI",
        form: Form::Json,
        files: &[(Base::Home, ".gemini/settings.json")],
        tables: &[SERVERS],
    },
];

/// Where configurations lie on this machine.
#[derive(Clone, Debug)]
pub struct ConfigFolders {
    /// The user's folder.
    pub home: PathBuf,
    /// `XDG_CONFIG_HOME`, where it is set.
    pub settings: Option<PathBuf>,
    /// Whether this is macOS.
    pub mac: bool,
}

impl Client {
    /// The files that it may have.
    pub fn files(&self, folders: &ConfigFolders) -> Vec<PathBuf> {
        let base = |base: Base| match base {
            Base::Home => folders.home.clone(),
            Base::Settings if folders.mac => folders.home.join("Library").join("Application Support"),
            Base::Settings => folders.settings.clone().unwrap_or_else(|| folders.home.join(".config")),
        };
        self.files.iter().map(|(from, path)| base(*from).join(path)).collect()
    }

    /// The servers that a file names by a command, in its order.
    ///
    /// # Errors
    /// The file does not parse. Nothing of it is quoted: it may hold secrets.
    pub fn servers(&self, text: &str) -> Result<Vec<Server>, String> {
        let all = match self.form {
            Form::Json => json(text)?,
            Form::Toml => cofferdam_policy::toml_to_json(text).map_err(|line| format!("is not TOML (line {line})"))?,
        };
        let mut servers = Vec::new();
        for keys in self.tables {
            for table in at(&all, keys) {
                let entries = table.as_object().into_iter().flatten();
                servers.extend(entries.filter_map(|(name, entry)| Server::read(name, entry.as_object()?)));
            }
        }
        Ok(servers)
    }
}

/// JSON with comments. All of these clients accept an empty file.
fn json(text: &str) -> Result<Value, String> {
    let options = jsonc_parser::ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let read = jsonc_parser::parse_to_serde_value::<Option<Value>>(text, &options);
    match read {
        Ok(value) => Ok(value.unwrap_or(Value::Null)),
        Err(error) => Err(format!("is not JSON (line {})", error.line_display())),
    }
}

/// What stands under these keys.
fn at<'a>(value: &'a Value, keys: &[&str]) -> Vec<&'a Value> {
    match keys.split_first() {
        None => vec![value],
        Some((&"*", rest)) => value.as_object().into_iter().flatten().flat_map(|(_, inner)| at(inner, rest)).collect(),
        Some((key, rest)) => value.get(key).map(|inner| at(inner, rest)).unwrap_or_default(),
    }
}

/// A server that a client starts. It has no `Debug`: its environment may hold secrets.
#[derive(Clone)]
pub struct Server {
    /// Its name in the file.
    pub name: String,
    /// The command, as written.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What the client adds to its environment.
    pub environment: Vec<(String, String)>,
    /// Where it is started, if the file says so.
    pub folder: Option<PathBuf>,
    /// It is switched off.
    pub disabled: bool,
}

impl Server {
    fn read(name: &str, entry: &Map<String, Value>) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let is = |key: &str, wanted: bool| entry.get(key).and_then(Value::as_bool) == Some(wanted);
        let pairs = entry.get("env").and_then(Value::as_object).into_iter().flatten();
        Some(Self {
            name: name.to_owned(),
            command: text(entry.get("command")?)?,
            arguments: entry.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(text).collect(),
            environment: pairs.filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect(),
            folder: entry.get("cwd").and_then(Value::as_str).map(PathBuf::from),
            disabled: is("disabled", true) || is("enabled", false),
        })
    }

    /// Whether it is this program, or starts it.
    pub fn is_ours(&self) -> bool {
        let mut words = std::iter::once(&self.command).chain(&self.arguments).flat_map(|part| part.split_whitespace());
        is_this(&self.command) || words.any(is_this)
    }

    /// The arguments, if the command itself is this program.
    pub fn own_arguments(&self) -> Option<&[String]> {
        is_this(&self.command).then_some(self.arguments.as_slice())
    }

    /// Whether the client replaces a part of it before it starts the server.
    pub fn has_variables(&self) -> bool {
        let mut parts = std::iter::once(&self.command).chain(&self.arguments);
        // A policy's own variables stand in its file, not in arguments.
        parts.any(|part| part.contains("${")) || self.environment.iter().any(|(_, value)| value.contains("${"))
    }

    /// A text in which the values of the server's environment are masked.
    pub fn masked(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self.environment.iter().map(|(_, value)| value.as_str()).collect();
        secrets.retain(|value| value.len() > 2);
        // The longest first: a value may contain another.
        secrets.sort_by_key(|value| std::cmp::Reverse(value.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }
}

fn is_this(word: &str) -> bool {
    Path::new(word).file_name().is_some_and(|name| name == "cofferdam")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> &'static Client {
        CLIENTS.iter().find(|client| client.name == name).unwrap()
    }

    fn servers(name: &str, text: &str) -> Vec<Server> {
        client(name).servers(text).unwrap()
    }

    #[test]
    fn files_lie_where_each_system_keeps_them() {
        let folders = |mac| ConfigFolders { home: "/u".into(), settings: None, mac };
        let path = |name: &str, mac| client(name).files(&folders(mac))[0].display().to_string();
        assert_eq!(path("claude-desktop", false), "/u/.config/Claude/claude_desktop_config.json");
        let mac = "/u/Library/Application Support/Claude/claude_desktop_config.json";
        assert_eq!(path("claude-desktop", true), mac);
        assert_eq!(path("codex", true), "/u/.codex/config.toml");
        let elsewhere = ConfigFolders { settings: Some("/c".into()), ..folders(false) };
        assert_eq!(client("vscode").files(&elsewhere)[0], Path::new("/c/Code/User/mcp.json"));
    }

    #[test]
    fn servers_are_read_from_every_form() {
        let json = r#"{ "mcpServers": {
            "net": { "command": "/opt/cofferdam", "args": ["serve", "--policy", "/p.toml"], "env": { "TOKEN": "s3cret" } },
            "web": { "url": "https://example.com/mcp" }, "off": { "command": "x", "disabled": true } } }"#;
        for name in ["claude-desktop", "claude-code", "cursor", "cline", "gemini"] {
            let servers = servers(name, json);
            assert_eq!(servers.len(), 2, "{name}: one has no command");
            assert_eq!((&*servers[0].name, &*servers[0].command), ("net", "/opt/cofferdam"));
            assert_eq!(servers[0].own_arguments().unwrap()[1..], ["--policy", "/p.toml"]);
            assert!(servers[0].is_ours() && !servers[1].is_ours() && servers[1].disabled);
        }
        let projects = r#"{ "projects": { "/a": { "mcpServers": { "n": { "command": "cofferdam" } } } } }"#;
        assert_eq!(servers("claude-code", projects).len(), 1);
        let comments = "// mine\n{ \"servers\": { /* one */ \"n\": { \"command\": \"cofferdam\", }, }, }";
        assert_eq!(servers("vscode", comments)[0].command, "cofferdam");
        let toml =
            "model = \"m\"\n[mcp_servers.net]\ncommand = \"cofferdam\"\nargs = [\"serve\"]\nenv = { A = \"b\" }\n";
        let codex = servers("codex", toml);
        assert_eq!((&*codex[0].arguments[0], &*codex[0].environment[0].1), ("serve", "b"));
        assert!(servers("gemini", "").is_empty() && servers("codex", "").is_empty());
    }

    #[test]
    fn a_broken_file_is_told_by_its_line_and_quoted_nowhere() {
        let said = |name: &str, text: &str| client(name).servers(text).err().unwrap();
        assert_eq!(said("cursor", "{\n\"env\": s3cret }"), "is not JSON (line 2)");
        assert_eq!(said("codex", "a = 1\nenv = s3cret\n"), "is not TOML (line 2)");
    }

    #[test]
    fn what_an_environment_says_is_masked() {
        let text = r#"{ "mcpServers": { "n": { "command": "sh", "args": ["-c", "exec /opt/bin/cofferdam serve"],
            "env": { "A": "abc", "B": "abcdef", "C": "${HOME}" } } } }"#;
        let server = &servers("cursor", text)[0];
        assert_eq!(server.masked("xabcdefx abc"), "x…x …");
        assert!(server.is_ours() && server.own_arguments().is_none() && server.has_variables());
    }
}

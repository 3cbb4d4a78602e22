//! The manifest at compile time: the file is there, says what the host will ask of it, and becomes
//! a section of the component. The host checks all of it again; here mistakes are told to the
//! author, before anything is built.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, LitStr, Result, Token};
use toml::de::{DeTable, DeValue};

/// The file, if nobody names another.
pub const FILE: &str = "plugin.toml";
/// The contract that the SDK is made for.
const ABI: &str = "0.1.0";
/// What a manifest may have, as the host knows it.
const KEYS: [&str; 10] =
    ["name", "version", "abi", "kind", "description", "instance", "concurrency", "wants", "needs", "settings_schema"];
/// The most calls at one time that a manifest may say, as the host has it.
const MOST_CALLS: u64 = 64;

/// What a component exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Tools.
    Plugin,
    /// A protocol.
    Handler,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Handler => "handler",
        }
    }
}

/// What a macro needs to know of a manifest.
#[derive(Debug)]
pub struct Manifest {
    file: String,
    /// The plugin's or handler's name.
    pub name: String,
    /// What it does; empty where it does not say.
    pub description: String,
    /// Tools that `needs` names.
    pub needing: Vec<String>,
    /// Whether it says what the settings are.
    pub has_settings_schema: bool,
}

impl Manifest {
    /// Reads the file, which stands beside `Cargo.toml`.
    pub fn read(file: &LitStr, kind: Kind) -> Result<Self> {
        let (folder, package) = crate_of();
        let text = text(&folder, &file.value(), kind, &package).map_err(|error| Error::new(file.span(), error))?;
        Self::parse(&text, kind, &file.value()).map_err(|error| {
            let shown = file.value();
            Error::new(file.span(), format_args!("`{shown}`: {error}"))
        })
    }

    fn parse(text: &str, kind: Kind, file: &str) -> std::result::Result<Self, String> {
        let table = DeTable::parse(text).map_err(|error| error.to_string())?;
        let table = table.get_ref();
        if let Some((unknown, _)) = table.iter().find(|(key, _)| !KEYS.contains(&&*key.get_ref().to_string())) {
            return Err(format!("there is no key `{}`; there are `{}`", unknown.get_ref(), KEYS.join("`, `")));
        }
        let find =
            |key: &str| table.iter().find(|(found, _)| *found.get_ref() == key).map(|(_, value)| value.get_ref());
        let optional = |key: &str| match find(key) {
            None => Ok(None),
            Some(DeValue::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(format!("`{key}` has to be a text")),
        };
        let required = |key: &str, example: &str| {
            optional(key)?.ok_or_else(|| format!("`{key}` is missing: write `{key} = \"{example}\"`"))
        };
        let name = required("name", "my-name")?;
        if !is_name(&name) {
            return Err(format!(
                "`name` is `{name}`; a name is a lower-case letter, then up to 31 lower-case letters, digits and hyphens"
            ));
        }
        let version = required("version", "0.1.0")?;
        if !(1..=64).contains(&version.len()) || !version.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("`version` has to be 1 to 64 printable characters".to_owned());
        }
        let abi = required("abi", ABI)?;
        if abi != ABI {
            return Err(format!("`abi` is `{abi}`; this SDK is made for `{ABI}`"));
        }
        let said = required("kind", kind.word())?;
        if said != kind.word() {
            return Err(format!("`kind` is `{said}`; this crate exports a {0}: write `kind = \"{0}\"`", kind.word()));
        }
        let wants = matches!(find("wants"), Some(DeValue::Table(wants)) if !wants.is_empty());
        if kind == Kind::Handler && wants {
            return Err("a handler has no `[wants]`: it only computes".to_owned());
        }
        match find("concurrency") {
            None => {}
            Some(_) if kind == Kind::Handler => {
                return Err("a handler has no `concurrency`: its functions take one call at a time".to_owned());
            }
            Some(DeValue::Integer(calls))
                if u64::from_str_radix(calls.as_str(), calls.radix()).is_ok_and(|n| (1..=MOST_CALLS).contains(&n)) => {}
            Some(_) => {
                return Err(format!(
                    "`concurrency` is how many calls run at one time: a number from 1 to {MOST_CALLS}"
                ));
            }
        }
        let needing = match find("needs") {
            Some(DeValue::Table(tools)) => tools.iter().map(|(tool, _)| tool.get_ref().to_string()).collect(),
            _ => Vec::new(),
        };
        let description = optional("description")?.unwrap_or_default();
        let has_settings_schema = find("settings_schema").is_some();
        Ok(Self { file: file.to_owned(), name, description, needing, has_settings_schema })
    }

    /// The section of the component that the host reads.
    pub fn section(&self) -> TokenStream {
        let file = &self.file;
        let bytes = quote! {
            ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #file))
        };
        quote! {
            #[allow(unsafe_code, reason = "the compiler has no other word for a custom section")]
            const _: () = {
                const LENGTH: usize = #bytes.len();

                // A custom section is the one place in a component that the host can read without
                // running it.
                #[used]
                #[cfg_attr(target_family = "wasm", unsafe(link_section = "cofferdam-manifest"))]
                static SECTION: [u8; LENGTH] = *#bytes;
            };
        }
    }
}

/// The folder and the name of the crate that is compiled.
#[expect(clippy::disallowed_methods, reason = "cargo tells a macro by its environment whom it works for")]
fn crate_of() -> (PathBuf, String) {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    (folder, std::env::var("CARGO_PKG_NAME").unwrap_or_default())
}

/// The text of the file; where there is none, what to write.
#[expect(clippy::disallowed_methods, reason = "it is the author's, and read while it is compiled")]
fn text(folder: &Path, file: &str, kind: Kind, package: &str) -> std::result::Result<String, String> {
    std::fs::read_to_string(folder.join(file)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let name: String = package.to_ascii_lowercase().replace('_', "-").chars().take(32).collect();
            let name = if is_name(&name) { &name } else { "my-name" };
            format!(
                "there is no `{file}` beside `Cargo.toml`: write one:\n\nname = \"{name}\"\nversion = \"0.1.0\"\n\
                 abi = \"{ABI}\"\nkind = \"{}\"\ndescription = \"What it does, in one line\"\n",
                kind.word()
            )
        }
        _ => format!("`{file}`: {error}"),
    })
}

/// `[a-z][a-z0-9-]{0,31}`, as the host has it.
fn is_name(text: &str) -> bool {
    text.len() <= 32
        && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The file that an attribute names with `manifest = "…"`, and what else it has, by `more`.
pub fn file(
    attribute: TokenStream,
    knows: &str,
    mut more: impl FnMut(&syn::meta::ParseNestedMeta<'_>) -> Result<bool>,
) -> Result<LitStr> {
    let mut file = LitStr::new(FILE, Span::call_site());
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("manifest") {
            file = meta.value()?.parse()?;
            return Ok(());
        }
        if more(&meta)? { Ok(()) } else { Err(meta.error(knows)) }
    });
    syn::parse::Parser::parse2(parser, attribute)?;
    Ok(file)
}

/// `NAME, "plugin.toml"`: the name that a handler gives itself, and its manifest.
struct Named {
    name: Expr,
    file: LitStr,
}

impl Parse for Named {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Self { name, file: input.parse()? })
    }
}

/// A handler's manifest, whose name is the one that the handler gives itself.
pub fn of_handler(input: TokenStream) -> Result<TokenStream> {
    let Named { name, file } = syn::parse2(input)?;
    let shown = file.value();
    let manifest = Manifest::read(&file, Kind::Handler)?;
    let (section, written) = (manifest.section(), &manifest.name);
    let differs = format!("the handler's `NAME` is not the `name` in `{shown}`, which is `{written}`");
    Ok(quote! {
        #section

        const _: () = {
            const GIVEN: &[u8] = ::core::primitive::str::as_bytes(#name);
            const WRITTEN: &[u8] = ::core::primitive::str::as_bytes(#written);
            let mut same = GIVEN.len() == WRITTEN.len();
            let mut at = 0;
            while same && at < GIVEN.len() {
                same = GIVEN[at] == WRITTEN[at];
                at += 1;
            }
            ::core::assert!(same, #differs);
        };
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "name = 'x'\nversion = '1'\nabi = '0.1.0'\nkind = 'plugin'\n";

    fn read(text: &str, kind: Kind) -> std::result::Result<Manifest, String> {
        Manifest::parse(text, kind, FILE)
    }

    fn refused(text: &str) -> String {
        read(text, Kind::Plugin).unwrap_err()
    }

    #[test]
    fn a_file_that_is_missing_is_given_to_write() {
        let told = text(Path::new("/nonexistent"), FILE, Kind::Handler, "My_Meter").unwrap_err();
        let smallest = "name = \"my-meter\"\nversion = \"0.1.0\"\nabi = \"0.1.0\"\nkind = \"handler\"\n\
                        description = \"What it does, in one line\"\n";
        assert_eq!(told, format!("there is no `plugin.toml` beside `Cargo.toml`: write one:\n\n{smallest}"));
        // What is given to write is enough.
        let manifest = read(smallest, Kind::Handler).unwrap();
        assert_eq!((&*manifest.name, &*manifest.description), ("my-meter", "What it does, in one line"));
        let odd = text(Path::new("/nonexistent"), FILE, Kind::Plugin, "9lives").unwrap_err();
        assert!(odd.contains("name = \"my-name\"") && odd.contains("kind = \"plugin\""), "{odd}");
    }

    #[test]
    fn a_name_has_its_rule() {
        let with = |name: &str| WHOLE.replace("'x'", &format!("'{name}'"));
        for name in ["a", "tcp", "a-1-", &"a".repeat(32)] {
            assert_eq!(read(&with(name), Kind::Plugin).unwrap().name, name);
        }
        for name in ["", "A", "1a", "-a", "a_b", "a.b", "ä", "a b", &"a".repeat(33)] {
            let told = format!(
                "`name` is `{name}`; a name is a lower-case letter, then up to 31 lower-case letters, digits and hyphens"
            );
            assert_eq!(refused(&with(name)), told);
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_write() {
        for (line, told) in [
            ("name = 'x'\n", "`name` is missing: write `name = \"my-name\"`"),
            ("version = '1'\n", "`version` is missing: write `version = \"0.1.0\"`"),
            ("abi = '0.1.0'\n", "`abi` is missing: write `abi = \"0.1.0\"`"),
            ("kind = 'plugin'\n", "`kind` is missing: write `kind = \"plugin\"`"),
        ] {
            assert_eq!(refused(&WHOLE.replace(line, "")), told);
        }
    }

    #[test]
    fn a_number_of_calls_has_its_range() {
        let told = "`concurrency` is how many calls run at one time: a number from 1 to 64";
        for number in ["1", "64", "0x10"] {
            assert!(read(&format!("{WHOLE}concurrency = {number}"), Kind::Plugin).is_ok(), "{number}");
        }
        for number in ["0", "65", "-1", "1.0", "'1'", "99999999999999999999"] {
            assert_eq!(refused(&format!("{WHOLE}concurrency = {number}")), told, "{number}");
        }
        let handler = read(&format!("{}concurrency = 1", WHOLE.replace("plugin", "handler")), Kind::Handler);
        assert_eq!(handler.unwrap_err(), "a handler has no `concurrency`: its functions take one call at a time");
    }

    #[test]
    fn what_is_not_meant_is_named() {
        assert!(refused(&format!("{WHOLE}descriptoin = 'x'")).starts_with("there is no key `descriptoin`; there are"));
        assert_eq!(refused(&WHOLE.replace("0.1.0", "9")), "`abi` is `9`; this SDK is made for `0.1.0`");
        assert_eq!(refused(&WHOLE.replace("'x'", "1")), "`name` has to be a text");
        assert!(refused("name = ").contains("line 1"), "{}", refused("name = "));
        let kind = read(WHOLE, Kind::Handler).unwrap_err();
        assert_eq!(kind, "`kind` is `plugin`; this crate exports a handler: write `kind = \"handler\"`");
        let wants = WHOLE.replace("plugin", "handler") + "[wants]\nconnect = ['tcp://any:*']\n";
        assert_eq!(read(&wants, Kind::Handler).unwrap_err(), "a handler has no `[wants]`: it only computes");
        assert_eq!(read(&format!("{WHOLE}[needs]\ngreet = []\n"), Kind::Plugin).unwrap().needing, ["greet"]);
    }
}

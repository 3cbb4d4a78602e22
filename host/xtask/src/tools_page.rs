//! The reference of all tools, `plugins/TOOLS.md`, made from the definitions in
//! `plugins/*/tools.json`.
//!
//! What stands between two marks in the page is made; what stands around them is written by hand
//! and kept.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use tinyjson::JsonValue;

use crate::Error;
use crate::markdown::{escape, paragraph};

/// The first and the last line of what is made.
const MARKS: [&str; 2] =
    ["<!-- made:begin, by `cargo xtask tools-page` from plugins/*/tools.json -->", "<!-- made:end -->"];

/// How deep a list of arguments within arguments may go.
const DEEPEST: usize = 4;

type Object = HashMap<String, JsonValue>;

/// A plugin's name and its tool definitions.
struct Definitions {
    plugin: String,
    /// Whether its folder has a page of its own.
    has_page: bool,
    tools: Vec<Object>,
}

/// The text that `TOOLS.md` in this folder has to have.
///
/// # Errors
/// A file is not readable, the page lacks its marks, or a definition is not what `cofferdam tools
/// --json` prints.
pub fn tools_page(plugins: &Path) -> Result<String, Error> {
    let path = plugins.join("TOOLS.md");
    let page = fs::read_to_string(&path).map_err(Error::at("read", &path))?;
    let made = reference(&all_definitions(plugins)?)?;
    between_marks(&page, &made)
        .ok_or_else(|| Error::new(format!("`{}` lacks the lines `{}` and `{}`", path.display(), MARKS[0], MARKS[1])))
}

/// The page with this text between its marks.
fn between_marks(page: &str, made: &str) -> Option<String> {
    let (head, rest) = page.split_once(MARKS[0])?;
    let (_, tail) = rest.split_once(MARKS[1])?;
    Some(format!("{head}{}\n\n{made}\n{}{tail}", MARKS[0], MARKS[1]))
}

/// The definitions of every plugin in the folder that has some, by name.
fn all_definitions(plugins: &Path) -> Result<Vec<Definitions>, Error> {
    let mut all = Vec::new();
    for entry in fs::read_dir(plugins).map_err(Error::at("read", plugins))? {
        let folder = entry.map_err(Error::at("read", plugins))?.path();
        let path = folder.join("tools.json");
        if !path.is_file() {
            continue;
        }
        let plugin = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(Error::at("read", &path))?;
        let tools = definitions(&text).map_err(|error| error.during(&format!("`{}`", path.display())))?;
        all.push(Definitions { plugin, has_page: folder.join("README.md").is_file(), tools });
    }
    all.sort_by(|a, b| a.plugin.cmp(&b.plugin));
    Ok(all)
}

fn definitions(text: &str) -> Result<Vec<Object>, Error> {
    let json: JsonValue = text.parse().map_err(|error| Error::new(format!("not JSON: {error}")))?;
    let tools: Vec<JsonValue> = json.try_into().map_err(|_| Error::new("not a list of tools"))?;
    tools.into_iter().map(|tool| tool.try_into().map_err(|_| Error::new("a tool is not an object"))).collect()
}

/// The list of tools, then a section for each plugin with one for each of its tools.
fn reference(all: &[Definitions]) -> Result<String, Error> {
    let mut page = String::from("## All tools\n\n");
    for Definitions { plugin, tools, .. } in all {
        let links = tools.iter().map(|tool| {
            let name = text_of(tool, "name")?;
            Ok(format!("[`{name}`](#{name}) ({})", escape(text_of(tool, "title")?)))
        });
        let links = links.collect::<Result<Vec<_>, Error>>()?;
        paragraph(&mut page, "- ", "  ", &format!("**{plugin}**: {}", links.join(", ")));
    }
    for Definitions { plugin, has_page, tools } in all {
        page.push_str(&format!("\n## The plugin `{plugin}`\n"));
        if *has_page {
            page.push('\n');
            let more = format!("What its tools do in detail is in [{plugin}/README.md]({plugin}/README.md).");
            paragraph(&mut page, "", "", &more);
        }
        for tool in tools {
            section(&mut page, tool)?;
        }
    }
    Ok(page)
}

/// One tool.
fn section(page: &mut String, tool: &Object) -> Result<(), Error> {
    let name = text_of(tool, "name")?;
    page.push_str(&format!("\n### `{name}`\n"));
    let input = object_of(tool, "inputSchema").ok_or_else(|| Error::new(format!("`{name}` has no input schema")))?;
    let description = text_of(tool, "description")?;
    for part in description.split("\n\n").chain(details(input).into_iter().flat_map(|text| text.split("\n\n"))) {
        page.push('\n');
        paragraph(page, "", "", &escape(part));
    }
    page.push_str("\nArguments:");
    let schema = Schema { root: input, at: input };
    match schema.properties().is_empty() {
        true => page.push_str(" none.\n"),
        false => {
            page.push_str("\n\n");
            arguments(page, schema, 0);
        }
    }
    if let Some(output) = object_of(tool, "outputSchema") {
        let names: Vec<String> =
            Schema { root: output, at: output }.properties().iter().map(|(name, _)| code(name)).collect();
        page.push('\n');
        paragraph(page, "", "", &format!("The answer's fields: {}.", names.join(", ")));
    }
    let hints: Vec<String> = list_of(tool, "hints").iter().filter_map(text).map(code).collect();
    if !hints.is_empty() {
        page.push('\n');
        paragraph(page, "", "", &format!("Hints: {}.", hints.join(", ")));
    }
    Ok(())
}

/// The arguments of a schema as a list: those that are required in their order, then the others by
/// name.
fn arguments(page: &mut String, schema: Schema<'_>, depth: usize) {
    let (first, rest) = (format!("{}- ", "  ".repeat(depth)), "  ".repeat(depth + 1));
    for (name, argument) in schema.properties() {
        let mut about = argument.kind();
        if schema.required().contains(&name) {
            about.push_str(", required");
        }
        if let Some(default) = argument.at.get("default").and_then(plain) {
            about.push_str(&format!(", {} if left out", code(&default)));
        }
        let said = escape(&sentences(argument.at.get("description").and_then(text), details(argument.at)));
        let colon = if said.is_empty() { "" } else { ": " };
        paragraph(page, &first, &rest, &format!("{} ({about}){colon}{said}", code(name)));
        let inner = argument.items().unwrap_or(argument);
        if depth < DEEPEST && !inner.properties().is_empty() {
            arguments(page, inner, depth + 1);
        }
    }
}

/// A JSON Schema, and the one that its references are relative to.
#[derive(Clone, Copy)]
struct Schema<'a> {
    root: &'a Object,
    at: &'a Object,
}

impl<'a> Schema<'a> {
    /// The same within this one, with its references followed: `#/$defs/NAME` is all that there is.
    fn within(self, value: &'a JsonValue) -> Option<Self> {
        let at = value.get::<Object>()?;
        let Some(reference) = at.get("$ref").and_then(text) else { return Some(Self { at, ..self }) };
        let mut found = self.root;
        for step in reference.strip_prefix("#/")?.split('/') {
            found = object_of(found, step)?;
        }
        Some(Self { at: found, ..self })
    }

    fn required(self) -> Vec<&'a String> {
        list_of(self.at, "required").iter().filter_map(|name| name.get::<String>()).collect()
    }

    /// Its arguments, those that are required first.
    fn properties(self) -> Vec<(&'a String, Self)> {
        let all = object_of(self.at, "properties");
        let mut all: Vec<_> =
            all.into_iter().flatten().filter_map(|(name, value)| Some((name, self.within(value)?))).collect();
        let required = self.required();
        let place = |name: &String| required.iter().position(|one| *one == name).unwrap_or(required.len());
        all.sort_by(|(a, _), (b, _)| (place(a), a).cmp(&(place(b), b)));
        all
    }

    fn items(self) -> Option<Self> {
        self.at.get("items").and_then(|items| self.within(items))
    }

    /// What a value of it is, in words.
    fn kind(self) -> String {
        let choices: Vec<String> =
            list_of(self.at, "enum").iter().filter_map(plain).map(|choice| code(&choice)).collect();
        if !choices.is_empty() {
            return choices.join(" | ");
        }
        match self.at.get("type").and_then(text) {
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("boolean") => "true or false".to_owned(),
            Some("array") => match self.items().map(Self::kind) {
                Some(kind) => format!("list of {kind}"),
                None => "list".to_owned(),
            },
            Some(other) => other.to_owned(),
            None => "any JSON".to_owned(),
        }
    }
}

/// What stands below `# Details` in a doc comment: for people, and not for a model.
fn details(schema: &Object) -> Option<&str> {
    schema.get("$comment").and_then(text)
}

/// A description, which may end without a full stop, and its details as one text.
fn sentences(description: Option<&str>, details: Option<&str>) -> String {
    match (description, details) {
        (Some(description), Some(details)) => {
            let stop = if description.ends_with(['.', '!', '?', ':']) { "" } else { "." };
            format!("{description}{stop} {details}")
        }
        (one, other) => one.or(other).unwrap_or_default().to_owned(),
    }
}

fn text(value: &JsonValue) -> Option<&str> {
    value.get::<String>().map(String::as_str)
}

/// A value that is written without quotation marks.
fn plain(value: &JsonValue) -> Option<String> {
    text(value).map(str::to_owned).or_else(|| value.stringify().ok())
}

fn code(text: impl AsRef<str>) -> String {
    format!("`{}`", text.as_ref())
}

fn text_of<'a>(object: &'a Object, key: &str) -> Result<&'a str, Error> {
    object.get(key).and_then(text).ok_or_else(|| Error::new(format!("a tool has no `{key}`")))
}

fn object_of<'a>(object: &'a Object, key: &str) -> Option<&'a Object> {
    object.get(key)?.get()
}

fn list_of<'a>(object: &'a Object, key: &str) -> &'a [JsonValue] {
    object.get(key).and_then(|list| list.get::<Vec<JsonValue>>()).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
#[path = "tools_page_tests.rs"]
mod tests;

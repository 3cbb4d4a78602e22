//! A page of one tool, and pages that cannot be made.

use super::*;
use crate::markdown::WIDTH;

const TOOL: &str = r##"[{
    "name": "greet", "title": "Greet",
    "description": "Greet somebody.\n\nIn a *friendly* way.",
    "inputSchema": {
        "type": "object",
        "$comment": "Not on *Sundays*.\n\nNobody is forgotten.",
        "properties": {
            "zeal": { "type": "integer", "default": 3, "$comment": "More is louder." },
            "how": { "type": "string", "enum": ["aloud", "softly"], "default": "aloud", "description": "The\nvoice" },
            "who": { "type": "string", "description": "Whom to greet", "$comment": "By <name>." },
            "times": { "type": "array", "items": { "$ref": "#/$defs/Time" }, "description": "When" }
        },
        "required": ["who"],
        "$defs": { "Time": {
            "type": "object",
            "properties": { "hour": { "type": "integer", "description": "Of the day.", "$comment": "In UTC." } },
            "required": ["hour"]
        } }
    },
    "outputSchema": { "type": "object", "properties": { "text": {}, "at": {} } },
    "hints": ["readOnly"]
}]"##;

const PAGE: &str = "\
## All tools

- **greeter**: [`greet`](#greet) (Greet)

## The plugin `greeter`

What its tools do in detail is in [greeter/README.md](greeter/README.md).

### `greet`

Greet somebody.

In a \\*friendly\\* way.

Not on \\*Sundays\\*.

Nobody is forgotten.

Arguments:

- `who` (text, required): Whom to greet. By \\<name>.
- `how` (`aloud` | `softly`, `aloud` if left out): The voice
- `times` (list of object): When
  - `hour` (whole number, required): Of the day. In UTC.
- `zeal` (whole number, `3` if left out): More is louder.

The answer's fields: `at`, `text`.

Hints: `readOnly`.
";

fn of(text: &str) -> Result<String, Error> {
    let tools = definitions(text)?;
    reference(&[Definitions { plugin: "greeter".to_owned(), has_page: true, tools }])
}

#[test]
fn a_tool_is_shown_with_everything_in_its_definition() {
    assert_eq!(of(TOOL).unwrap(), PAGE);
}

#[test]
fn a_tool_without_arguments_says_so() {
    let page = of(r#"[{"name":"a","title":"A","description":"B","inputSchema":{"type":"object","properties":{}}}]"#);
    assert!(page.unwrap().ends_with("\nArguments: none.\n"));
}

#[test]
fn what_is_no_definition_is_told() {
    for (text, fault) in [
        ("{", "not JSON"),
        ("{}", "not a list of tools"),
        ("[1]", "a tool is not an object"),
        (r#"[{"title":"A"}]"#, "a tool has no `name`"),
        (r#"[{"name":"a","title":"A","description":"B"}]"#, "`a` has no input schema"),
    ] {
        let error = of(text).unwrap_err().to_string();
        assert!(error.starts_with(fault), "{text}: {error}");
    }
}

#[test]
fn what_stands_around_the_marks_is_kept() {
    let page = format!("# Title\n\n{}\nold\n{}\n\nThe end.\n", MARKS[0], MARKS[1]);
    let made = between_marks(&page, "new\n").unwrap();
    assert_eq!(made, format!("# Title\n\n{}\n\nnew\n\n{}\n\nThe end.\n", MARKS[0], MARKS[1]));
    assert_eq!(between_marks(&made, "new\n").as_deref(), Some(made.as_str()));
    assert_eq!(between_marks("# Title\n", "new\n"), None);
}

#[test]
fn the_marks_are_short_enough_for_a_document() {
    assert!(MARKS.iter().all(|mark| mark.len() <= WIDTH));
}

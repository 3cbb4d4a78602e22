//! Tests of `arguments.rs`.

use serde_json::json;

use super::*;

fn check(arguments: Value) -> Result<Map<String, Value>, String> {
    let schema = json!({
        "type": "object",
        "properties": {
            "host": { "type": "string" }, "port": { "type": "integer" }, "id": { "type": "string" },
            "encoding": { "type": "string", "enum": ["utf-8", "hex"] },
            "timeout_ms": { "type": "integer" },
            "prompt": { "type": "string", "minLength": 0 },
            "mode": { "type": "string", "enum": ["", "x"] },
            "either": { "type": ["string", "null"] },
            "any": {},
            "steps": { "type": "array", "items": { "$ref": "#/$defs/step" } },
            "open": { "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": true },
            "free": { "type": "object" },
            "choice": { "properties": { "a": { "type": "string" } }, "anyOf": [{ "properties": { "b": {} } }] },
        },
        "required": ["host", "port"],
        "$defs": { "step": {
            "type": "object",
            "properties": { "send": { "type": "string", "minLength": 0 }, "expect": { "type": "string" } },
            "additionalProperties": false,
        } },
    });
    let (Value::Object(schema), Value::Object(arguments)) = (schema, arguments) else { panic!() };
    Arguments::new(schema).check(arguments)
}

/// What is left of arguments beside the required ones.
fn left(more: Value) -> Value {
    let mut arguments = json!({ "host": "h", "port": 1 });
    let (Value::Object(all), Value::Object(more)) = (&mut arguments, more) else { panic!() };
    all.extend(more);
    let mut left = check(arguments).unwrap();
    left.retain(|name, _| name != "host" && name != "port");
    Value::Object(left)
}

#[test]
fn each_mistake_names_its_argument_and_not_its_value() {
    let text = check(json!({ "port": "80", "id": 7, "encoding": "utf-16-secret" })).unwrap_err();
    for part in
        ["`host` is required", "`port` is not of type \"integer\"", "`id` is not of type", "`encoding` is not one of"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn null_stands_for_not_given_where_that_is_allowed() {
    assert_eq!(left(json!({ "id": null, "encoding": null, "timeout_ms": null, "steps": null })), json!({}));
    assert_eq!(left(json!({ "either": null, "any": null })), json!({ "either": null, "any": null }));
    assert_eq!(left(json!({ "steps": [{ "send": null, "expect": "x" }] })), json!({ "steps": [{ "expect": "x" }] }));
    assert!(check(json!({ "host": null, "port": 1 })).unwrap_err().contains("`host`"));
}

#[test]
fn an_empty_text_stands_for_not_given_unless_the_schema_gives_it_a_meaning() {
    assert_eq!(left(json!({ "id": "", "encoding": "", "either": "" })), json!({}));
    assert_eq!(left(json!({ "prompt": "", "mode": "", "any": "" })), json!({ "prompt": "", "mode": "", "any": "" }));
    let steps = json!({ "steps": [{ "send": "", "expect": "" }] });
    assert_eq!(left(steps), json!({ "steps": [{ "send": "" }] }));
    assert_eq!(check(json!({ "host": "", "port": 1 })).unwrap()["host"], "", "what is required is given");
}

#[test]
fn an_unknown_argument_is_refused_with_the_name_that_it_is_most_like() {
    let refused = |more: Value| {
        let mut arguments = json!({ "host": "h", "port": 1 });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check(arguments).unwrap_err()
    };
    assert_eq!(refused(json!({ "timeout": 5 })), "there is no argument `timeout`: did you mean `timeout_ms`?");
    assert_eq!(refused(json!({ "HOST": null })), "there is no argument `HOST`: did you mean `host`?");
    let nested = refused(json!({ "steps": [{ "send": "a" }, { "sned": "b" }] }));
    assert_eq!(nested, "there is no argument `steps.1.sned`: did you mean `steps.1.send`?");
    let none_like_it = refused(json!({ "zzz": 1, "steps": [{ "q": 1 }] }));
    assert!(none_like_it.starts_with("there is no argument `zzz`: there are `host`, `port`, `id`"), "{none_like_it}");
    assert!(none_like_it.ends_with("there is no argument `steps.0.q`: there are `send`, `expect`"), "{none_like_it}");
    let odd = refused(json!({ "\u{1b}[2J": 1 }));
    assert!(odd.contains("`\\u{1b}[2J`"), "{odd}");
    let long = refused(Value::Object((0..100).map(|n| (format!("{n}{}", "x".repeat(5000)), json!(1))).collect()));
    assert!(long.len() < 4000 && long.matches("there is no argument").count() == MISTAKES, "{}", long.len());
}

#[test]
fn what_a_schema_leaves_open_stays_open() {
    let open = json!({ "open": { "a": "", "b": 1 }, "free": { "c": "" }, "choice": { "b": 1 } });
    assert_eq!(left(open), json!({ "open": { "b": 1 }, "free": { "c": "" }, "choice": { "b": 1 } }));
    let (Value::Object(schema), Value::Object(given)) = (json!({ "type": "object" }), json!({ "x": null })) else {
        panic!()
    };
    assert_eq!(Arguments::new(schema).check(given.clone()), Ok(given));
}

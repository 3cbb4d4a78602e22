//! What a tool takes: a struct that is read from JSON.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Failure;

/// What a tool can take: a struct that is read from JSON and has a schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a tool",
    label = "no arguments of a tool",
    note = "write `#[derive(serde::Deserialize, schemars::JsonSchema)]` above the struct, and `///` above each of its members"
)]
pub trait Arguments: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Arguments for T {}

/// Reads a tool's arguments. What the schema allows and the type does not is told by its path.
pub fn arguments<T: Arguments>(json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).or_else(|_| with_whole_numbers(json))
}

/// Reads them again, where `1.0` is the integer that JSON Schema takes it for.
#[cold]
fn with_whole_numbers<T: Arguments>(json: &str) -> Result<T, Failure> {
    let mut value = serde_json::from_str(json).map_err(|error| Failure::new("invalid_argument", error))?;
    make_whole(&mut value);
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, told) = (error.path().to_string(), error.inner());
        // What is not in a member has a dot for a path.
        if path == "." {
            return Failure::new("invalid_argument", told);
        }
        Failure::new("invalid_argument", format_args!("`{path}`: {told}")).with("argument", path)
    })
}

/// Makes every number that is a whole one an integer.
fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)
                && let Ok(whole) = format!("{float:.0}").parse::<i64>()
            {
                *value = whole.into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_whole),
        Value::Object(members) => members.values_mut().for_each(make_whole),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Asked {
        steps: Vec<Step>,
        #[serde(default)]
        seconds: f64,
    }

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Step {
        port: u16,
    }

    fn step(port: u16) -> Asked {
        Asked { steps: vec![Step { port }], seconds: 0.0 }
    }

    #[test]
    fn an_argument_out_of_range_is_told_by_its_path() {
        assert_eq!(arguments(r#"{"steps":[{"port":1}]}"#), Ok(step(1)));
        for far in ["70000", "70000.0"] {
            let json = format!(r#"{{"steps":[{{"port":1}},{{"port":{far}}}]}}"#);
            let failure = arguments::<Asked>(&json).unwrap_err();
            assert_eq!((failure.code(), &failure.details["argument"]), ("invalid_argument", &json!("steps[1].port")));
            let told = "`steps[1].port`: invalid value: integer `70000`, expected u16";
            assert_eq!(failure.message, told);
        }
        let failure = arguments::<Asked>("{}").unwrap_err();
        assert!(failure.details.is_empty() && failure.message.starts_with("missing field `steps`"));
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        for one in ["1", "1.0", "1e0", "10e-1"] {
            assert_eq!(arguments(&format!(r#"{{"steps":[{{"port":{one}}}]}}"#)), Ok(step(1)), "{one}");
        }
        let mixed = Asked { seconds: 2.5, ..step(80) };
        assert_eq!(arguments(r#"{"steps":[{"port":8e1}],"seconds":2.5}"#), Ok(mixed));
        let whole = Asked { seconds: 3.0, ..step(80) };
        assert_eq!(arguments(r#"{"steps":[{"port":8e1}],"seconds":3.0}"#), Ok(whole));
        for odd in ["1.5", "-1.0", "1e300"] {
            let failure = arguments::<Asked>(&format!(r#"{{"steps":[{{"port":{odd}}}]}}"#)).unwrap_err();
            assert_eq!(failure.details["argument"], "steps[0].port", "{odd}");
        }
    }
}

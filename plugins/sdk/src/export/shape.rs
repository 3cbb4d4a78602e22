//! What a tool may answer. The type in its `Result` decides by itself: a text, nothing, blocks, a
//! struct, or blocks beside a struct. What cannot be told to a client does not compile.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;

use super::Output;
use crate::{Answer, Block, Blocks, Failure, Integer, schema};

/// The `Result` that a tool returns.
#[diagnostic::on_unimplemented(
    message = "a tool returns `Result<T, Failure>`, not `{Self}`",
    label = "no `Result` of a tool",
    note = "`T` is a struct, a text (`String`), nothing (`()`), or blocks (`Answer`); an error of your own needs `From<…> for Failure`"
)]
pub trait Returned {
    /// What the tool answers.
    type Answer;
    /// It, or the failure.
    fn result(self) -> Result<Self::Answer, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T, E: Into<Failure>> Returned for Result<T, E> {
    type Answer = T;
    fn result(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}

/// What a tool can answer: a struct that is written as JSON and has a schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a tool",
    label = "no answer of a tool",
    note = "write `#[derive(serde::Serialize, schemars::JsonSchema)]` above the struct"
)]
pub trait Structured: Serialize + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> Structured for T {}

/// What no tool answers alone: nothing has it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` alone cannot be the answer of a tool",
    label = "no answer of a tool",
    note = "an answer is a struct with `#[derive(serde::Serialize, schemars::JsonSchema)]`, a text (`String`), nothing (`()`), or \
            blocks (`Answer`): put the value into a struct, or make it a text"
)]
pub trait Alone {}

/// How an answer of type `T` is told.
pub trait Shape<T> {
    /// The schema of its structured part, if it has one.
    fn schema() -> Option<String>;
    /// As the contract has it.
    fn output(answer: T) -> serde_json::Result<Output>;
}

/// A text.
#[derive(Clone, Copy)]
pub struct OfText;

impl<T: Into<String>> Shape<T> for OfText {
    fn schema() -> Option<String> {
        None
    }
    fn output(text: T) -> serde_json::Result<Output> {
        Ok(Output { content: vec![Block::text(text)], structured: None })
    }
}

/// Nothing but that it was done.
#[derive(Clone, Copy)]
pub struct OfNothing;

impl Shape<()> for OfNothing {
    fn schema() -> Option<String> {
        None
    }
    fn output((): ()) -> serde_json::Result<Output> {
        OfText::output("done")
    }
}

/// Blocks without a structured part.
#[derive(Clone, Copy)]
pub struct OfBlocks;

impl Shape<Answer<Blocks>> for OfBlocks {
    fn schema() -> Option<String> {
        None
    }
    fn output(answer: Answer) -> serde_json::Result<Output> {
        Ok(Output { content: answer.content, structured: None })
    }
}

/// Blocks beside a structured part.
#[derive(Clone, Copy)]
pub struct OfBoth;

impl<T: Structured> Shape<Answer<T>> for OfBoth {
    fn schema() -> Option<String> {
        OfStruct::schema_of::<T>()
    }
    fn output(answer: Answer<T>) -> serde_json::Result<Output> {
        Ok(Output { content: answer.content, structured: Some(serde_json::to_string(&answer.structured)?) })
    }
}

/// A structured part alone.
#[derive(Clone, Copy)]
pub struct OfStruct;

impl OfStruct {
    #[expect(clippy::unnecessary_wraps, reason = "as in the trait")]
    fn schema_of<T: Structured>() -> Option<String> {
        Some(schema::of_answer::<T>())
    }
}

impl<T: Structured> Shape<T> for OfStruct {
    fn schema() -> Option<String> {
        Self::schema_of::<T>()
    }
    fn output(answer: T) -> serde_json::Result<Output> {
        Ok(Output { content: Vec::new(), structured: Some(serde_json::to_string(&answer)?) })
    }
}

/// What cannot be told.
#[derive(Clone, Copy)]
pub struct OfValue<T>(PhantomData<T>);

impl<T, U: Alone> Shape<T> for OfValue<U> {
    fn schema() -> Option<String> {
        None
    }
    fn output(_: T) -> serde_json::Result<Output> {
        OfText::output("")
    }
}

/// Asks a type for its shape: `(&Probe::<T>::NEW).shape()`. A method of the type's own is found
/// first, then that of [`AnswerShape`], then that of [`StructShape`].
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    /// For any type.
    pub const NEW: Self = Self(PhantomData);
}

/// The shape of an `Answer<T>`.
pub trait AnswerShape {
    /// Its shape.
    fn shape(&self) -> OfBoth {
        OfBoth
    }
}

impl<T> AnswerShape for Probe<Answer<T>> {}

/// The shape of everything that has no other.
pub trait StructShape {
    /// Its shape.
    fn shape(&self) -> OfStruct {
        OfStruct
    }
}

impl<T> StructShape for &Probe<T> {}

macro_rules! shape {
    ($of:expr => $shape:ty: $($type:ty),* $(,)?) => {
        $(
            impl Probe<$type> {
                /// Its shape.
                pub fn shape(&self) -> $shape {
                    $of
                }
            }
        )*
    };
}

shape!(OfText => OfText: String, &'static str, Cow<'static, str>, Box<str>);
shape!(OfNothing => OfNothing: ());
shape!(OfBlocks => OfBlocks: Answer<Blocks>);

macro_rules! alone {
    ($([$($generic:tt)*] $type:ty),* $(,)?) => {
        $(
            impl<$($generic)*> Probe<$type> {
                /// It has none.
                pub fn shape(&self) -> OfValue<$type> {
                    OfValue(PhantomData)
                }
            }
            impl<$($generic)*> Probe<Answer<$type>> {
                /// It has none.
                pub fn shape(&self) -> OfValue<$type> {
                    OfValue(PhantomData)
                }
            }
        )*
    };
}

alone!(
    [] bool, [] char, [] f32, [] f64, [] i8, [] i16, [] i32, [] i64, [] i128, [] isize, [] u8, [] u16, [] u32, [] u64, [] u128,
    [] usize, [] Integer, [] serde_json::Value, [] serde_json::Number, [T] Option<T>, [T] Vec<T>, [T] VecDeque<T>, [T] BTreeSet<T>,
    [T, S] HashSet<T, S>, [T] Box<[T]>, [T, const N: usize] [T; N], [A] (A,), [A, B] (A, B), [A, B, C] (A, B, C),
    [A, B, C, D] (A, B, C, D),
);

macro_rules! alone_in_an_answer {
    ($($type:ty),*) => {
        $(
            impl Probe<Answer<$type>> {
                /// It has none.
                pub fn shape(&self) -> OfValue<$type> {
                    OfValue(PhantomData)
                }
            }
        )*
    };
}

alone_in_an_answer!(String, &'static str, Cow<'static, str>, ());

/// The schema of what a tool answers.
pub fn output_schema<T, S: Shape<T>>(_: S, _: Probe<T>) -> Option<String> {
    S::schema()
}

/// What a tool answers, as the contract has it.
pub fn output<T, S: Shape<T>>(_: S, answer: T) -> Result<Output, Failure> {
    S::output(answer).map_err(|error| Failure::new("internal", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, JsonSchema)]
    struct Size {
        width: u32,
    }

    /// What a tool with this answer is told as: its schema, its blocks, its structured part.
    macro_rules! told {
        ($type:ty, $answer:expr) => {{
            let answer: $type = $answer;
            let schema = output_schema((&Probe::<$type>::NEW).shape(), Probe::<$type>::NEW);
            let output = output((&Probe::<$type>::NEW).shape(), answer).unwrap();
            (schema.is_some(), format!("{:?}", output.content), output.structured)
        }};
    }

    #[test]
    fn an_answer_is_told_as_what_it_is() {
        let size = || Size { width: 1 };
        let text = |text: &str| (false, format!("[Block::Text({text:?})]"), None);
        let json = Some(r#"{"width":1}"#.to_owned());
        assert_eq!(told!(String, "x".to_owned()), text("x"));
        assert_eq!(told!(&'static str, "x"), text("x"));
        assert_eq!(told!((), ()), text("done"));
        assert_eq!(told!(Size, size()), (true, "[]".to_owned(), json.clone()));
        assert_eq!(told!(Answer<Size>, Answer::new("x", size())), (true, text("x").1, json.clone()));
        assert_eq!(told!(Answer, Answer::text("x")), text("x"));
        let (schema, blocks, structured) = told!(Answer, Answer::image("image/png", [1]).and("x"));
        assert!(!schema && structured.is_none(), "{structured:?}");
        assert!(blocks.contains("image/png") && blocks.ends_with("Block::Text(\"x\")]"), "{blocks}");
        let (schema, blocks, structured) = told!(Answer<Size>, Answer::audio("audio/wav", [1]).with(size()));
        assert!(schema && structured == json && blocks.contains("audio/wav"), "{blocks}");
    }
}

//! Questions to the person behind the client.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::bindings::exports::cofferdam::plugin::tools;
use crate::{Cx, Failure, schema};

/// What the person says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// What was asked for.
    Accepted(T),
    /// The person does not want to answer.
    Declined,
    /// The person has made no choice.
    Dismissed,
}

impl<T> Reply<T> {
    /// What was asked for, if the person has said it.
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(value) => Some(value),
            Self::Declined | Self::Dismissed => None,
        }
    }
}

/// Nobody has answered the question yet: the call has to end, so that the person is asked. It
/// becomes a [`Failure`] by `?`, and nothing else.
#[derive(Debug)]
#[must_use = "the person is asked when the tool returns this by `?`"]
pub struct Unanswered(Box<Failure>);

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        *unanswered.0
    }
}

impl Cx {
    /// Asks the person behind the client. `T` is what is to be filled in: a struct whose members
    /// are strings, numbers, integers, booleans or enums without data. Doc comments above its
    /// members are shown.
    ///
    /// The first time there is no reply, and the call ends by the `?`. The person is asked, and
    /// **the tool runs again from its beginning** with the same arguments: now this returns what
    /// was said. So nothing may be done before a question that may not be done twice. `id` tells
    /// the questions of one call apart: `[a-zA-Z0-9_.-]{1,64}`, the same each time.
    ///
    /// ```
    /// # use cofferdam_sdk::{Cx, Failure, Reply, testing};
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Sure {
    ///     /// Whether all of it may go
    ///     sure: bool,
    /// }
    ///
    /// async fn clear(cx: Cx) -> Result<String, Failure> {
    ///     match cx.ask::<Sure>("sure", "This deletes everything.").await? {
    ///         Reply::Accepted(Sure { sure: true }) => Ok("It is gone.".to_owned()),
    ///         _ => Ok("Nothing was done.".to_owned()),
    ///     }
    /// }
    ///
    /// // Outside a component a call can be pretended, with what the person says.
    /// let first = testing::Pretended::new([]);
    /// assert!(first.run(clear(first.cx())).is_err());
    /// assert_eq!(first.asked()[0].message, "This deletes everything.");
    /// let sure = Reply::Accepted(serde_json::json!({ "sure": true }));
    /// let again = testing::Pretended::new([("sure", sure)]);
    /// assert_eq!(again.run(clear(again.cx())).unwrap(), "It is gone.");
    /// ```
    ///
    /// Several questions can be asked at once: each is asked before the first `?`.
    ///
    /// ```
    /// # use cofferdam_sdk::{Cx, Failure, testing};
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Name { name: String }
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Age { age: u8 }
    /// async fn introduce(cx: Cx) -> Result<String, Failure> {
    ///     let name = cx.ask::<Name>("name", "Who are you?").await;
    ///     let age = cx.ask::<Age>("age", "How old are you?").await;
    ///     let (name, age) = (name?, age?);
    ///     let (name, age) = (name.accepted(), age.accepted());
    ///     Ok(format!("{:?} {:?}", name.map(|of| of.name), age.map(|of| of.age)))
    /// }
    /// # let call = testing::Pretended::new([]);
    /// # assert!(call.run(introduce(call.cx())).is_err());
    /// # assert_eq!(call.asked().len(), 2);
    /// ```
    ///
    /// # Errors
    /// There is no reply yet: return it by `?`. Or the question cannot be asked, which is a failure
    /// like any other.
    #[expect(clippy::unused_async, reason = "whether a call waits for its reply is the contract's to change")]
    pub async fn ask<T: DeserializeOwned + JsonSchema>(
        &self,
        id: &str,
        message: impl Into<String>,
    ) -> Result<Reply<T>, Unanswered> {
        let failed = |code: &'static str, why: String| Unanswered(Box::new(Failure::new(code, why)));
        let call = self.running().ok_or_else(|| failed("internal", "a call that has ended asks nobody".to_owned()))?;
        if let Some((_, reply)) = call.replies.iter().find(|(of, _)| of == id) {
            return match reply {
                tools::Reply::Accepted(json) => serde_json::from_str(json)
                    .map(Reply::Accepted)
                    .map_err(|error| failed("invalid_reply", format!("the reply to `{id}` cannot be read: {error}"))),
                tools::Reply::Declined => Ok(Reply::Declined),
                tools::Reply::Dismissed => Ok(Reply::Dismissed),
            };
        }
        let known = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(known) {
            let rule = "1 to 64 of `a` to `z`, `A` to `Z`, `0` to `9`, `_`, `.` and `-`";
            return Err(failed("internal", format!("`{id}` cannot be the id of a question: {rule}")));
        }
        let schema = question_schema::<T>().map_err(|why| failed("internal", format!("the question `{id}`: {why}")))?;
        let mut asked = call.asked.borrow_mut();
        asked.retain(|question| question.id != id);
        asked.push(tools::Question { id: id.to_owned(), message: message.into(), schema });
        let mut failure = Failure::new("input_required", "the person has to be asked");
        failure.asks = true;
        Err(Unanswered(Box::new(failure)))
    }
}

/// The JSON Schema of what a question asks for. A test of the plugin's can call it, to know that
/// the question can be asked.
///
/// ```
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Tags {
///     tags: Vec<String>,
/// }
/// let told = cofferdam_sdk::question_schema::<Tags>().unwrap_err();
/// assert!(told.starts_with("`tags` cannot be asked for"));
/// ```
///
/// # Errors
/// Which member cannot be asked for.
pub fn question_schema<T: JsonSchema>() -> Result<String, String> {
    schema::of_question::<T>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Pretended;

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Age {
        /// In years
        age: u8,
        kind: Option<Kind>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Young,
        Old,
    }

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Deep {
        age: Age,
    }

    async fn asks(cx: Cx, id: &str) -> Result<Reply<Age>, Failure> {
        Ok(cx.ask::<Age>(id, "How old?").await?)
    }

    #[test]
    fn a_question_ends_the_call_once() {
        let call = Pretended::new([]);
        let failure = call.run(asks(call.cx(), "age")).unwrap_err();
        assert!(failure.asks);
        // Who asks again under the same name asks once.
        assert!(call.run(asks(call.cx(), "age")).is_err());
        let [question] = &call.asked()[..] else { panic!("one question") };
        assert_eq!((&*question.id, &*question.message), ("age", "How old?"));
        let schema: serde_json::Value = serde_json::from_str(&question.schema).unwrap();
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "age": { "type": "integer", "minimum": 0, "maximum": 255, "description": "In years" },
                    "kind": { "type": "string", "enum": ["young", "old"] },
                },
                "required": ["age"],
            })
        );
    }

    #[test]
    fn what_the_person_says_comes_back() {
        let call = Pretended::new([
            ("age", Reply::Accepted(json!({ "age": 7, "kind": "young" }))),
            ("no", Reply::Declined),
            ("gone", Reply::Dismissed),
            ("odd", Reply::Accepted(json!({ "age": "x" }))),
        ]);
        let said = Age { age: 7, kind: Some(Kind::Young) };
        assert_eq!(call.run(asks(call.cx(), "age")), Ok(Reply::Accepted(said)));
        assert_eq!(call.run(asks(call.cx(), "no")), Ok(Reply::Declined));
        assert_eq!(call.run(asks(call.cx(), "gone")), Ok(Reply::Dismissed));
        let failure = call.run(asks(call.cx(), "odd")).unwrap_err();
        assert_eq!((failure.code(), failure.asks), ("invalid_reply", false));
        assert!(call.asked().is_empty());
    }

    #[test]
    fn what_cannot_be_asked_is_a_failure() {
        let call = Pretended::new([]);
        for id in ["", "a b", "ä", &"x".repeat(65)] {
            let failure = call.run(asks(call.cx(), id)).unwrap_err();
            assert!(!failure.asks && failure.message().contains("cannot be the id of a question"), "{failure:?}");
        }
        let deep = async |cx: Cx| Ok::<_, Failure>(cx.ask::<Deep>("deep", "?").await?);
        let failure = call.run(deep(call.cx())).unwrap_err();
        assert!(failure.message().starts_with("the question `deep`: `age` cannot be asked for"), "{failure:?}");
        let cx = call.cx();
        drop(call);
        let failure = Pretended::new([]).run(asks(cx, "age")).unwrap_err();
        assert!(!failure.asks && failure.message().contains("has ended"), "{failure:?}");
    }
}

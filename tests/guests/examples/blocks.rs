//! Claims: what it shows is shown as it is: a tool for each kind of block, and blocks that are
//! shown before the call ends.
use std::time::Duration;

use cofferdam_sdk::{Answer, Block, Cx, Embedded, Failure, Link};
use guests::{Count, Text};

/// A picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// A text and nothing else.
    #[tool]
    async fn text(&self, a: Text) -> Result<String, Failure> {
        Ok(a.text)
    }

    /// Nothing.
    #[tool(meta = r#"{"example.com/kind": "nothing"}"#)]
    async fn nothing(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// A picture.
    #[tool]
    async fn picture(&self) -> Result<Answer, Failure> {
        Ok(Answer::image("image/png", PNG))
    }

    /// A picture that says that it is of this media type.
    #[tool]
    async fn picture_of(&self, a: Text) -> Result<Answer, Failure> {
        Ok(Answer::image(a.text, PNG))
    }

    /// A sound.
    #[tool]
    async fn sound(&self) -> Result<Answer, Failure> {
        Ok(Answer::audio("audio/wav", *b"RIFF\x04\0\0\0WAVE"))
    }

    /// A link to this URI.
    #[tool]
    async fn link(&self, a: Text) -> Result<Answer, Failure> {
        let link =
            Link::new(a.text, "thing").title("A thing").description("What it is").media_type("text/plain").size(7);
        Ok(Answer::link(link))
    }

    /// A resource that is text.
    #[tool]
    async fn resource(&self, a: Text) -> Result<Answer, Failure> {
        Ok(Answer::embedded(Embedded::text("thing:text", a.text).media_type("text/plain")))
    }

    /// A resource that is bytes.
    #[tool]
    async fn bytes(&self) -> Result<Answer, Failure> {
        Ok(Answer::embedded(Embedded::bytes("thing:bytes", [0, 1, 2, 255])))
    }

    /// Several blocks, in an order.
    #[tool]
    async fn several(&self) -> Result<Answer, Failure> {
        Ok(Answer::text("first").and(Block::image("image/png", PNG)).and("last"))
    }

    /// A picture beside a structured answer.
    #[tool]
    async fn both(&self, a: Text) -> Result<Answer<Text>, Failure> {
        Ok(Answer::image("image/png", PNG).with(a))
    }

    /// Shows a text before it answers.
    #[tool]
    async fn shows_and_answers(&self, cx: Cx, a: Text) -> Result<Text, Failure> {
        cx.emit("shown before")?;
        Ok(a)
    }

    /// Shows a text before it fails.
    #[tool]
    async fn shows_and_fails(&self, cx: Cx, a: Text) -> Result<Text, Failure> {
        cx.emit("shown before")?;
        Err(Failure::new("on_purpose", a.text))
    }

    /// Shows a text, and then waits until its deadline.
    #[tool]
    async fn shows_and_waits(&self, cx: Cx) -> Result<Text, Failure> {
        cx.emit("shown before")?;
        guests::begins("shows_and_waits");
        cofferdam_sdk::sleep(Duration::from_secs(3600)).await;
        guests::text("awake")
    }

    /// Shows blocks of 64 KiB until it may not, at most so many. How many it could, and what it was
    /// told.
    #[tool]
    async fn shows_much(&self, cx: Cx, a: Count) -> Result<Text, Failure> {
        for shown in 0..a.count {
            if let Err(refusal) = cx.emit(Block::image("image/png", vec![0; 64 << 10])) {
                return guests::text(format!("{shown} {}", guests::refused(&refusal)));
            }
        }
        guests::text(a.count.to_string())
    }
}

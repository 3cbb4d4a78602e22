//! Measures what it costs to call the handler `lines` through the host, beside the
//! same code called directly.
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::handlers::{Layer, Session};
use cofferdam_sdk::{Cx, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Times {
    times: u32,
    /// Bytes of one message
    size: usize,
    /// Messages of one call
    messages: usize,
}

#[derive(Serialize, JsonSchema)]
struct Took {
    /// Nanoseconds of one call
    direct: f64,
    through: f64,
}

#[derive(Deserialize, JsonSchema)]
struct Sessions {
    sessions: usize,
}

#[derive(Serialize, JsonSchema)]
struct Held {
    sessions: usize,
    /// Microseconds of one
    each: f64,
}

#[derive(Default)]
struct Crossing {
    held: std::cell::RefCell<Vec<Session>>,
}

#[cofferdam_sdk::plugin(manifest = "crossing.toml")]
impl Crossing {
    /// Measure.
    #[tool(title = "Measure")]
    async fn measure(self: Rc<Self>, _cx: Cx, a: Times) -> Result<Took, Failure> {
        let mut line = vec![b'x'; a.size.max(1) - 1];
        line.push(b'\n');
        let bytes = line.repeat(a.messages.max(1));
        let session = lines().await?;
        let mut own = handler_kit::Session::<lines_handler::Lines>::new(handler_kit::json!({})).map_err(failed)?;
        // The quickest of several rounds: whatever else the machine does only adds.
        let (mut direct, mut through) = (Duration::MAX, Duration::MAX);
        for round in 0..5 {
            let begun = cofferdam_sdk::now();
            for _ in 0..a.times {
                let step = own.data(&bytes, round);
                let texts: Vec<String> = step.messages.iter().map(|message| message.value.to_string()).collect();
                check(texts.len(), &a)?;
            }
            direct = direct.min(cofferdam_sdk::now() - begun);
            let begun = cofferdam_sdk::now();
            for _ in 0..a.times {
                let step = session.data(&bytes, round).map_err(failed)?;
                check(step.messages.len(), &a)?;
            }
            through = through.min(cofferdam_sdk::now() - begun);
        }
        let each = |took: Duration| took.as_nanos() as f64 / f64::from(a.times);
        Ok(Took { direct: each(direct), through: each(through) })
    }

    /// Hold so many sessions, each of which has had a line.
    #[tool(title = "Hold")]
    async fn hold(self: Rc<Self>, _cx: Cx, a: Sessions) -> Result<Held, Failure> {
        let begun = cofferdam_sdk::now();
        for _ in 0..a.sessions {
            let session = lines().await?;
            session.data(b"a line of the usual length, as a server greets its clients\n", 1).map_err(failed)?;
            self.held.borrow_mut().push(session);
        }
        let took = cofferdam_sdk::now() - begun;
        let sessions = self.held.borrow().len();
        Ok(Held { sessions, each: took.as_secs_f64() * 1e6 / a.sessions.max(1) as f64 })
    }
}

async fn lines() -> Result<Session, Failure> {
    let layer = Layer { handler: "lines".to_owned(), config: "{}".to_owned() };
    Session::create(vec![layer]).await.map_err(failed)
}

fn check(messages: usize, a: &Times) -> Result<(), Failure> {
    if messages == a.messages.max(1) {
        return Ok(());
    }
    Err(Failure::new("wrong", format!("{messages} messages came")))
}

fn failed(error: impl std::fmt::Debug) -> Failure {
    Failure::new("failed", format!("{error:?}"))
}

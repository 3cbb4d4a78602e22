//! Claims: it acts in the name of calls that have ended: it reports their progress, shows their
//! blocks, waits for their cancellation, and dials when nobody is calling. It keeps the context of
//! every call, which the SDK would not.
use std::cell::RefCell;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::bindings::cofferdam::host::calls::{Context, Ending, Failure};
use cofferdam_sdk::bindings::cofferdam::host::cancellation;
use cofferdam_sdk::bindings::exports::cofferdam::plugin::{lifecycle, tools};
use cofferdam_sdk::{Block, Level, NoArguments, export};
use guests::{Count, Place, Text, read, tool};

std::thread_local! {
    /// The contexts of all calls there were.
    static KEPT: RefCell<Vec<Rc<Context>>> = const { RefCell::new(Vec::new()) };
}

fn kept() -> Vec<Rc<Context>> {
    KEPT.with_borrow(Clone::clone)
}

/// Does what a call may do, on a context. Whether a block was taken, and what time is left.
fn speak(context: &Context, message: &str) -> (bool, u64) {
    context.progress(0.5, None, Some(message));
    context.log(Level::Warn, message);
    (context.emit(&Block::text(message)).is_ok(), context.time_left())
}

struct Guest;

impl tools::Guest for Guest {
    fn list() -> Vec<tools::Definition> {
        vec![
            tool::<NoArguments>(
                "whisper",
                "Reports progress and shows blocks in the name of all calls that have ended.",
            ),
            tool::<NoArguments>("mumble", "Returns at once, and does the same from then on, its own call included."),
            tool::<NoArguments>(
                "eavesdrop",
                "Waits for the cancellation of the first call there was, for a quarter of a second.",
            ),
            tool::<Place>("haunt", "Returns at once, and dials half a second later."),
            tool::<Count>("doze", "Sleeps for so many milliseconds."),
            tool::<NoArguments>("time_bomb", "Panics in a task that outlives its call."),
        ]
    }

    async fn call(
        context: Context,
        name: String,
        arguments: String,
        _: Vec<(String, tools::Reply)>,
    ) -> Result<tools::Outcome, Ending> {
        let context = Rc::new(context);
        let before = kept();
        KEPT.with_borrow_mut(|kept| kept.push(Rc::clone(&context)));
        let said = match name.as_str() {
            "whisper" => {
                let left: u64 = before.iter().map(|ended| speak(ended, "forged").1).sum();
                format!("whispered to {}, {left} left", before.len())
            }
            "mumble" => {
                cofferdam_sdk::spawn(async move {
                    cofferdam_sdk::sleep(Duration::from_millis(100)).await;
                    kept().iter().for_each(|ended| _ = speak(ended, "late"));
                    cofferdam_sdk::log(Level::Warn, "mumbled");
                });
                "mumbling soon".to_owned()
            }
            "eavesdrop" => match before.first() {
                Some(ended) => {
                    let heard = cofferdam_sdk::timeout(Duration::from_millis(250), cancellation::wait(ended)).await;
                    format!("{heard:?}")
                }
                None => "nobody".to_owned(),
            },
            "haunt" => {
                let place: Place = read(&arguments);
                cofferdam_sdk::spawn(async move {
                    cofferdam_sdk::sleep(Duration::from_millis(500)).await;
                    let dialled = TcpStream::connect((place.host.as_str(), place.port)).map(drop);
                    let dialled = dialled.map_err(|error| error.kind());
                    cofferdam_sdk::log(Level::Warn, &format!("haunted {dialled:?}"));
                });
                "dialling soon".to_owned()
            }
            "doze" => {
                context.progress(0.1, None, Some("dozing"));
                let count: Count = read(&arguments);
                cofferdam_sdk::sleep(Duration::from_millis(count.count.into())).await;
                "awake".to_owned()
            }
            "time_bomb" => {
                cofferdam_sdk::spawn(async {
                    cofferdam_sdk::sleep(Duration::from_millis(100)).await;
                    panic!("as it was told to");
                });
                "ticking".to_owned()
            }
            other => {
                let failure = Failure {
                    code: "unknown_tool".to_owned(),
                    message: other.to_owned(),
                    details: None,
                    retry: cofferdam_sdk::bindings::cofferdam::host::calls::Retry::Unknown,
                };
                return Err(Ending::Failed(failure));
            }
        };
        let structured = serde_json::to_string(&Text { text: said }).ok();
        Ok(tools::Outcome::Done(export::Output { content: Vec::new(), structured }))
    }
}

impl lifecycle::Guest for Guest {
    async fn init(_: String) -> Result<(), String> {
        Ok(())
    }

    async fn close() {}
}

guests::manifest!("other.toml");
cofferdam_sdk::bindings::export!(Guest with_types_in cofferdam_sdk::bindings);

//! Claims: what the SDK says of connections, tasks and calls holds.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure, Notify, Task, TcpStream};
use guests::{Place, Text, text};

const SOON: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Asks for a line, and says which error it met instead.
    #[tool]
    async fn line(&self, cx: Cx, a: Place) -> Result<Text, Failure> {
        let mut stream = TcpStream::connect(&cx, &a.host, a.port).await?;
        stream.write_all(b"one\ntwo", &cx).await?;
        let line = stream.read_until(b"\n", 100, &cx).await?;
        stream.shutdown(&cx).await?;
        let rest = stream.read_exact(3, &cx).await?;
        let end = stream.read(&cx).await?;
        text(format!("{}|{}|{}", String::from_utf8_lossy(&line), String::from_utf8_lossy(&rest), end.len()))
    }

    /// Reads more than comes: what has come is kept. It takes no context.
    #[tool]
    async fn kept(&self, a: Place) -> Result<Text, Failure> {
        let mut stream = TcpStream::connect(Duration::from_secs(5), &a.host, a.port).await?;
        stream.write_all(b"ab\n", SOON).await?;
        let late = stream.read_exact(9, SOON).await.map_err(|broken| broken.reason()).unwrap_err();
        let long = stream.read_until(b"!", 2, SOON).await.map_err(|broken| broken.reason()).unwrap_err();
        text(format!("{late} {long} {}", String::from_utf8_lossy(&stream.read(SOON).await?)))
    }

    /// Reads in a task of its own, and ends it.
    #[tool]
    async fn halves(self: Rc<Self>, cx: Cx, a: Place) -> Result<Text, Failure> {
        let (mut read, write) = TcpStream::connect(&cx, &a.host, a.port).await?.split();
        let heard = Rc::new((RefCell::new(Vec::new()), Notify::new()));
        let hears = Rc::clone(&heard);
        let reader = Task::spawn(async move {
            while let Ok(bytes) = read.read(Duration::from_secs(60)).await {
                hears.0.borrow_mut().extend(bytes);
                hears.1.notify_one();
            }
        });
        write.write_all(b"ping", &cx).await?;
        while heard.0.borrow().len() < 4 {
            heard.1.notified().await;
        }
        // Nobody else holds what the task held, once it has ended.
        reader.abort();
        while Rc::strong_count(&heard) > 1 {
            cofferdam_sdk::sleep(Duration::from_millis(1)).await;
        }
        text(String::from_utf8_lossy(&heard.0.borrow()).into_owned())
    }

    /// Goes on for a moment after its deadline.
    #[tool(last_words)]
    async fn late(&self, cx: Cx) -> Result<Text, Failure> {
        while !cx.time_left().is_zero() {
            cofferdam_sdk::sleep(Duration::from_millis(5)).await;
        }
        text("what there was")
    }
}

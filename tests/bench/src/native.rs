//! Native peers in tokio: an echo server in a process of its own, and a reader that keeps nothing.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// `bench echo`: prints its port and sends back what it receives.
/// `bench echo dial PORT` dials instead.
pub fn serve() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        if let Some(port) = std::env::args().nth(2) {
            let stream = TcpStream::connect(("127.0.0.1", port.parse::<u16>().unwrap())).await.unwrap();
            return echo(stream).await;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        std::io::stdout().flush().unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(echo(stream));
        }
    });
    ExitCode::SUCCESS
}

async fn echo(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0; 65536];
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

/// The echo server as a process.
pub struct Echo {
    child: Child,
    pub port: u16,
}

impl Echo {
    pub fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.arg("echo").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }

    /// One that dials a port instead of listening.
    pub fn dial(port: u16) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let child = command.arg("echo").arg(port.to_string()).spawn().unwrap();
        Self { child, port }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Round trips of a short line through an echo server, by a tokio client: the time of each.
pub fn round_trips(port: u16, count: usize) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut buffer = [0; 64];
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let begun = Instant::now();
                stream.write_all(b"a line of text\n").await.unwrap();
                let mut got = 0;
                while got < 15 {
                    got += stream.read(&mut buffer).await.unwrap();
                }
                times.push(begun.elapsed());
            }
            times
        });
        task.await.unwrap()
    })
}

/// Reads until the peer closes, keeping nothing; how many bytes it were.
pub fn drain(port: u16) -> u64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let (mut buffer, mut total) = (vec![0; 65536], 0);
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                total += n as u64;
            }
            total
        });
        task.await.unwrap()
    })
}

//! Peers on loopback. A connection's first line says what the peer does to it, so that every choice
//! is the caller's: echo, reset, close, half-close, stall or flood, after so many bytes. A second
//! peer speaks a console's dialogue for `telnet_tool`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use socket2::SockRef;

/// How long a console says nothing before it resets.
const STALL: Duration = Duration::from_secs(3);

/// How long a peer waits for a connection that nobody uses.
const IDLE: Duration = Duration::from_secs(60);

/// Starts the peer that is told what to do; its port.
pub fn scripted() -> u16 {
    listen(|stream| drop(obey(stream)))
}

/// Starts the peer that is a console; its port.
pub fn console() -> u16 {
    listen(|stream| drop(talk(stream)))
}

fn listen(serve: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            let _ = stream.set_read_timeout(Some(IDLE));
            let _ = stream.set_write_timeout(Some(IDLE));
            // Without a thread the connection is closed, which a caller has to live with.
            let _ = std::thread::Builder::new().stack_size(128 << 10).spawn(move || serve(stream));
        }
    });
    port
}

fn obey(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(16 << 10, stream.try_clone()?);
    let mut writer = &stream;
    let mut order = String::new();
    reader.read_line(&mut order)?;
    let mut words = order.split_whitespace();
    let (verb, count) =
        (words.next().unwrap_or_default(), words.next().and_then(|word| word.parse().ok()).unwrap_or(0));
    match verb {
        "echo" => {}
        "reset" => {
            take(&mut reader, count)?;
            return reset(stream);
        }
        "close" => return take(&mut reader, count),
        "half" => {
            take(&mut reader, count)?;
            stream.shutdown(Shutdown::Write)?;
            return take(&mut reader, u64::MAX);
        }
        "stall" => {
            std::thread::sleep(Duration::from_millis(count));
            return reset(stream);
        }
        "flood" => {
            let block = [b'f'; 4096];
            let mut left = count;
            while left > 0 {
                let now = usize::try_from(left.min(4096)).unwrap_or(4096);
                writer.write_all(&block[..now])?;
                left -= now as u64;
            }
        }
        _ => return Ok(()),
    }
    let mut buffer = vec![0; 16 << 10];
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        writer.write_all(&buffer[..n])?;
    }
}

/// Reads so many bytes, or to the end.
fn take(reader: &mut impl Read, count: u64) -> std::io::Result<()> {
    std::io::copy(&mut reader.take(count), &mut std::io::sink()).map(drop)
}

/// Closes with a reset.
fn reset(stream: TcpStream) -> std::io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    drop(stream);
    Ok(())
}

/// A prompt, and for each line what it asks for.
fn talk(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = &stream;
    writer.write_all(b"\xff\xfb\x01\xff\xfb\x03soak console\r\nsoak> ")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        let mut words = text.trim_matches(|c: char| !c.is_ascii_graphic()).split(' ');
        match words.next().unwrap_or_default() {
            "quit" => return writer.write_all(b"bye\r\n"),
            "reset" => return reset(stream),
            "stall" => {
                std::thread::sleep(STALL);
                return reset(stream);
            }
            verb => {
                let rest = words.collect::<Vec<_>>().join(" ");
                let verb = verb.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
                writer.write_all(format!("{verb} said {rest}\r\nsoak> ").as_bytes())?;
            }
        }
    }
}

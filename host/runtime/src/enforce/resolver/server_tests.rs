//! One server of the test's own at the other end.

use std::sync::Arc;

use super::super::Family;
use super::*;

fn question() -> Question {
    let mut name = hickory_proto::rr::Name::from_labels([&b"a_b"[..], b"example"]).unwrap();
    name.set_fqdn(true);
    Question { name, family: Family::V4 }
}

/// An answer with one address, or a bare header with this code.
fn answer(question: &[u8], code: u8) -> Vec<u8> {
    // The header, `a_b`, `example`, the root, type and class.
    let end = 12 + 4 + 8 + 1 + 4;
    match code {
        0 => {
            let header = [question[0], question[1], 0x80, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
            [&header[..], &question[12..end], b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01"].concat()
        }
        code => vec![question[0], question[1], 0x80, 0x80 | code, 0, 0, 0, 0, 0, 0, 0, 0],
    }
}

fn has_edns(question: &[u8]) -> bool {
    question[11] == 1
}

/// A server over UDP; it remembers which questions had EDNS.
#[expect(clippy::disallowed_methods, reason = "the test's own server")]
async fn server(serve: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> (Server, Arc<Mutex<Vec<bool>>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let seen: Arc<Mutex<Vec<bool>>> = Arc::default();
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            kept.lock().unwrap().push(has_edns(&buffer[..length]));
            for message in serve(&buffer[..length]) {
                socket.send_to(&message, from).await.unwrap();
            }
        }
    });
    (Server::new(address), seen)
}

async fn ask(server: &Server, within: Duration) -> Result<Answer, Fault> {
    server.ask(&question(), Instant::now() + within).await
}

fn found() -> Result<Answer, Fault> {
    Ok(Answer::Addresses(vec!["192.0.2.1".parse().unwrap()], 60))
}

#[tokio::test]
async fn a_server_without_edns_is_asked_again_without_it_and_remembered() {
    let (server, seen) = server(|question| vec![answer(question, u8::from(has_edns(question)))]).await;
    assert_eq!(ask(&server, Duration::from_secs(5)).await, found());
    assert_eq!(ask(&server, Duration::from_secs(5)).await, found());
    assert_eq!(*seen.lock().unwrap(), [true, false, false]);
    // After a while it may have learnt.
    *server.plain.lock().unwrap() = Some(Instant::now());
    assert_eq!(ask(&server, Duration::from_secs(5)).await, found());
    assert_eq!(*seen.lock().unwrap(), [true, false, false, true, false]);
}

#[tokio::test]
async fn what_is_lost_is_sent_again_and_silence_has_an_end() {
    let (lossy, seen) = server({
        let first = std::sync::atomic::AtomicBool::new(true);
        move |question| match first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            true => Vec::new(),
            false => vec![answer(question, 0)],
        }
    })
    .await;
    assert_eq!(ask(&lossy, Duration::from_secs(5)).await, found());
    assert_eq!(seen.lock().unwrap().len(), 2);
    let (silent, _) = server(|_| Vec::new()).await;
    let asked = ask(&silent, Duration::from_millis(300));
    assert_eq!(tokio::time::timeout(Duration::from_secs(2), asked).await, Ok(Err(Fault::Silent)));
}

#[tokio::test]
async fn lies_are_passed_over_and_a_flood_of_them_ends_the_question() {
    let (liar, _) = server(|question| {
        let mut other = answer(question, 0);
        other[13] ^= 1;
        let mut wrong = answer(question, 0);
        wrong[0] ^= 1;
        vec![other, wrong, b"x".to_vec(), Vec::new(), answer(question, 0)]
    })
    .await;
    assert_eq!(ask(&liar, Duration::from_secs(5)).await, found());
    let (flood, _) = server(|question| vec![answer(question, 0)[..20].to_vec(); 2 * LIES]).await;
    assert_eq!(ask(&flood, Duration::from_secs(5)).await, Err(Fault::Lies));
}

#[tokio::test]
async fn a_code_and_nobody_are_told_at_once() {
    let (failing, _) = server(|question| vec![answer(question, 2)]).await;
    // A bare header is no answer to a question but for the codes that mean that the question was
    // not read.
    assert_eq!(ask(&failing, Duration::from_millis(300)).await, Err(Fault::Lies));
    let nobody = Server::new("127.0.0.1:1".parse().unwrap());
    assert_eq!(ask(&nobody, Duration::from_secs(5)).await, Err(Fault::Unreachable));
}

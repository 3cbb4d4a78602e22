//! The machine's files, and lookups through a server of the test's own.

use std::collections::HashMap;

use cofferdam_grants::Name;
use tokio::net::UdpSocket;

use super::*;

#[test]
#[expect(clippy::disallowed_methods, reason = "a folder of the test's own")]
fn hosts_count_without_a_server_and_changes_are_seen() {
    let folder = std::env::temp_dir().join(format!("cofferdam-resolver-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files = Files { servers: folder.join("resolv.conf"), hosts: folder.join("hosts") };
    let names = Names::with(NameServers::System, files.clone());
    let known = || names.asked().hosts.of(&Name::parse("printer.lab.example").unwrap()).to_vec();
    std::fs::write(&files.servers, "# no server\nsearch a..b\n").unwrap();
    std::fs::write(&files.hosts, "192.0.2.7 printer.lab.example\n2001:db8::7 Printer.Lab.Example\n").unwrap();
    assert_eq!(known(), ["192.0.2.7".parse::<IpAddr>().unwrap(), "2001:db8::7".parse().unwrap()]);
    assert_eq!(names.asked().servers.number(), 0);
    // What tells files apart is which they are, and when they were written.
    std::fs::rename(&files.hosts, folder.join("old")).unwrap();
    std::fs::write(&files.hosts, "192.0.2.8 printer.lab.example\n").unwrap();
    assert_eq!(known(), ["192.0.2.8".parse::<IpAddr>().unwrap()]);
    let first = names.asked();
    assert!(Arc::ptr_eq(&first, &names.asked()), "what has not changed is not read again");
    assert_eq!(names.machine_servers(), Some(Vec::new()));
    std::fs::write(&files.servers, "nameserver 127.0.0.1\n").unwrap();
    assert_eq!(names.asked().servers.number(), 1);
    assert_eq!(names.machine_servers(), Some(vec!["127.0.0.1:53".parse().unwrap()]));
    let named = Names::with(NameServers::These(Vec::new()), files.clone());
    assert_eq!(named.machine_servers(), None, "the policy's own do not follow the machine's");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(known().is_empty() && names.asked().servers.number() == 0, "files that are gone are empty");
}

/// Answers A with this address, by name; AAAA never. Counts the questions of each kind.
#[expect(clippy::disallowed_methods, reason = "the test's own server")]
async fn half_silent() -> (SocketAddr, Arc<Mutex<HashMap<u8, usize>>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (address, seen) = (socket.local_addr().unwrap(), Arc::<Mutex<HashMap<u8, usize>>>::default());
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = &buffer[..length];
            let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
            let kind = question[end - 3];
            *kept.lock().unwrap().entry(kind).or_default() += 1;
            if kind == 1 {
                let header = [question[0], question[1], 0x80, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
                let record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";
                socket.send_to(&[&header[..], &question[12..end], record].concat(), from).await.unwrap();
            }
        }
    });
    (address, seen)
}

/// The permit to look a name up: a policy's decision, as everywhere.
fn permitted(text: &str) -> Permit {
    use cofferdam_policy::{ABI, Manifest, Question, lookup_permit, parse};
    let policy = parse("p.toml", "[defaults]\nresolve = [\"any\"]\n", &|_| None).unwrap();
    let own = format!("name = \"x\"\nversion = \"1\"\nabi = \"{ABI}\"\nkind = \"plugin\"\nwants.resolve = [\"any\"]\n");
    let manifest = Manifest::parse_toml(&own).unwrap();
    lookup_permit(&policy, &manifest, &Question::parse(&["resolve".to_owned(), text.to_owned()]).unwrap()).unwrap()
}

/// Begins to look a name up, for somebody whose sockets are not counted.
fn begin(names: &Names, text: &str, families: &[Family]) -> Result<Lookup, Full> {
    names.begin(permitted(text), families, |_| Ok(None))
}

#[tokio::test]
async fn the_kind_that_is_there_does_not_wait_for_the_other() {
    let (address, seen) = half_silent().await;
    let names =
        Names::with(NameServers::These(vec![address]), Files { servers: "/none".into(), hosts: "/none".into() });
    let name = "my_service.example";
    let all = begin(&names, name, Family::BOTH).unwrap().all().await;
    let [(Family::V4, Ok(found))] = &all[..] else { panic!("{all:?}") };
    assert_eq!(found.addresses.to_vec(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    // One kind alone asks for no other, and what is known asks nobody.
    let before = seen.lock().unwrap()[&28];
    for _ in 0..3 {
        let mut four = begin(&names, name, &[Family::V4]).unwrap();
        assert!(four.next().await.unwrap().1.is_ok());
        assert_eq!(four.next().await, None);
    }
    assert_eq!(*seen.lock().unwrap(), HashMap::from([(1, 1), (28, before)]));
    assert!(begin(&names, "other.example", &[Family::V4]).unwrap().next().await.unwrap().1.is_ok());
    assert_eq!(seen.lock().unwrap()[&1], 2);
}

#[tokio::test]
async fn plugins_share_answers_and_not_their_limits() {
    let (address, seen) = half_silent().await;
    let names =
        Names::with(NameServers::These(vec![address]), Files { servers: "/none".into(), hosts: "/none".into() });
    let limits = Limits { lookups: 1, ..Limits::default() };
    let (one, other) = (names.limited(&limits), names.limited(&limits));
    let ask = |names: &Names| begin(names, "slow.example", &[Family::V6]);
    let first = ask(&one).unwrap();
    assert_eq!(ask(&one).err().map(|full| full.limit), Some("lookups"));
    let second = ask(&other).unwrap();
    drop(first);
    assert!(ask(&one).is_ok(), "what was given up counts no more");
    drop(second);
    assert!(seen.lock().unwrap().get(&28).is_none_or(|asked| *asked <= 2));
}

#[tokio::test]
async fn sockets_are_held_as_long_as_the_question_and_what_is_known_takes_none() {
    let (address, _) = half_silent().await;
    let names =
        Names::with(NameServers::These(vec![address]), Files { servers: "/none".into(), hosts: "/none".into() });
    let places = crate::enforce::Descriptors::new(2);
    let ask = |text: &str, families: &[Family]| {
        let full = |_| Full { limit: "descriptors", most: 2 };
        names.begin(permitted(text), families, |sockets| places.slots(sockets).map(Some).map_err(full))
    };
    let both = ask("both.example", Family::BOTH).unwrap();
    assert_eq!(ask("other.example", &[Family::V4]).err().map(|full| full.limit), Some("descriptors"));
    // The addresses of the one kind are there; the question about the other goes on, and keeps its
    // places.
    assert_eq!(both.all().await.len(), 1);
    assert!(ask("other.example", &[Family::V4]).is_err());
    let known = ask("both.example", &[Family::V4]).unwrap().next().await.unwrap();
    assert!(known.1.is_ok(), "{known:?}");
}

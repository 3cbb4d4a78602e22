//! Effects happen to what their permit names, and a permit for something else has no effect.

use std::net::SocketAddr;
use std::time::Duration;

use cofferdam_grants::{Ask, Limits, Name, Permit, QueryName};
use cofferdam_policy::{ABI, Manifest, effective, parse};
use tokio::net::UdpSocket;

use super::Descriptors;
use super::dns::{Carrier, Failed as NotSent, Over};
use super::icmp::echo::{Echo, Failed};
use super::lookups::{Full, Lookups};
use super::resolver::{Family, NameServers, Names, Unresolved};
use super::sockets::tcp::{Family as SocketFamily, TcpSocket};

/// What a plugin is permitted that wants, and may do, everything the questions are about.
fn permit(ask: &Ask<'_>) -> Permit {
    let server = if let Ask::Query { server, .. } = ask { server.to_string() } else { "127.0.0.1".to_owned() };
    let rules = format!("resolve = [\"any\"]\nservers = [\"{server}\"]\nconnect = [\"tcp://localhost:*\"]\n");
    let policy = parse("p.toml", &format!("[defaults]\n{rules}"), &|_| None).unwrap();
    let wants = "resolve = [\"any\"]\nservers = [\"any\"]\nconnect = [\"tcp://any:*\"]\n";
    let manifest = format!("name = \"x\"\nversion = \"1\"\nabi = \"{ABI}\"\nkind = \"plugin\"\n[wants]\n{wants}");
    effective(&policy, &Manifest::parse_toml(&manifest).unwrap()).grants.decide(ask).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

async fn send(permit: Permit) -> Result<Carrier, NotSent> {
    let places = (Descriptors::new(1).slot().ok().unwrap(), Lookups::new(&Limits::default()).begin().unwrap());
    Carrier::send(permit, Over::Udp, 7, b"question", Duration::from_secs(5), places).await
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the peer of the test")]
async fn i6_a_question_goes_to_the_server_of_its_permit() {
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (server, asked) = (peer.local_addr().unwrap(), QueryName::parse("www.example.com").unwrap());
    let carrier = send(permit(&Ask::Query { server, name: &asked, system: &[] })).await.unwrap();
    let mut bytes = [0; 64];
    let (length, from) = peer.recv_from(&mut bytes).await.unwrap();
    assert_eq!((&bytes[..length], from.ip()), (&b"question"[..], server.ip()));
    drop(carrier);
    let other = permit(&Ask::Resolve { name: &name("www.example.com") });
    assert!(matches!(send(other).await, Err(NotSent::NotPermitted)));
}

#[tokio::test]
async fn i6_a_permit_for_something_else_has_no_effect() {
    let lookup = || permit(&Ask::Resolve { name: &name("www.example.com") });
    assert!(matches!(Echo::open(lookup(), false, || None), Err(Failed::NotPermitted)));

    let at: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let unbound = || permit(&Ask::Bind { protocol: cofferdam_grants::Protocol::Tcp, at });
    let socket = || TcpSocket::new(SocketFamily::V4, Descriptors::new(1).slot().ok().unwrap()).unwrap();
    assert!(socket().bind(lookup()).is_err());
    assert!(socket().start_connect(lookup()).is_err());
    assert!(socket().bind(unbound()).is_ok());

    let names = Names::new(NameServers::These(Vec::new()));
    let mut begun = names.begin(unbound(), Family::BOTH, |_| Ok::<_, Full>(None)).unwrap();
    while let Some((_, outcome)) = begun.next().await {
        assert_eq!(outcome, Err(Unresolved::Failed("the permit is for no lookup")));
    }
}

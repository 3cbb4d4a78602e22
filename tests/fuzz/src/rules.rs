//! The rule language and the decision. A rule that is read, shown and read again is the same rule;
//! no question makes `decide` panic; an allow rule covers no more than what is written, a deny rule
//! no less. What is written is read a second time, plainly, in [`Written`].
//!
//! An input is a text: the first line a rule behind `+` (allow), `-` (deny) or `?` (want), the
//! others what is asked about it, `ADDRESS`, `NAME` or `NAME=ADDRESS`, each with `:PORT`
//! behind it or on port 22.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use cofferdam_grants::{Ask, Grants, METADATA, Moment, Name, NameUse, Permit, Pins, Protocol, Range, Rule, canonical};
use cofferdam_policy::{Diagnostic, Manifest, Policy, effective};
use ip_network::IpNetwork;

use crate::addresses::other_opinion;
use crate::policy_files::GREEDY;

const TCP: Protocol = Protocol::Tcp;

/// Questions that are asked of every rule.
const ALWAYS: &[&str] = &[
    "127.0.0.1",
    "::1",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "93.184.216.34",
    "169.254.169.254",
    "255.255.255.255",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::",
    "2606:4700::1111",
    "fe80::1",
    "fd00:ec2::254",
    "localhost",
    "db.lab.example",
    "localhost=127.0.0.1",
    "localhost=10.0.0.1",
    "db.lab.example=93.184.216.34",
    "db.lab.example=10.0.0.1",
];

/// Any bytes, as a rule and what is asked about it.
pub fn target(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let probes: Vec<Probe> = rest.lines().chain(ALWAYS.iter().copied()).filter_map(Probe::parse).collect();
    if let Some(rule) = first.strip_prefix('+') {
        allow(rule, probes);
    } else if let Some(rule) = first.strip_prefix('-') {
        deny(rule, probes);
    } else if let Some(want) = first.strip_prefix('?') {
        wanted(want);
    }
}

/// One question: a name, an address, or an address that a name led to.
#[derive(Clone, Debug)]
struct Probe {
    name: Option<Name>,
    address: Option<IpAddr>,
    port: u16,
}

impl Probe {
    fn parse(text: &str) -> Option<Self> {
        let (name, host) = text.split_once('=').map_or((None, text), |(name, host)| (Some(name), host));
        let name = name.map(Name::parse).transpose().ok()?;
        if let Ok(to) = host.parse::<SocketAddr>() {
            return Some(Self { name, address: Some(to.ip()), port: to.port() });
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(Self { name, address: Some(address), port: 22 });
        }
        let (host, port) = host.split_once(':').unwrap_or((host, "22"));
        let own = Name::parse(host).ok()?;
        name.is_none().then_some(Self { name: Some(own), address: None, port: port.parse().ok()? })
    }
}

/// A rule as it is written, read a second time; only for what was accepted.
struct Written<'a> {
    host: &'a str,
    ports: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn new(rule: &'a str) -> Self {
        let Some((_, rest)) = rule.split_once("://") else { panic!("`{rule}` was accepted without a protocol") };
        let behind = rest.find(']').unwrap_or(0);
        match rest[behind..].find(':') {
            Some(colon) => Self { host: &rest[..behind + colon], ports: Some(&rest[behind + colon + 1..]) },
            None => Self { host: rest, ports: None },
        }
    }

    fn port(&self, port: u16) -> bool {
        let number = |text: &str| text.parse::<u32>().unwrap_or_else(|_| panic!("`{text}` was accepted as a port"));
        let within = |item: &str| {
            let (low, high) = item.split_once('-').unwrap_or((item, item));
            (number(low)..=number(high)).contains(&u32::from(port))
        };
        port > 0 && self.ports.is_none_or(|ports| ports == "*" || ports.split(',').any(within))
    }

    /// The host without brackets, in lower case and ASCII, without a dot at its end.
    fn plain(&self) -> String {
        let bare = self.host.replace(['[', ']'], "");
        if bare.contains([':', '/']) {
            return bare.to_lowercase();
        }
        let (star, name) = bare.strip_prefix("*.").map_or(("", bare.as_str()), |name| ("*.", name));
        let name = idna::domain_to_ascii(name).unwrap_or_else(|_| panic!("`{bare}` was accepted as a name"));
        format!("{star}{}", name.strip_suffix('.').unwrap_or(&name))
    }

    fn network(&self) -> Option<IpNetwork> {
        self.plain().parse().ok().filter(|_| self.host.contains('/'))
    }

    fn address(&self) -> Option<IpAddr> {
        self.plain().parse().ok().map(canonical)
    }

    fn is_name(&self, name: &Name) -> bool {
        let (plain, name) = (self.plain(), name.as_str());
        match plain.as_str() {
            "any" => true,
            plain => match plain.strip_prefix('*') {
                Some(end) => name.len() > end.len() && name.ends_with(end),
                None => plain == name,
            },
        }
    }

    /// Whether the host speaks of this very address, special or not.
    fn speaks_of(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        match self.plain().as_str() {
            "any" => return true,
            "localhost" => return ["127.0.0.1", "::1"].contains(&address.to_string().as_str()),
            _ => {}
        }
        match (self.network(), address) {
            // IPv4 networks may be spelled as ::ffff:a.b.c.d/96 and longer; wider ones
            // speak of no IPv4 address.
            (Some(IpNetwork::V6(network)), IpAddr::V4(four)) => {
                network.netmask() >= 96 && network.contains(four.to_ipv6_mapped())
            }
            (Some(network), _) => network.contains(address),
            (None, _) => self.address() == Some(address),
        }
    }

    /// Whether an allow rule with this host may lead to an address that is asked for as such.
    fn may_reach(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        if !self.speaks_of(address) {
            return false;
        }
        let exact = self.address().is_some() || self.plain() == "localhost";
        if METADATA.iter().any(|(service, _)| *service == address) {
            return exact;
        }
        match (other_opinion(address), self.network()) {
            // What the other library does not know to be special is the affair of `addresses`.
            (Range::Public, _) => true,
            (_, None) => exact,
            (special, Some(network)) => ends(network).into_iter().all(|end| other_opinion(end) == special),
        }
    }
}

/// The first and the last address of a network.
fn ends(network: IpNetwork) -> [IpAddr; 2] {
    let last = match network {
        IpNetwork::V4(network) => network.broadcast_address().into(),
        IpNetwork::V6(network) => {
            let host = u128::MAX.checked_shr(network.netmask().into()).unwrap_or(0);
            Ipv6Addr::from_bits(network.network_address().to_bits() | host).into()
        }
    };
    [canonical(network.network_address()), canonical(last)]
}

/// The grants of a plugin that wants everything under the rules of these flags.
fn granted(flags: &[(&str, &str)]) -> Result<Grants, Box<Diagnostic>> {
    let Ok(greedy) = Manifest::parse_toml(GREEDY) else { panic!("the greedy manifest is one") };
    let mut policy = Policy::empty();
    for (flag, rule) in flags {
        policy.add_flag(flag, rule)?;
    }
    Ok(effective(&policy, &greedy).grants)
}

/// The rule of a flag, as understood; a refusal is looked at and gives none.
fn understood(flag: &str, text: &str) -> Option<(Grants, Rule)> {
    match granted(&[(flag, text)]) {
        Ok(grants) => {
            let rule = grants.rules().next().map(|granted| granted.rule.clone());
            rule.map(|rule| (grants, rule))
        }
        Err(refusal) => {
            let shown = refusal.to_string();
            assert!(crate::is_plain(&shown), "{shown:?}");
            assert!(refusal.column <= text.chars().count() + 1, "{shown}");
            None
        }
    }
}

/// Shown and read again it is the same rule.
fn same_again(flag: &str, rule: &Rule) {
    let shown = rule.to_string();
    let again = granted(&[(flag, &shown)]).unwrap_or_else(|why| panic!("`{shown}` is shown and not read: {why}"));
    assert!(again.rules().all(|granted| granted.rule == rule), "{shown}");
    assert!(again.rules().all(|granted| granted.rule.to_string() == shown), "{shown}");
}

/// The addresses and ports around the ends of what is written.
fn edges(written: &Written<'_>) -> Vec<Probe> {
    let address = |address| Probe { name: None, address: Some(address), port: 22 };
    let around = |end: IpAddr| match end {
        IpAddr::V4(four) => [-1, 0, 1].map(|by| IpAddr::V4(four.to_bits().wrapping_add_signed(by).into())),
        IpAddr::V6(six) => [-1, 0, 1].map(|by| IpAddr::V6(six.to_bits().wrapping_add_signed(by).into())),
    };
    let ends = written.network().map(ends).into_iter().flatten().chain(written.address());
    let mut probes: Vec<Probe> = ends.flat_map(around).map(address).collect();
    let plain = written.plain();
    let apex = plain.trim_start_matches("*.").to_owned();
    let names = [apex.clone(), format!("x.{apex}"), format!("x{apex}"), format!("x.y.{apex}")];
    probes.extend(names.iter().filter_map(|name| Probe::parse(name)));
    let ports: Vec<u16> = written.ports.unwrap_or("").split([',', '-']).filter_map(|port| port.parse().ok()).collect();
    let at = |probe: &Probe, port| Probe { port, ..probe.clone() };
    let some = probes.clone();
    for port in ports.into_iter().take(4).flat_map(|port| [port.wrapping_sub(1), port, port.wrapping_add(1)]) {
        probes.extend(some.iter().take(4).map(|probe| at(probe, port)));
    }
    probes
}

fn connect(grants: &Grants, to: SocketAddr, pins: &Pins) -> bool {
    grants.decide(&Ask::Connect { protocol: TCP, to, zone: None, pins, now: Moment::default() }).is_ok()
}

/// Asks about an address, and about binding, listening and accepting, which no
/// rule of today speaks of.
fn may(grants: &Grants, probe: &Probe, address: IpAddr) -> bool {
    let to = SocketAddr::new(address, probe.port);
    for never in [Ask::Listen { protocol: TCP, at: to }, Ask::Accept { protocol: TCP, from: to }] {
        assert!(grants.decide(&never).is_err(), "{never:?}");
    }
    let bound = grants.decide(&Ask::Bind { protocol: TCP, at: to }).is_ok();
    assert!(!bound || address.to_canonical().is_unspecified() && probe.port == 0, "bound to {to}");
    let udp = Ask::Connect { protocol: Protocol::Udp, to, zone: None, pins: &Pins::new(), now: Moment::default() };
    assert!(grants.decide(&udp).is_err(), "udp to {to}");
    connect(grants, to, &Pins::new())
}

/// Whether what is asked here can be about the rule: datagrams and zones are not asked about.
fn is_plain_tcp(rule: &str) -> bool {
    rule.to_lowercase().starts_with("tcp://") && !rule.contains('%')
}

/// An allow rule: no more than what is written, and of the public Internet no less.
fn allow(text: &str, mut probes: Vec<Probe>) {
    let Some((grants, rule)) = understood("--allow-connect", text) else { return };
    same_again("--allow-connect", &rule);
    if !is_plain_tcp(text) {
        return;
    }
    let written = Written::new(text);
    probes.extend(edges(&written));
    for probe in probes {
        let on_port = written.port(probe.port);
        match (&probe.name, probe.address) {
            (None, Some(address)) => {
                let allowed = may(&grants, &probe, address);
                assert!(!allowed || on_port && written.may_reach(address), "`{text}` allows {probe:?}");
                let public = cofferdam_grants::classify(address) == Range::Public;
                assert!(allowed || !public || !on_port || !written.speaks_of(address), "`{text}` denies {probe:?}");
            }
            (Some(name), address) => {
                let speaks = written.is_name(name) && !name.is_localhost();
                // `localhost` is two addresses, and whoever may dial one may dial the name.
                let local = name.is_localhost()
                    && ["127.0.0.1", "::1"].iter().any(|own| own.parse().is_ok_and(|own| written.may_reach(own)));
                let looked_up = grants.decide(&Ask::Resolve { name }).is_ok();
                assert_eq!(looked_up, speaks || local, "`{text}` and looking up {name}");
                let dialled = grants.would_allow(&NameUse::Dial { protocol: TCP, name, port: probe.port }).is_ok();
                assert_eq!(dialled, on_port && (speaks || local), "`{text}` and dialling {probe:?}");
                let Some(address) = address else { continue };
                let permit = grants.decide(&Ask::Pin { name, address });
                let led = led_to(&grants, permit.ok(), SocketAddr::new(address, probe.port));
                let public = other_opinion(address) == Range::Public;
                let own = written.may_reach(address) && on_port;
                assert!(!led || own || on_port && speaks && public, "`{text}` allows {probe:?}");
            }
            (None, None) => {}
        }
    }
}

/// Whether an answer that was kept, if it was, can be dialled.
fn led_to(grants: &Grants, permit: Option<Permit>, to: SocketAddr) -> bool {
    let mut pins = Pins::new();
    let Some(permit) = permit else { return connect(grants, to, &pins) };
    assert!(pins.insert(permit, Some(Duration::from_secs(60)), Moment::default()), "a permit for an answer keeps it");
    let led = connect(grants, to, &pins);
    let late = Ask::Connect { protocol: TCP, to, zone: None, pins: &pins, now: Moment(Duration::from_secs(60)) };
    let rule_alone = connect(grants, to, &Pins::new());
    assert_eq!(grants.decide(&late).is_ok(), rule_alone, "a pin that has ended allows nothing more");
    led
}

/// A deny rule wins over rules for everything and for the very address.
fn deny(text: &str, mut probes: Vec<Probe>) {
    let Some((_, rule)) = understood("--deny-connect", text) else { return };
    same_again("--deny-connect", &rule);
    if !is_plain_tcp(text) {
        return;
    }
    let written = Written::new(text);
    probes.extend(edges(&written));
    for probe in probes {
        let exact = probe.address.map(|address| match canonical(address) {
            IpAddr::V4(four) => format!("tcp://{four}:*"),
            IpAddr::V6(six) => format!("tcp://[{six}]:*"),
        });
        let flags =
            [("--deny-connect", text), ("--allow-connect", "tcp://any:*"), ("--allow-connect", "tcp://localhost:*")];
        let Ok(grants) = granted(&flags) else { panic!("`{text}` was read before") };
        let on_port = written.port(probe.port);
        if let Some(address) = probe.address {
            // Not every address can be named by a rule.
            let all = exact.map(|exact| granted(&[flags[0], flags[1], ("--allow-connect", &exact)]));
            let grants = all.and_then(Result::ok).unwrap_or_else(|| grants.clone());
            let denied = on_port && written.speaks_of(address);
            assert!(!denied || !may(&grants, &probe, address), "`{text}` lets {probe:?} pass");
        }
        if let Some(name) = &probe.name {
            let denied = on_port && written.is_name(name);
            let dialled = grants.would_allow(&NameUse::Dial { protocol: TCP, name, port: probe.port }).is_ok();
            assert!(!denied || !dialled, "`{text}` lets {probe:?} pass");
            let Some(address) = probe.address else { continue };
            let permit = grants.decide(&Ask::Pin { name, address }).ok();
            let led = led_to(&grants, permit, SocketAddr::new(address, probe.port));
            assert!(!(led && on_port && written.speaks_of(address)), "`{text}` lets {probe:?} pass");
        }
    }
}

/// A manifest's want is shown and read as the same; and it grants nothing.
fn wanted(text: &str) {
    let manifest = |want: &str| {
        let text = GREEDY.replace("\"tcp://any:*\"", &quoted(want));
        Manifest::parse_toml(&text)
    };
    let Ok(first) = manifest(text) else { return };
    let [want] = first.wants.as_slice() else { panic!("one want was written") };
    let shown = want.rule.to_string();
    let again = manifest(&shown).unwrap_or_else(|why| panic!("`{shown}` is shown and not read: {why}"));
    assert!(again.wants.iter().all(|again| again.rule == want.rule && again.rule.to_string() == shown), "{shown}");
    assert!(effective(&Policy::empty(), &first).grants.is_empty(), "wanting is not getting");
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

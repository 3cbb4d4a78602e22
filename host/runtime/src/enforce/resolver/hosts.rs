//! The machine's own names (hosts(5)). A line has an address and its names.

use std::collections::HashMap;
use std::net::IpAddr;

use cofferdam_grants::Name;

/// The most that is read of the file.
pub const LONGEST: u64 = 1 << 20;

/// Addresses by name. What one line gets wrong takes nothing from the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hosts(HashMap<Name, Vec<IpAddr>>);

impl Hosts {
    pub fn read(text: &str) -> Self {
        let mut hosts: HashMap<Name, Vec<IpAddr>> = HashMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace();
            // An address with a link cannot be an answer: no answer says on which link it is.
            let Some(address) = words.next().and_then(|word| word.parse().ok()) else { continue };
            for name in words.filter_map(|word| Name::parse(word).ok()) {
                let known = hosts.entry(name).or_default();
                if !known.contains(&address) {
                    known.push(address);
                }
            }
        }
        Self(hosts)
    }

    /// The addresses of a name, of both families; none where it is not in the file.
    pub fn of(&self, name: &Name) -> &[IpAddr] {
        self.0.get(name).map_or(&[], |known| known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_an_address_and_its_names() {
        let hosts = Hosts::read(
            "# 192.0.2.1 comment.example\n192.0.2.7\tprinter.lab.example  Printer db_1.lab # and.this\n\
             2001:db8::7 printer.lab.example\nnonsense other.example\n\nfe80::1%eth0 linked.example\n\
             192.0.2.8 printer.lab.example 192.0.2.9 -bad- good.example\n192.0.2.7 printer.lab.example\n",
        );
        let of = |name: &str| hosts.of(&Name::parse(name).unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("printer.lab.example"), ["192.0.2.7", "2001:db8::7", "192.0.2.8"]);
        assert_eq!((of("printer"), of("db_1.lab")), (vec!["192.0.2.7".to_owned()], vec!["192.0.2.7".to_owned()]));
        assert_eq!(of("good.example"), ["192.0.2.8"]);
        for none in ["comment.example", "and.this", "other.example", "linked.example"] {
            assert_eq!(of(none), [""; 0], "{none}");
        }
    }
}

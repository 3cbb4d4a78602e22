//! In which order the addresses of a host are tried (RFC 8305, section 4): those of both kinds in
//! turn, IPv6 first. Nothing waits here.

use std::collections::VecDeque;

use crate::sockets::{IpAddress, IpAddressFamily};

/// The most addresses that are tried for one connection.
const MOST: usize = 16;

/// Addresses that are still to be tried.
#[derive(Debug, Default)]
pub struct Order {
    four: VecDeque<IpAddress>,
    six: VecDeque<IpAddress>,
    last: Option<IpAddressFamily>,
    taken: usize,
}

impl Order {
    pub fn push(&mut self, addresses: impl IntoIterator<Item = IpAddress>) {
        for address in addresses {
            match address {
                IpAddress::Ipv4(_) => self.four.push_back(address),
                IpAddress::Ipv6(_) => self.six.push_back(address),
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.taken >= MOST || self.four.is_empty() && self.six.is_empty()
    }

    /// Whether there are addresses of the kind that is tried first.
    pub fn has_six(&self) -> bool {
        !self.six.is_empty()
    }

    /// The next one: of the kind that the last one was not of, if there is one.
    pub fn next(&mut self) -> Option<IpAddress> {
        if self.is_empty() {
            return None;
        }
        let six_first = self.last != Some(IpAddressFamily::Ipv6);
        let (first, second) = if six_first { (&mut self.six, &mut self.four) } else { (&mut self.four, &mut self.six) };
        let next = first.pop_front().or_else(|| second.pop_front())?;
        self.last = Some(match next {
            IpAddress::Ipv4(_) => IpAddressFamily::Ipv4,
            IpAddress::Ipv6(_) => IpAddressFamily::Ipv6,
        });
        self.taken += 1;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four(last: u8) -> IpAddress {
        IpAddress::Ipv4((192, 0, 2, last))
    }

    fn six(last: u16) -> IpAddress {
        IpAddress::Ipv6((0x2001, 0xdb8, 0, 0, 0, 0, 0, last))
    }

    fn shown(addresses: &[IpAddress]) -> Vec<String> {
        addresses.iter().map(|address| format!("{address:?}")).collect()
    }

    fn all(order: &mut Order) -> Vec<String> {
        shown(&std::iter::from_fn(|| order.next()).collect::<Vec<_>>())
    }

    #[test]
    fn the_kinds_take_turns_and_six_is_first() {
        let mut order = Order::default();
        order.push([four(1), four(2), four(3), six(1), six(2)]);
        assert!(order.has_six());
        assert_eq!(all(&mut order), shown(&[six(1), four(1), six(2), four(2), four(3)]));
        assert!(order.is_empty());
    }

    #[test]
    fn what_comes_late_has_its_turn() {
        let mut order = Order::default();
        order.push([four(1), four(2)]);
        assert_eq!(shown(&[order.next().unwrap()]), shown(&[four(1)]));
        order.push([six(1), six(2)]);
        assert_eq!(all(&mut order), shown(&[six(1), four(2), six(2)]));
    }

    #[test]
    fn a_name_with_very_many_addresses_is_not_tried_for_ever() {
        let mut order = Order::default();
        order.push((0..100).map(four));
        assert_eq!(std::iter::from_fn(|| order.next()).count(), MOST);
        assert!(order.is_empty());
    }
}

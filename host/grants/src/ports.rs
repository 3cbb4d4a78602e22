//! Sets of ports, as rules write them: `22,8000-8099` or `*`.
//!
//! What a port is for is not here, nor is the decision.

use std::fmt;

use crate::quoted;

/// A non-empty set of ports between 1 and 65535, kept as closed ranges that are sorted and do not
/// touch. Port 0 is never in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// Every port, `*`.
    pub fn all() -> Self {
        Self(vec![(1, u16::MAX)])
    }

    /// One port.
    ///
    /// # Errors
    /// [`PortsError::Zero`] for port 0.
    pub fn one(port: u16) -> Result<Self, PortsError> {
        if port == 0 {
            return Err(PortsError::Zero);
        }
        Ok(Self(vec![(port, port)]))
    }

    /// Reads `*`, or a comma-separated list of ports and closed ranges.
    ///
    /// # Errors
    /// A [`PortsError`] that names the item at fault.
    pub fn parse(text: &str) -> Result<Self, PortsError> {
        if text == "*" {
            return Ok(Self::all());
        }
        if text.is_empty() {
            return Err(PortsError::Empty);
        }
        let mut ranges = Vec::new();
        for item in text.split(',') {
            ranges.push(parse_item(item)?);
        }
        Ok(Self(merge(ranges)))
    }

    /// Whether this port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|&(low, high)| low <= port && port <= high)
    }

    /// Whether every port of `other` is in this set.
    pub fn covers(&self, other: &Self) -> bool {
        // Ranges that touch are merged, so each range of `other` must lie in one of ours.
        other.0.iter().all(|&(low, high)| self.0.iter().any(|&(l, h)| l <= low && high <= h))
    }

    /// Whether the two sets share a port.
    pub fn overlaps(&self, other: &Self) -> bool {
        other.0.iter().any(|&(low, high)| self.0.iter().any(|&(l, h)| l <= high && low <= h))
    }

    /// Whether this is every port.
    pub fn is_all(&self) -> bool {
        self.0 == [(1, u16::MAX)]
    }

    /// How many ports are in the set.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|&(low, high)| u32::from(high) - u32::from(low) + 1).sum()
    }
}

/// The canonical spelling: `*`, or sorted ranges.
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("*");
        }
        for (index, (low, high)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if low == high {
                write!(f, "{comma}{low}")?;
            } else {
                write!(f, "{comma}{low}-{high}")?;
            }
        }
        Ok(())
    }
}

fn parse_item(item: &str) -> Result<(u16, u16), PortsError> {
    let Some((low, high)) = item.split_once('-') else {
        let port = parse_port(item)?;
        return Ok((port, port));
    };
    let (low, high) = (parse_port(low)?, parse_port(high)?);
    if low > high {
        return Err(PortsError::Reversed(low, high));
    }
    Ok((low, high))
}

fn parse_port(text: &str) -> Result<u16, PortsError> {
    // `u16::from_str` would take a plus sign and leading zeros; one port has one spelling here.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(PortsError::NotAPort(text.to_owned()));
    }
    match text.parse::<u16>() {
        Ok(0) => Err(PortsError::Zero),
        Ok(port) => Ok(port),
        Err(_) => Err(PortsError::TooLarge(text.to_owned())),
    }
}

fn merge(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match merged.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}

/// Why a text is not a set of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortsError {
    /// There is no text.
    Empty,
    /// Port 0 is not a port that a peer can have (RFC 6335 §6).
    Zero,
    /// A number over 65535.
    TooLarge(String),
    /// Something else than digits.
    NotAPort(String),
    /// A range whose first port is above its last.
    Reversed(u16, u16),
}

impl fmt::Display for PortsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the ports are missing"),
            Self::Zero => f.write_str("port 0 is not a port that can be dialled"),
            Self::TooLarge(text) => write!(f, "port {text} is above 65535"),
            Self::NotAPort(text) => write!(f, "`{}` is not a port", quoted(text, 64)),
            Self::Reversed(low, high) => {
                write!(f, "the range {low}-{high} runs backwards")
            }
        }
    }
}

impl std::error::Error for PortsError {}

#[cfg(test)]
#[path = "ports_tests.rs"]
mod tests;

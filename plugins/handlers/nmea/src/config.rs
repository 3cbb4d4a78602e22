//! How NMEA 0183 is configured.

use handler_kit::Failure;

/// What is done about checksums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// A sentence with a wrong one is malformed; one without says `unchecked`.
    #[default]
    Checked,
    /// A sentence without one is malformed as well.
    Required,
    /// A wrong one does not matter.
    Ignored,
}

/// How NMEA 0183 is configured.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is done about checksums: `checked`, `required` or `ignored`.
    pub checksum: Checksum,
    /// Whether AIS messages (VDM, VDO) are put together and decoded.
    pub ais: bool,
    /// So long the parts of an AIS message wait for each other, in milliseconds: 100 to 600000.
    pub parts_ms: u64,
    /// The most bytes of a line, with its end: 82 to 65536. The specification says 82; gpsd sends
    /// longer ones of JSON.
    pub longest_line: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { checksum: Checksum::default(), ais: true, parts_ms: 30_000, longest_line: 16 << 10 }
    }
}

impl Config {
    /// Whether the numbers are in their bounds.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !(100..=600_000).contains(&self.parts_ms) {
            return Err(Failure::of("parts_ms", "it is 100 to 600000 milliseconds"));
        }
        if !(82..=65_536).contains(&self.longest_line) {
            return Err(Failure::of("longest_line", "it is 82 to 65536 bytes"));
        }
        Ok(())
    }
}

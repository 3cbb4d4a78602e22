//! What the tools take. Names and defaults are ITMCP's; what it does not have is optional. Ranges
//! are checked where they are used, so that the message can say what is meant.

use cofferdam_sdk::Integer;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Dig {
    /// Name, or IP address for its name (PTR)
    ///
    /// # Details
    /// In a label, `\.` is a dot and `\032` a blank; the name of a service's instance may be
    /// written as it is (My Printer._ipp._tcp.example).
    pub target: String,
    /// A (default), AAAA, MX, NS, TXT, SOA, CNAME, SRV, PTR, CAA, DS, DNSKEY, HTTPS, NAPTR, TLSA,
    /// ANY, any that dig knows, or TYPE123
    ///
    /// # Details
    /// In any case; also SVCB, LOC, SSHFP, URI, NSEC3PARAM and so on. PTR is
    /// the default for an address.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Name server to ask, as ADDRESS, NAME or either with #PORT
    ///
    /// # Details
    /// Without it, those of the operator's policy are asked, or the machine's.
    pub server: Option<String>,
    /// dig's: -p PORT, -t TYPE, -x, +short, +trace, +tcp, +dnssec, +nsid, +norecurse,
    /// +cdflag, +noadflag, +ignore, +noedns, +bufsize=512|1232|1400|4096, +time=S, +tries=N,
    /// +noall, +answer and the like
    ///
    /// # Details
    /// Separated by spaces. Arguments win over them.
    pub options: Option<String>,
    /// Default 53; with trace, of all servers
    pub port: Option<Integer>,
    /// Default: only if a datagram does not hold the answer
    pub tcp: Option<bool>,
    /// DNSSEC records as well
    pub dnssec: Option<bool>,
    /// Follow the delegations from the root down
    pub trace: Option<bool>,
    /// The records' data alone
    pub short: Option<bool>,
    /// For one answer (default: all tries at all servers together 4000, shared out evenly)
    pub timeout_ms: Option<Integer>,
    /// Of each server (default 3)
    pub tries: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Nslookup {
    /// Name, or IP address for its name (PTR)
    ///
    /// # Details
    /// In a label, `\.` is a dot and `\032` a blank; the name of a service's instance may be
    /// written as it is (My Printer._ipp._tcp.example).
    pub target: String,
    /// A (default), AAAA, MX, NS, TXT, SOA, CNAME, SRV, PTR, CAA, DS, DNSKEY, HTTPS, NAPTR, TLSA,
    /// ANY, any that dig knows, or TYPE123
    ///
    /// # Details
    /// In any case; also SVCB, LOC, SSHFP, URI, NSEC3PARAM and so on. PTR is
    /// the default for an address.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Name server to ask, as ADDRESS, NAME or either with #PORT
    ///
    /// # Details
    /// Without it, those of the operator's policy are asked, or the machine's.
    pub server: Option<String>,
    /// Default 53
    pub port: Option<Integer>,
    /// For one answer (default: all tries at all servers together 4000, shared out evenly)
    pub timeout_ms: Option<Integer>,
}

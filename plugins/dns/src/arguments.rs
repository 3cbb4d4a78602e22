//! What the tools take. Names and defaults are ITMCP's; what it does not have is optional. Ranges are checked where they are
//! used, so that the message can say what is meant.

use cofferdam_sdk::Integer;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Dig {
    /// Name to look up, or an IP address for its name. In a label, `\.` is a dot and `\032` a blank; the name of a service's
    /// instance may be written as it is (My Printer._ipp._tcp.example)
    pub target: String,
    /// Record type, in any case: A, AAAA, MX, NS, TXT, SOA, CNAME, SRV, PTR, CAA, DS, DNSKEY, HTTPS, SVCB, NAPTR, TLSA, ANY, any
    /// other that dig knows (LOC, SSHFP, URI, NSEC3PARAM …), or TYPE123 (default A; PTR for an address)
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Name server to ask: address or name, with #PORT if it is not 53 (default: those of the operator's policy, or the machine's)
    pub server: Option<String>,
    /// dig's options, separated by spaces: -p PORT, -t TYPE, -x, +short, +trace, +tcp, +dnssec, +nsid, +norecurse, +cdflag,
    /// +noadflag, +ignore, +noedns, +bufsize=512|1232|1400|4096, +time=SECONDS, +tries=N, +noall, +answer and the like.
    /// Arguments win over them
    pub options: Option<String>,
    /// Port of the server, 1 to 65535 (default 53); with trace, of all servers
    pub port: Option<Integer>,
    /// Ask over TCP (default: only if a datagram does not hold the answer)
    pub tcp: Option<bool>,
    /// Ask for DNSSEC records as well
    pub dnssec: Option<bool>,
    /// Follow the delegations from the root down, asking each zone's servers
    pub trace: Option<bool>,
    /// Show only the records' data as text
    pub short: Option<bool>,
    /// How long to wait for one answer, in milliseconds (default: all tries at all servers together 4000, shared out evenly)
    pub timeout_ms: Option<Integer>,
    /// How often to ask each server (default 3)
    pub tries: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Nslookup {
    /// Name to look up, or an IP address for its name. In a label, `\.` is a dot and `\032` a blank; the name of a service's
    /// instance may be written as it is (My Printer._ipp._tcp.example)
    pub target: String,
    /// Record type, in any case: A, AAAA, MX, NS, TXT, SOA, CNAME, SRV, PTR, CAA, DS, DNSKEY, HTTPS, SVCB, NAPTR, TLSA, ANY, any
    /// other that dig knows (LOC, SSHFP, URI, NSEC3PARAM …), or TYPE123 (default A; PTR for an address)
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Name server to ask: address or name, with #PORT if it is not 53 (default: those of the operator's policy, or the machine's)
    pub server: Option<String>,
    /// Port of the server, 1 to 65535 (default 53)
    pub port: Option<Integer>,
    /// How long to wait for one answer, in milliseconds (default: all tries at all servers together 4000, shared out evenly)
    pub timeout_ms: Option<Integer>,
}

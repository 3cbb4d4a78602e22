//! DNS for AI clients: `dig_tool` and `nslookup_tool`. This file lists the tools; what is asked is
//! in `ask.rs`, and everything that needs no network in `logic/`.

mod arguments;
mod ask;
mod network;

use std::rc::Rc;

use cofferdam_sdk::{Answer, Cx, Failure};

use ask::Call;

/// The plugin. It keeps nothing from call to call.
#[derive(Default)]
pub struct Dns;

#[cofferdam_sdk::plugin]
impl Dns {
    /// Look up DNS records of a name as dig does, of any type: flags, timing, the server that
    /// answered, why a lookup failed.
    ///
    /// # Details
    /// The text is dig's; the structured answer has every record with its parts by name, the
    /// outcome (answer, nodata, nxdomain, servfail, refused …) and every attempt. Only names and
    /// servers that the operator's policy allows can be asked; a refusal (reason `denied`) is
    /// final. Silence is told after 4 seconds, unless `timeout_ms` says otherwise.
    #[tool(title = "dig", read_only)]
    async fn dig_tool(self: Rc<Self>, cx: Cx, a: arguments::Dig) -> Result<Answer<dns_logic::Answer>, Failure> {
        let call = Call::dig(a)?;
        let answer = call.run(cx).await?;
        let when = humantime::format_rfc3339_seconds(cofferdam_sdk::wall_clock()).to_string();
        Ok(Answer::new(call.shown.text(&answer, &call.command, &when), answer))
    }

    /// Resolve a name to its addresses, or look up other DNS records, as nslookup does:
    /// the short form of dig_tool.
    #[tool(title = "nslookup", read_only)]
    async fn nslookup_tool(
        self: Rc<Self>,
        cx: Cx,
        a: arguments::Nslookup,
    ) -> Result<Answer<dns_logic::Answer>, Failure> {
        let target = a.target.clone();
        let answer = Call::nslookup(a)?.run(cx).await?;
        Ok(Answer::new(dns_logic::nslookup(&answer, &target), answer))
    }
}

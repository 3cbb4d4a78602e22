//! `cofferdam serve`: MCP on standard input and output, until the client closes its end or a signal
//! comes. What is spoken is the server crate's; here is when it begins and how it ends.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cofferdam_audit::ChainFile;
use cofferdam_policy::Policy;
use cofferdam_registry::{PluginStatus, Policies, Registry};
use cofferdam_server::{End, ServeError, stdio_pipes};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::args::{Common, Level, Serve};
use crate::log::Log;
use crate::{Exit, audit, dry_run, setup, terminal};

/// From a signal to the end of the process, at most.
const ORDERLY: Duration = Duration::from_millis(900);

/// Serves until the end.
///
/// # Errors
/// It cannot be started, or the client's pipes broke.
pub fn run(serve: Serve) -> anyhow::Result<Exit> {
    let policy = setup::policy(&serve.common)?;
    if serve.dry_run {
        return dry_run::run(&serve.common, policy);
    }
    let log = Log::start(serve.common.log.unwrap_or(Level::Info))?;
    let policies = Arc::default();
    let chain = audit::open(serve.audit.as_deref(), serve.audit_arguments, &policies)?;
    let runtime = setup::runtime()?;
    let mut ended = Ok(());
    let session = session(&serve.common, policy, policies, Arc::clone(&chain));
    cofferdam_server::block_on(&runtime, Box::pin(async { ended = session.await }));
    audit::finish(&chain);
    // A read of a terminal or a compiler may be under way: nobody waits for them.
    runtime.shutdown_background();
    log.finish();
    ended.map(|()| Exit::Success)
}

async fn session(
    common: &Common,
    policy: Policy,
    policies: Arc<Policies>,
    chain: Arc<ChainFile>,
) -> anyhow::Result<()> {
    // Many systems begin with 1,024 files, fewer than the connections that one plugin may have by
    // default.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(target: "cofferdam", %error, "the limit of open files stays as it is");
    }
    let mut told = StopSignals::listen()?;
    let registry = setup::open(common, policy.clone(), setup::SHIPPED, policies, Some(chain))?;
    let (input, output) = stdio_pipes();
    greet(&registry, &policy);

    let stop = CancellationToken::new();
    let session = cofferdam_server::serve(Arc::clone(&registry), input, output, stop.clone());
    let mut session = std::pin::pin!(session);
    tokio::select! {
        end = &mut session => {
            setup::close(&registry).await;
            session_end(end)
        }
        signal = told.stop() => {
            tracing::info!(target: "cofferdam", signal, "the server ends");
            // First the instances: the calls in them are answered that the server is going down,
            // and then the session ends.
            let end = async {
                let closing = async { setup::close(&registry).await; stop.cancel() };
                tokio::join!(closing, session).1
            };
            match tokio::time::timeout(ORDERLY, end).await {
                Ok(end) => session_end(end),
                Err(_) => {
                    tracing::warn!(target: "cofferdam", limit = ?ORDERLY, "not everything ended in time");
                    Ok(())
                }
            }
        }
    }
}

/// What the operator wants to see in the log of a server that has started: whether it can do
/// anything.
fn greet(registry: &Registry, policy: &Policy) {
    if std::io::stdin().is_terminal() {
        terminal::complain(
            "This speaks MCP, one JSON message a line, and is meant to be started by an MCP client.\n\
             hint: `cofferdam demo` shows it at work, `cofferdam call` makes one call; Ctrl-D ends this",
        );
    }
    let (version, tools) = (env!("CARGO_PKG_VERSION"), registry.tools().len());
    tracing::info!(target: "cofferdam", version, tools, "the server is ready");
    let plugins = registry.plugins(policy);
    let allows = |plugin: &&PluginStatus| plugin.rules.iter().any(|rule| !rule.starts_with("deny "));
    let idle: Vec<&str> = plugins
        .iter()
        .filter(|plugin| !allows(plugin) && !plugin.unmet.is_empty())
        .map(|plugin| &*plugin.name)
        .collect();
    if !plugins.iter().any(|plugin| allows(&plugin)) {
        tracing::warn!(
            target: "cofferdam",
            "nothing is allowed: no rule allows any plugin anything\nhint: start with `--allow-connect tcp://HOST:PORTS` or `--policy FILE`",
        );
    } else if !idle.is_empty() {
        let plugins = idle.join(", ");
        tracing::info!(target: "cofferdam", plugins, "no rule allows these plugins anything");
    }
}

fn session_end(end: Result<End, ServeError>) -> anyhow::Result<()> {
    match end {
        Ok(End::InputClosed) => {
            tracing::debug!(target: "cofferdam", "the client has closed its end");
            Ok(())
        }
        Ok(End::Shutdown) => Ok(()),
        Err(error) => Err(error).context("the session broke"),
    }
}

/// The signals that end a server.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> anyhow::Result<Self> {
        let on = |kind| signal(kind).context("signals cannot be handled");
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    /// Returns the name of the first that comes.
    async fn stop(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

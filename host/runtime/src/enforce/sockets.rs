//! WASI's sockets, linked as wasmtime has them, but for one thing: how many may be open. Which addresses may be used is
//! asked through the hook that [`Gate::open`] sets.

use std::sync::Arc;

use cofferdam_audit::Caller;
use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::bindings::sockets as v0_2;
use wasmtime_wasi::p3::bindings::sockets::types as v0_3;
use wasmtime_wasi::sockets::{TcpSocket, WasiSockets, WasiSocketsCtxView, WasiSocketsView};

use super::{Gated, GatedView};
use crate::state::State;

impl State {
    /// Whether one more socket may be opened.
    pub(super) fn has_room_for_socket(&mut self, caller: Option<&Caller>) -> bool {
        let room = self.sockets() < usize::try_from(self.about.limits.connections).unwrap_or(usize::MAX);
        if !room {
            self.gate.limit_hit("connections", caller);
        }
        room
    }
}

/// Links WASI 0.3's sockets.
#[expect(
    clippy::disallowed_methods,
    reason = "two functions are shadowed: ours ask for room, or say for whom, and then call the others"
)]
pub fn add_sockets_0_3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_3::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    // The function that makes a socket is defined once more, with the limit in front, and the one that connects it.
    linker.allow_shadowing(true);
    let linked = linker.instance("wasi:sockets/types@0.3.0").and_then(|mut types| {
        types.func_wrap_concurrent("[method]tcp-socket.connect", |accessor: &Accessor<State>, to| {
            Box::pin(connect(accessor, to))
        })?;
        types.func_wrap(
            "[static]tcp-socket.create",
            |mut store: StoreContextMut<'_, State>, (family,): (v0_3::IpAddressFamily,)| {
                let caller = State::caller(&mut store);
                let state = store.data_mut();
                if !state.has_room_for_socket(caller.as_deref()) {
                    let why = format!("the limit of {} connections is reached", state.about.limits.connections);
                    return Ok((Err(v0_3::ErrorCode::Other(Some(why))),));
                }
                match v0_3::HostTcpSocket::create(&mut state.sockets_view(), family) {
                    Ok(socket) => Ok((Ok::<Resource<TcpSocket>, _>(socket),)),
                    Err(error) => Ok((Err(error.downcast()?),)),
                }
            },
        )
    });
    linker.allow_shadowing(false);
    linked
}

/// Connects as wasmtime does, and lets the record of it say on whose behalf.
async fn connect(
    accessor: &Accessor<State>,
    (socket, to): (Resource<TcpSocket>, v0_3::IpSocketAddress),
) -> wasmtime::Result<(Result<(), v0_3::ErrorCode>,)> {
    let (gate, caller) = accessor.with(|mut access| {
        let mut store = access.as_context_mut();
        (Arc::clone(&store.data().gate), State::caller(&mut store))
    });
    let sockets = accessor.with_getter::<WasiSockets>(State::sockets_view);
    let connected = <WasiSockets as v0_3::HostTcpSocketWithStore<State>>::connect(&sockets, socket, to);
    match gate.on_behalf(caller, connected).await {
        Ok(()) => Ok((Ok(()),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

impl State {
    fn sockets_view(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsView::sockets(self)
    }
}

/// Links WASI 0.2's sockets: TCP only.
pub fn add_sockets_0_2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_2::tcp::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::tcp_create_socket::add_to_linker::<State, Gated>(linker, |state| GatedView(state))?;
    v0_2::udp::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::udp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::instance_network::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::network::add_to_linker::<State, WasiSockets>(
        linker,
        &v0_2::network::LinkOptions::default(),
        State::sockets_view,
    )
}

impl v0_2::tcp_create_socket::Host for GatedView<'_> {
    fn create_tcp_socket(
        &mut self,
        family: v0_2::network::IpAddressFamily,
    ) -> Result<Resource<wasmtime_wasi::p2::TcpSocket>, SocketError> {
        if !self.0.has_room_for_socket(None) {
            return Err(v0_2::network::ErrorCode::NewSocketLimit.into());
        }
        v0_2::tcp_create_socket::Host::create_tcp_socket(&mut self.0.sockets_view(), family)
    }
}

impl v0_2::network::Host for GatedView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<v0_2::network::ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<v0_2::network::ErrorCode>> {
        v0_2::network::Host::network_error_code(&mut self.0.sockets_view(), error)
    }
}

impl v0_2::network::HostNetwork for GatedView<'_> {
    fn drop(&mut self, network: Resource<v0_2::network::Network>) -> wasmtime::Result<()> {
        v0_2::network::HostNetwork::drop(&mut self.0.sockets_view(), network)
    }
}

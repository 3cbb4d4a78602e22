//! WASI's sockets, linked as wasmtime has them, but for one thing: how many may be open. Which addresses may be used is
//! asked through the hook that [`Gate::open`] sets.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use cofferdam_audit::Caller;
use tokio::sync::oneshot;
use wasmtime::component::{
    Access, Accessor, FutureConsumer, FutureReader, Linker, LinkerInstance, Resource, ResourceType, Source,
    StreamReader,
};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::bindings::sockets as v0_2;
use wasmtime_wasi::p3::bindings::sockets::types as v0_3;
use wasmtime_wasi::sockets::{TcpSocket, WasiSockets, WasiSocketsCtxView, WasiSocketsView};

use super::{Gated, GatedView};
use crate::state::State;

/// Connections whose handle is gone. In WASI 0.3 the two streams of a connection keep it open without it; in 0.2 they are
/// the handle's children, and it cannot go before them.
#[derive(Default)]
pub struct Orphans {
    /// Of the handles that are left: what each of its streams holds while it is open.
    kept: HashMap<u32, Arc<()>>,
    gone: Vec<Weak<()>>,
}

impl Orphans {
    /// How many are open.
    pub fn open(&mut self) -> usize {
        self.gone.retain(|streams| streams.strong_count() > 0);
        self.gone.len()
    }

    fn stream(&mut self, handle: u32) -> Arc<()> {
        Arc::clone(self.kept.entry(handle).or_default())
    }

    fn handle_goes(&mut self, handle: u32) {
        if let Some(streams) = self.kept.remove(&handle) {
            self.gone.push(Arc::downgrade(&streams));
        }
    }
}

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
    reason = "what makes, connects and keeps a socket is shadowed: ours counts, says for whom, and calls the other"
)]
pub fn add_sockets_0_3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_3::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    linker.allow_shadowing(true);
    let linked = linker.instance("wasi:sockets/types@0.3.0").and_then(|mut types| count_sockets_0_3(&mut types));
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

/// Defines once more what makes a socket, with the limit in front, what connects it, and what keeps it open.
fn count_sockets_0_3(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
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
    )?;
    types.resource("tcp-socket", ResourceType::host::<TcpSocket>(), |mut store, handle| {
        let state = store.data_mut();
        state.orphans.handle_goes(handle);
        v0_3::HostTcpSocket::drop(&mut state.sockets_view(), Resource::new_own(handle))
    })?;
    types.func_wrap(
        "[method]tcp-socket.receive",
        |mut store: StoreContextMut<'_, State>, (socket,): (Resource<TcpSocket>,)| {
            let stream = store.data_mut().orphans.stream(socket.rep());
            let access = Access::<_, WasiSockets>::new(store.as_context_mut(), State::sockets_view);
            let (bytes, ended) = <WasiSockets as v0_3::HostTcpSocketWithStore<State>>::receive(access, socket)?;
            Ok(((bytes, until(store, ended, stream)?),))
        },
    )?;
    types.func_wrap(
        "[method]tcp-socket.send",
        |mut store: StoreContextMut<'_, State>, (socket, bytes): (Resource<TcpSocket>, StreamReader<u8>)| {
            let stream = store.data_mut().orphans.stream(socket.rep());
            let access = Access::<_, WasiSockets>::new(store.as_context_mut(), State::sockets_view);
            let ended = <WasiSockets as v0_3::HostTcpSocketWithStore<State>>::send(access, socket, bytes)?;
            Ok((until(store, ended, stream)?,))
        },
    )
}

type Ended = Result<(), v0_3::ErrorCode>;

/// Lets go of a stream when it has ended, which its future tells, whether the guest listens to it or not.
fn until(
    mut store: StoreContextMut<'_, State>,
    ended: FutureReader<Ended>,
    stream: Arc<()>,
) -> wasmtime::Result<FutureReader<Ended>> {
    let (tell, told) = oneshot::channel();
    ended.pipe(&mut store, End(Some((stream, tell))))?;
    FutureReader::new(&mut store, told)
}

/// The end of a stream, passed on.
struct End(Option<(Arc<()>, oneshot::Sender<Ended>)>);

impl FutureConsumer<State> for End {
    type Item = Ended;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        mut source: Source<'_, Ended>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut ended = None;
        source.read(store, &mut ended)?;
        if let Some(ended) = ended
            && let Some((stream, tell)) = self.0.take()
        {
            drop(stream);
            // The guest need not listen.
            let _ = tell.send(ended);
        }
        Poll::Ready(Ok(()))
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

//! TCP as WASI 0.2 has it, which std uses. An operation that takes time is begun, polled and
//! finished. Both streams are the handle's children.

use std::borrow::{Borrow, BorrowMut};
use std::future::poll_fn;
use std::task::Poll;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::bindings::sockets as v0_2;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode as Code, IpAddressFamily, IpSocketAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;
use wasmtime_wasi::sockets::{ErrorCode, WasiSockets};
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream};

use super::options::{Generation, add_options};
use super::streams_0_2::{Input, Output, nobody};
use super::tcp::{Family, TcpSocket};
use crate::enforce::{Gated, GatedView};
use crate::state::State;

struct Since02;

impl Generation for Since02 {
    const GET: &'static str = "";
    type Socket = Socket;
    type Code = Code;
    type Address = IpSocketAddress;
    type Family = IpAddressFamily;

    fn family(family: Family) -> IpAddressFamily {
        match family {
            Family::V4 => IpAddressFamily::Ipv4,
            Family::V6 => IpAddressFamily::Ipv6,
        }
    }
}

/// Links TCP, and UDP, which is switched off.
pub fn add_sockets_0_2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_tcp(&mut linker.instance("wasi:sockets/tcp@0.2.12")?)?;
    linker
        .instance("wasi:sockets/tcp-create-socket@0.2.12")?
        .func_wrap("create-tcp-socket", |store: StoreContextMut<'_, State>, (family,): (IpAddressFamily,)| {
            Ok((create(store, family)?,))
        })?;
    v0_2::udp::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::udp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::instance_network::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    v0_2::network::add_to_linker::<State, Gated>(linker, &v0_2::network::LinkOptions::default(), |state| {
        GatedView(state)
    })
}

/// Errors and the right to use networks, for lookups.
impl v0_2::network::Host for GatedView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<Code> {
        error.downcast()
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<Code>> {
        Ok(self.0.ctx().table.get(&error)?.downcast_ref::<ErrorCode>().map(|code| Code::from(*code)))
    }
}

impl v0_2::network::HostNetwork for GatedView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(network)?;
        Ok(())
    }
}

/// A socket, what was begun with it, and what its two streams share with it.
struct Socket {
    tcp: TcpSocket,
    begun: Option<Begun>,
    halves: Option<(Input, Output)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    Bind,
    Connect,
}

impl Borrow<TcpSocket> for Socket {
    fn borrow(&self) -> &TcpSocket {
        &self.tcp
    }
}

impl BorrowMut<TcpSocket> for Socket {
    fn borrow_mut(&mut self) -> &mut TcpSocket {
        &mut self.tcp
    }
}

impl Socket {
    /// Whether something else is under way.
    fn idle(&self) -> Result<(), Code> {
        if self.begun.is_some() { Err(Code::ConcurrencyConflict) } else { Ok(()) }
    }

    fn finish(&mut self, begun: Begun) -> Result<(), Code> {
        if self.begun == Some(begun) { Ok(()) } else { Err(Code::NotInProgress) }
    }

    fn finish_bind(&mut self) -> Result<(), Code> {
        self.finish(Begun::Bind)?;
        self.begun = None;
        Ok(())
    }

    fn finish_connect(&mut self) -> Result<(Input, Output), Code> {
        self.finish(Begun::Connect)?;
        let Poll::Ready(connected) = self.tcp.poll_connected(&mut nobody()) else { return Err(Code::WouldBlock) };
        self.begun = None;
        connected?;
        let input = Input::new(self.tcp.receiving()?);
        let output = Output::new(self.tcp.sending()?);
        self.halves = Some((input.clone(), output.clone()));
        Ok((input, output))
    }

    fn shutdown(&self, which: ShutdownType) -> Result<(), Code> {
        let (input, output) = self.halves.as_ref().ok_or(Code::InvalidState)?;
        if matches!(which, ShutdownType::Receive | ShutdownType::Both) {
            input.close();
        }
        if matches!(which, ShutdownType::Send | ShutdownType::Both) {
            output.close();
        }
        Ok(())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Socket {
    async fn ready(&mut self) {
        if self.begun == Some(Begun::Connect) {
            // How it went is told by `finish-connect`.
            let _ = poll_fn(|cx| self.tcp.poll_connected(cx)).await;
        }
    }
}

type Handle = (Resource<Socket>,);

fn add_tcp(tcp: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    tcp.resource("tcp-socket", ResourceType::host::<Socket>(), |mut store, handle| {
        store.data_mut().ctx().table.delete::<Socket>(Resource::new_own(handle))?;
        Ok(())
    })?;
    tcp.func_wrap("[method]tcp-socket.start-bind", |store, to: To| Ok((start(store, to, Begun::Bind)?,)))?;
    tcp.func_wrap("[method]tcp-socket.finish-bind", |mut store: StoreContextMut<'_, State>, (socket,): Handle| {
        Ok((store.data_mut().ctx().table.get_mut(&socket)?.finish_bind(),))
    })?;
    tcp.func_wrap("[method]tcp-socket.start-connect", |store, to: To| Ok((start(store, to, Begun::Connect)?,)))?;
    tcp.func_wrap("[method]tcp-socket.finish-connect", |store, (socket,): Handle| {
        Ok((finish_connect(store, &socket)?,))
    })?;
    tcp.func_wrap("[method]tcp-socket.start-listen", |store, (socket,): Handle| Ok((start_listen(store, &socket)?,)))?;
    // Nobody has begun to listen.
    tcp.func_wrap("[method]tcp-socket.finish-listen", |_: StoreContextMut<'_, State>, _: Handle| {
        Ok((Err::<(), _>(Code::NotInProgress),))
    })?;
    tcp.func_wrap("[method]tcp-socket.accept", |_: StoreContextMut<'_, State>, _: Handle| {
        Ok((Err::<(Resource<Socket>, Resource<DynInputStream>, Resource<DynOutputStream>), _>(Code::InvalidState),))
    })?;
    tcp.func_wrap("[method]tcp-socket.subscribe", |mut store: StoreContextMut<'_, State>, (socket,): Handle| {
        Ok((subscribe(store.data_mut().ctx().table, socket)? as Resource<DynPollable>,))
    })?;
    tcp.func_wrap(
        "[method]tcp-socket.shutdown",
        |mut store: StoreContextMut<'_, State>, (socket, which): (Resource<Socket>, ShutdownType)| {
            Ok((store.data_mut().ctx().table.get(&socket)?.shutdown(which),))
        },
    )?;
    add_options::<Since02>(tcp)
}

fn create(
    mut store: StoreContextMut<'_, State>,
    family: IpAddressFamily,
) -> wasmtime::Result<Result<Resource<Socket>, Code>> {
    let caller = State::caller(&mut store);
    let state = store.data_mut();
    let family = match family {
        IpAddressFamily::Ipv4 => Family::V4,
        IpAddressFamily::Ipv6 => Family::V6,
    };
    let Ok(slot) = state.socket_slot(caller.as_deref()) else { return Ok(Err(Code::NewSocketLimit)) };
    Ok(match TcpSocket::new(family, slot) {
        Ok(tcp) => Ok(state.ctx().table.push(Socket { tcp, begun: None, halves: None })?),
        Err(code) => Err(code.into()),
    })
}

/// A socket, the right to use networks, and an address.
type To = (Resource<Socket>, Resource<Network>, IpSocketAddress);

fn start(
    mut store: StoreContextMut<'_, State>,
    (socket, network, address): To,
    what: Begun,
) -> wasmtime::Result<Result<(), Code>> {
    let table = store.data_mut().ctx().table;
    table.get(&network)?;
    if let Err(code) = table.get(&socket)?.idle() {
        return Ok(Err(code));
    }
    let started = match what {
        Begun::Bind => super::bind(&mut store, &socket, address.into())?,
        Begun::Connect => super::start_connect(&mut store, &socket, address.into())?,
    };
    let socket = store.data_mut().ctx().table.get_mut(&socket)?;
    Ok(match started {
        Ok(()) => {
            socket.begun = Some(what);
            Ok(())
        }
        // As wasmtime's: what the policy refuses is told when the connection is to be finished.
        Err(ErrorCode::AccessDenied) if what == Begun::Connect => {
            socket.begun = Some(what);
            Ok(())
        }
        Err(code) => Err(code.into()),
    })
}

/// The two halves of a connection, as a guest holds them.
type Halves = (Resource<DynInputStream>, Resource<DynOutputStream>);

fn finish_connect(
    mut store: StoreContextMut<'_, State>,
    socket: &Resource<Socket>,
) -> wasmtime::Result<Result<Halves, Code>> {
    let table = store.data_mut().ctx().table;
    let (input, output) = match table.get_mut(socket)?.finish_connect() {
        Ok(halves) => halves,
        Err(code) => return Ok(Err(code)),
    };
    let (input, output): (DynInputStream, DynOutputStream) = (Box::new(input), Box::new(output));
    Ok(Ok((table.push_child(input, socket)?, table.push_child(output, socket)?)))
}

fn start_listen(
    mut store: StoreContextMut<'_, State>,
    socket: &Resource<Socket>,
) -> wasmtime::Result<Result<(), Code>> {
    let held = store.data_mut().ctx().table.get(socket)?;
    if let Err(code) = held.idle() {
        return Ok(Err(code));
    }
    // Here, unlike in 0.3, nothing is bound by the way.
    if !held.tcp.is_bound() {
        return Ok(Err(Code::InvalidState));
    }
    Ok(super::listen(&mut store, socket)?.map_err(Code::from))
}

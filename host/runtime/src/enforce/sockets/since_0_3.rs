//! TCP as WASI 0.3 has it: one future connects, and two streams carry.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::sync::oneshot;
use wasmtime::component::{
    Accessor, Destination, FutureReader, Linker, LinkerInstance, Resource, ResourceType, Source, StreamConsumer,
    StreamProducer, StreamReader, StreamResult,
};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::p3::bindings::sockets::types::{self, IpAddressFamily, IpSocketAddress};
use wasmtime_wasi::sockets::{ErrorCode, WasiSockets};

use super::options::{Generation, add_options};
use super::tcp::{Family, Receiving, Sending, TcpSocket};
use crate::state::State;

/// What a host reader's buffer is made for; a guest's own buffer has its own size.
const PIECE: usize = 8192;

type Code = types::ErrorCode;
type Ended = Result<(), Code>;
type Handle = (Resource<TcpSocket>,);

struct Since03;

impl Generation for Since03 {
    const GET: &'static str = "get-";
    type Socket = TcpSocket;
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

/// Links the types of addresses and UDP as wasmtime has them, and over its TCP our own.
#[expect(
    clippy::disallowed_methods,
    reason = "UDP, which is switched off, and types; wasmtime's TCP is shadowed whole"
)]
pub fn add_sockets_0_3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    types::add_to_linker::<State, WasiSockets>(linker, State::sockets_view)?;
    linker.allow_shadowing(true);
    let linked = linker.instance("wasi:sockets/types@0.3.0").and_then(|mut types| add_tcp(&mut types));
    linker.allow_shadowing(false);
    linked
}

fn add_tcp(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    types.resource("tcp-socket", ResourceType::host::<TcpSocket>(), |mut store, handle| {
        store.data_mut().ctx().table.delete::<TcpSocket>(Resource::new_own(handle))?;
        Ok(())
    })?;
    types.func_wrap("[static]tcp-socket.create", |store, (family,)| Ok((create(store, family)?,)))?;
    types.func_wrap(
        "[method]tcp-socket.bind",
        |mut store: StoreContextMut<'_, State>, (socket, at): (Resource<TcpSocket>, IpSocketAddress)| {
            Ok((super::bind(&mut store, &socket, at.into())?.map_err(Code::from),))
        },
    )?;
    types.func_wrap_concurrent("[method]tcp-socket.connect", |accessor: &Accessor<State>, (socket, to)| {
        Box::pin(async move { Ok((connect(accessor, socket, to).await?.map_err(Code::from),)) })
    })?;
    types.func_wrap("[method]tcp-socket.listen", |mut store: StoreContextMut<'_, State>, (socket,): Handle| {
        let refused = super::listen(&mut store, &socket)?.and(Err(ErrorCode::NotSupported));
        Ok((refused.map_err(Code::from) as Result<StreamReader<Resource<TcpSocket>>, Code>,))
    })?;
    types.func_wrap("[method]tcp-socket.receive", |store, (socket,): Handle| Ok((receive(store, &socket)?,)))?;
    types.func_wrap("[method]tcp-socket.send", |store, (socket, bytes): (Resource<TcpSocket>, StreamReader<u8>)| {
        Ok((send(store, &socket, bytes)?,))
    })?;
    add_options::<Since03>(types)
}

fn create(
    mut store: StoreContextMut<'_, State>,
    family: IpAddressFamily,
) -> wasmtime::Result<Result<Resource<TcpSocket>, Code>> {
    let caller = State::caller(&mut store);
    let state = store.data_mut();
    let family = match family {
        IpAddressFamily::Ipv4 => Family::V4,
        IpAddressFamily::Ipv6 => Family::V6,
    };
    let slot = match state.socket_slot(caller.as_deref()) {
        Ok(slot) => slot,
        Err(limit) => return Ok(Err(Code::Other(Some(limit)))),
    };
    Ok(match TcpSocket::new(family, slot) {
        Ok(socket) => Ok(state.ctx().table.push(socket)?),
        Err(code) => Err(code.into()),
    })
}

async fn connect(
    accessor: &Accessor<State>,
    socket: Resource<TcpSocket>,
    to: IpSocketAddress,
) -> wasmtime::Result<Result<(), ErrorCode>> {
    let started = accessor.with(|mut access| super::start_connect(&mut access.as_context_mut(), &socket, to.into()))?;
    if started.is_err() {
        return Ok(started);
    }
    poll_fn(|cx| {
        accessor.with(|mut access| match access.as_context_mut().data_mut().ctx().table.get_mut(&socket) {
            Ok(socket) => socket.poll_connected(cx).map(Ok),
            Err(error) => Poll::Ready(Err(error.into())),
        })
    })
    .await
}

fn receive(
    mut store: StoreContextMut<'_, State>,
    socket: &Resource<TcpSocket>,
) -> wasmtime::Result<(StreamReader<u8>, FutureReader<Ended>)> {
    let (tell, told) = oneshot::channel();
    let half = store.data_mut().ctx().table.get_mut(socket)?.receiving();
    let bytes = match half {
        Ok(half) => StreamReader::new(&mut store, Receiver(Some((half, tell))))?,
        Err(code) => {
            // The other end is here: it cannot be gone.
            let _ = tell.send(Err(code.into()));
            StreamReader::new(&mut store, std::iter::empty())?
        }
    };
    Ok((bytes, FutureReader::new(&mut store, told)?))
}

fn send(
    mut store: StoreContextMut<'_, State>,
    socket: &Resource<TcpSocket>,
    mut bytes: StreamReader<u8>,
) -> wasmtime::Result<FutureReader<Ended>> {
    let (tell, told) = oneshot::channel();
    let half = store.data_mut().ctx().table.get_mut(socket)?.sending();
    match half {
        Ok(half) => bytes.pipe(&mut store, Sender(Some((half, tell))))?,
        Err(code) => {
            let _ = tell.send(Err(code.into()));
            bytes.close(&mut store)?;
        }
    }
    FutureReader::new(&mut store, told)
}

/// Closes a half, and tells how it ended. The guest need not listen.
fn end<T>(half: &mut Option<(T, oneshot::Sender<Ended>)>, how: Ended) -> Poll<wasmtime::Result<StreamResult>> {
    if let Some((half, tell)) = half.take() {
        drop(half);
        let _ = tell.send(how);
    }
    Poll::Ready(Ok(StreamResult::Dropped))
}

/// What is to be said where nothing can be done yet.
fn not_yet(finish: bool) -> Poll<wasmtime::Result<StreamResult>> {
    if finish { Poll::Ready(Ok(StreamResult::Cancelled)) } else { Poll::Pending }
}

/// From the peer to the guest.
struct Receiver(Option<(Receiving, oneshot::Sender<Ended>)>);

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = end(&mut self.0, Ok(()));
    }
}

impl StreamProducer<State> for Receiver {
    type Item = u8;
    type Buffer = BytesMut;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, State>,
        destination: Destination<'a, u8, BytesMut>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let Some((half, _)) = &self.0 else { return Poll::Ready(Ok(StreamResult::Dropped)) };
        // A read of nothing asks whether there is something.
        if destination.remaining(store.as_context_mut()) == Some(0) {
            return match half.poll_ready(cx) {
                Poll::Ready(()) => Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending => not_yet(finish),
            };
        }
        let mut direct = destination.as_direct(store, PIECE);
        match half.poll_read(cx, direct.remaining()) {
            Poll::Ready(Ok(0)) => end(&mut self.0, Ok(())),
            Poll::Ready(Ok(read)) => {
                direct.mark_written(read);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(Err(code)) => end(&mut self.0, Err(code.into())),
            Poll::Pending => not_yet(finish),
        }
    }
}

/// From the guest to the peer.
struct Sender(Option<(Sending, oneshot::Sender<Ended>)>);

impl Drop for Sender {
    fn drop(&mut self) {
        let _ = end(&mut self.0, Ok(()));
    }
}

impl StreamConsumer<State> for Sender {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let Some((half, _)) = &self.0 else { return Poll::Ready(Ok(StreamResult::Dropped)) };
        let mut direct = source.as_direct(store);
        // A write of nothing asks whether there is room.
        if direct.remaining().is_empty() {
            return match half.poll_ready(cx) {
                Poll::Ready(()) => Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending => not_yet(finish),
            };
        }
        match half.poll_write(cx, direct.remaining()) {
            Poll::Ready(Ok(written)) => {
                direct.mark_read(written);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(Err(code)) => end(&mut self.0, Err(code.into())),
            Poll::Pending => not_yet(finish),
        }
    }
}

//! What both generations of WASI have alike, under names that differ a little: addresses, and the
//! options of a socket.

use std::borrow::{Borrow as _, BorrowMut};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::net::sockopt;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, Resource};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::sockets::ErrorCode;

use super::tcp::{Family, TcpSocket};
use crate::state::State;

/// A generation of WASI, as far as sockets go.
pub trait Generation: 'static {
    /// What stands before a name that is asked for.
    const GET: &'static str;
    type Socket: BorrowMut<TcpSocket> + Send + 'static;
    type Code: From<ErrorCode> + ComponentType + Lower + Send + Sync + 'static;
    type Address: From<SocketAddr> + ComponentType + Lower + Send + Sync + 'static;
    type Family: ComponentType + Lower + Send + Sync + 'static;
    fn family(family: Family) -> Self::Family;
}

type Handle<G> = (Resource<<G as Generation>::Socket>,);

/// Adds what can be asked about a socket, and set.
pub fn add_options<G: Generation>(tcp: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    let get = |name: &str| format!("[method]tcp-socket.{}{name}", G::GET);
    ask::<G, _>(tcp, &get("local-address"), |socket| socket.local_address().map(G::Address::from))?;
    ask::<G, _>(tcp, &get("remote-address"), |socket| socket.remote_address().map(G::Address::from))?;
    tcp.func_wrap(&get("is-listening"), |mut store: StoreContextMut<'_, State>, (socket,): Handle<G>| {
        store.data_mut().ctx().table.get(&socket)?;
        Ok((false,))
    })?;
    tcp.func_wrap(&get("address-family"), |mut store: StoreContextMut<'_, State>, (socket,): Handle<G>| {
        Ok((G::family(store.data_mut().ctx().table.get(&socket)?.borrow().family()),))
    })?;
    set::<G, u64>(tcp, "listen-backlog-size", |socket, most| socket.set_backlog(most))?;
    option::<G, _>(
        tcp,
        "keep-alive-enabled",
        |fd, _| Ok(sockopt::socket_keepalive(fd)?),
        |fd, _, on| Ok(sockopt::set_socket_keepalive(fd, on)?),
    )?;
    option::<G, _>(
        tcp,
        "keep-alive-idle-time",
        |fd, _| Ok(nanoseconds(sockopt::tcp_keepidle(fd)?)),
        |fd, _, time| Ok(sockopt::set_tcp_keepidle(fd, seconds(time)?)?),
    )?;
    option::<G, _>(
        tcp,
        "keep-alive-interval",
        |fd, _| Ok(nanoseconds(sockopt::tcp_keepintvl(fd)?)),
        |fd, _, time| Ok(sockopt::set_tcp_keepintvl(fd, seconds(time)?)?),
    )?;
    option::<G, _>(
        tcp,
        "keep-alive-count",
        |fd, _| Ok(sockopt::tcp_keepcnt(fd)?),
        |fd, _, count: u32| Ok(sockopt::set_tcp_keepcnt(fd, set_to(count)?.min(MOST_PROBES))?),
    )?;
    option::<G, _>(tcp, "hop-limit", hop_limit, |fd, family, hops: u8| {
        let hops = set_to(hops)?;
        match family {
            Family::V4 => sockopt::set_ip_ttl(fd, hops.into())?,
            Family::V6 => sockopt::set_ipv6_unicast_hops(fd, Some(hops))?,
        }
        Ok(())
    })?;
    option::<G, _>(
        tcp,
        "receive-buffer-size",
        |fd, _| Ok(half(sockopt::socket_recv_buffer_size(fd)?)),
        |fd, _, size| Ok(sockopt::set_socket_recv_buffer_size(fd, buffer(size)?)?),
    )?;
    option::<G, _>(
        tcp,
        "send-buffer-size",
        |fd, _| Ok(half(sockopt::socket_send_buffer_size(fd)?)),
        |fd, _, size| Ok(sockopt::set_socket_send_buffer_size(fd, buffer(size)?)?),
    )
}

fn option<G: Generation, T: ComponentType + Lift + Lower + Send + Sync + 'static>(
    tcp: &mut LinkerInstance<'_, State>,
    name: &str,
    read: fn(BorrowedFd<'_>, Family) -> Result<T, ErrorCode>,
    write: fn(BorrowedFd<'_>, Family, T) -> Result<(), ErrorCode>,
) -> wasmtime::Result<()> {
    let getter = format!("[method]tcp-socket.{}{name}", G::GET);
    ask::<G, _>(tcp, &getter, move |socket| read(socket.fd()?, socket.family()))?;
    set::<G, T>(tcp, name, move |socket, value| write(socket.fd()?, socket.family(), value))
}

fn ask<G: Generation, T: ComponentType + Lower + Send + Sync + 'static>(
    tcp: &mut LinkerInstance<'_, State>,
    name: &str,
    read: impl Fn(&TcpSocket) -> Result<T, ErrorCode> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    tcp.func_wrap(name, move |mut store: StoreContextMut<'_, State>, (socket,): Handle<G>| {
        let read = read(store.data_mut().ctx().table.get(&socket)?.borrow());
        Ok((read.map_err(G::Code::from),))
    })
}

fn set<G: Generation, T: ComponentType + Lift + Send + Sync + 'static>(
    tcp: &mut LinkerInstance<'_, State>,
    name: &str,
    write: impl Fn(&TcpSocket, T) -> Result<(), ErrorCode> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    let name = format!("[method]tcp-socket.set-{name}");
    tcp.func_wrap(&name, move |mut store: StoreContextMut<'_, State>, (socket, value): (Resource<G::Socket>, T)| {
        let written = write(store.data_mut().ctx().table.get(&socket)?.borrow(), value);
        Ok((written.map_err(G::Code::from),))
    })
}

fn hop_limit(fd: BorrowedFd<'_>, family: Family) -> Result<u8, ErrorCode> {
    match family {
        Family::V4 => u8::try_from(sockopt::ip_ttl(fd)?).map_err(|_| ErrorCode::NotSupported),
        Family::V6 => Ok(sockopt::ipv6_unicast_hops(fd)?),
    }
}

/// WASI: nothing is ever set to 0.
fn set_to<T: Default + PartialEq>(value: T) -> Result<T, ErrorCode> {
    if value == T::default() { Err(ErrorCode::InvalidArgument) } else { Ok(value) }
}

/// The most keep-alive probes and seconds that Linux takes (`tcp.h`: `MAX_TCP_KEEPCNT`,
/// `MAX_TCP_KEEPIDLE`).
const MOST_PROBES: u32 = 127;
const MOST_SECONDS: u64 = 32_767;

/// A time as the system takes it: whole seconds, at least one.
fn seconds(nanoseconds: u64) -> Result<Duration, ErrorCode> {
    Ok(Duration::from_secs((set_to(nanoseconds)? / 1_000_000_000).clamp(1, MOST_SECONDS)))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Linux doubles what is set, for its own use, and tells the double (`socket(7)`).
fn half(size: usize) -> u64 {
    u64::try_from(size / 2).unwrap_or(u64::MAX)
}

fn buffer(size: u64) -> Result<usize, ErrorCode> {
    Ok(i32::try_from(set_to(size)?).unwrap_or(i32::MAX) as usize)
}

//! Our own TCP sockets of WASI, in both generations. Every socket has its place among the
//! descriptors. Every address is asked about for the call that uses it, and the permit says what is
//! dialled. Small pieces are sent at once (`TCP_NODELAY`, which WASI cannot say). UDP is
//! wasmtime's, and switched off.

mod options;
mod since_0_2;
mod since_0_3;
mod streams_0_2;
pub(super) mod tcp;

use std::borrow::BorrowMut;
use std::net::SocketAddr;

use cofferdam_audit::Caller;
use cofferdam_grants::{Ask, Permit, Protocol};
use wasmtime::StoreContextMut;
use wasmtime::component::Resource;
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::sockets::{ErrorCode, WasiSocketsCtxView, WasiSocketsView};

use super::descriptors::Slot;
use super::names::add_names_0_2;
use super::{Gate, zone};
use crate::offer::Offer;
use crate::state::State;

use since_0_2::add_sockets_0_2;
use since_0_3::add_sockets_0_3;
use tcp::TcpSocket;

/// TCP sockets: a `connect` rule grants them.
pub const SOCKETS: Offer = Offer {
    imports: &[
        // Of WASI 0.3 the types of addresses and the sockets are one interface.
        "wasi:sockets/types@0.3",
        "wasi:sockets/network",
        "wasi:sockets/instance-network",
        "wasi:sockets/ip-name-lookup@0.2",
        "wasi:sockets/tcp",
        "wasi:sockets/tcp-create-socket",
        // UDP comes with the socket types of both versions. Every use of it is denied.
        "wasi:sockets/udp",
        "wasi:sockets/udp-create-socket",
    ],
    is_granted: |grants| grants.grants_connect(Protocol::Tcp),
    link: |linker| {
        add_sockets_0_3(linker)?;
        add_sockets_0_2(linker)?;
        add_names_0_2(linker)
    },
};

impl Gate {
    fn connect(&self, to: SocketAddr, caller: Option<&Caller>) -> Option<Permit> {
        let pins = self.pins();
        // A socket address has the number of its link. Rules may name the link.
        let link = match to {
            SocketAddr::V6(six) if six.scope_id() != 0 => Some(zone::numbered(six.scope_id())),
            _ => None,
        };
        let ask = Ask::Connect { protocol: Protocol::Tcp, to, zone: link.as_ref(), pins: &pins, now: self.now() };
        self.ask(&ask, caller)
    }

    fn bind(&self, at: SocketAddr, caller: Option<&Caller>) -> Option<Permit> {
        self.ask(&Ask::Bind { protocol: Protocol::Tcp, at }, caller)
    }

    fn listen(&self, at: SocketAddr, caller: Option<&Caller>) -> Option<Permit> {
        self.ask(&Ask::Listen { protocol: Protocol::Tcp, at }, caller)
    }
}

impl State {
    /// A place for one more socket of this instance. The error says why there is none.
    pub(super) fn socket_slot(&self, caller: Option<&Caller>) -> Result<Slot, String> {
        let most = self.about.limits.connections;
        if self.sockets.open() >= usize::try_from(most).unwrap_or(usize::MAX) {
            self.gate.limit_hit("connections", caller);
            return Err(format!("the limit of {most} connections is reached"));
        }
        Ok(self.gate.descriptor(caller)?.for_socket(&self.sockets))
    }

    fn sockets_view(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsView::sockets(self)
    }
}

/// A socket operation's result: the outer error is a guest's misuse of a handle, and a trap.
type Done<T> = wasmtime::Result<Result<T, ErrorCode>>;

fn bind<S: BorrowMut<TcpSocket> + Send + 'static>(
    store: &mut StoreContextMut<'_, State>,
    socket: &Resource<S>,
    at: SocketAddr,
) -> Done<()> {
    let caller = State::caller(store);
    let state = store.data_mut();
    if let Err(code) = state.ctx().table.get(socket)?.borrow().may_bind(at) {
        return Ok(Err(code));
    }
    let Some(permit) = state.gate.bind(at, caller.as_deref()) else { return Ok(Err(ErrorCode::AccessDenied)) };
    Ok(state.ctx().table.get_mut(socket)?.borrow_mut().bind(permit))
}

/// Asks, and begins to connect.
fn start_connect<S: BorrowMut<TcpSocket> + Send + 'static>(
    store: &mut StoreContextMut<'_, State>,
    socket: &Resource<S>,
    to: SocketAddr,
) -> Done<()> {
    let caller = State::caller(store);
    let state = store.data_mut();
    if let Err(code) = state.ctx().table.get(socket)?.borrow().may_connect(to) {
        return Ok(Err(code));
    }
    let permit = state.gate.connect(to, caller.as_deref());
    let socket: &mut TcpSocket = state.ctx().table.get_mut(socket)?.borrow_mut();
    Ok(match permit {
        Some(permit) => socket.start_connect(permit),
        None => {
            socket.fail(ErrorCode::AccessDenied);
            Err(ErrorCode::AccessDenied)
        }
    })
}

/// Asks whether the guest may listen, which no grant allows so far.
fn listen<S: BorrowMut<TcpSocket> + Send + 'static>(
    store: &mut StoreContextMut<'_, State>,
    socket: &Resource<S>,
) -> Done<()> {
    let caller = State::caller(store);
    let state = store.data_mut();
    let at = match state.ctx().table.get(socket)?.borrow().would_listen_at() {
        Ok(at) => at,
        Err(code) => return Ok(Err(code)),
    };
    Ok(Err(match state.gate.listen(at, caller.as_deref()) {
        Some(_) => ErrorCode::NotSupported,
        None => ErrorCode::AccessDenied,
    }))
}

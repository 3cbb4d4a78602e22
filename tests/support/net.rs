//! Networks of a test's own: a namespace in which the test runs once more, and in it a TUN
//! device whose other end is the test. As root, or where users may make namespaces; elsewhere
//! the test fails and says so.

use std::fs::File;
use std::io::{Read, Write};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::clock::{Passes, holds_within, pass};
use super::packet::Request;

/// Set in the process that runs inside.
const INSIDE: &str = "COFFERDAM_TEST_NAMESPACE";

/// The longest a test may take in its namespace.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs a test in a network namespace (and a mount namespace) of its own, with nothing but a
/// loopback device: this program runs itself once more for that one test.
#[track_caller]
pub fn in_namespace<F: FnOnce()>(test: F) {
    if std::env::var_os(INSIDE).is_some() {
        ip(&["link", "set", "lo", "up"]);
        return test();
    }
    // `main::tools::ping::name::{{closure}}`, without the program's own name.
    let name = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let mut command = Command::new("unshare");
    // Root needs no user namespace, and may be forbidden to make one; everybody else needs it.
    command.arg(if nix::unistd::geteuid().is_root() { "-nm" } else { "-Urnm" });
    command.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture", "--test-threads=1"]);
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    command.env(INSIDE, "1").env("PATH", path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("`unshare` (util-linux) is needed: this test runs in a network namespace");
    let said = [drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap())];
    let mut status = None;
    let ended = holds_within(PATIENCE, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        let _ = child.kill();
        let _ = child.wait();
    }
    let said = said.map(|said| said.join().unwrap()).join("\n");
    let ran = said.contains("1 passed");
    assert!(
        status.is_some_and(|status| status.success()) && ran,
        "`{name}` in a namespace of its own (which needs root, or a kernel where users may make namespaces): {status:?}\n{said}"
    );
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = from.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// Runs `ip` (iproute2), which has to succeed.
#[track_caller]
pub fn ip(arguments: &[&str]) {
    let ran = Command::new("ip").args(arguments).output().expect("`ip` (iproute2) is needed for tests in namespaces");
    assert!(ran.status.success(), "ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&ran.stderr));
}

/// Whether anybody in this namespace may open datagram sockets for ICMP. Where not, a
/// process needs `CAP_NET_RAW`.
#[track_caller]
pub fn allow_ping_sockets(allow: bool) {
    let range = if allow { "0 0" } else { "1 0" };
    std::fs::write("/proc/sys/net/ipv4/ping_group_range", range).expect("the namespace is this process's own");
}

/// What a peer sends because of a request: whole packets, each after a time.
pub type Sends = Vec<(Duration, Vec<u8>)>;

/// The far end of a TUN device: a network of the test's own code.
pub struct Tun {
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Tun {
    /// A device with 10.9.0.1/16 and fd09::1/64 at our end, behind which everything else is: every
    /// echo request that gets there is given to the code, and what it returns is sent back.
    pub fn new(mut peer: impl FnMut(&Request) -> Sends + Send + 'static) -> Self {
        let mut device = open("tun0");
        ip(&["link", "set", "tun0", "mtu", "65535", "up"]);
        ip(&["addr", "add", "10.9.0.1/16", "dev", "tun0"]);
        ip(&["-6", "addr", "add", "fd09::1/64", "dev", "tun0", "nodad"]);
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length) = device.read(&mut buffer) {
                // Neighbours and multicast groups are looked for as well; only echo
                // requests are the test's affair.
                let Some(request) = Request::read(&buffer[..length]) else { continue };
                kept.lock().unwrap().push(request.clone());
                for (after, packet) in peer(&request) {
                    let mut device = device.try_clone().unwrap();
                    if after.is_zero() {
                        let _ = device.write_all(&packet);
                        continue;
                    }
                    std::thread::spawn(move || {
                        pass(Passes::Peer, after);
                        let _ = device.write_all(&packet);
                    });
                }
            }
        });
        Self { seen }
    }

    /// The requests that got there.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Those to one address.
    pub fn seen_by(&self, target: &str) -> Vec<Request> {
        let target: IpAddr = target.parse().unwrap();
        self.seen().into_iter().filter(|request| request.target == target).collect()
    }
}

/// Makes a TUN device (Linux, `Documentation/networking/tuntap.rst`): packets
/// without a header before them.
fn open(name: &str) -> File {
    let device = File::options().read(true).write(true).open("/dev/net/tun").unwrap_or_else(|error| {
        panic!("`/dev/net/tun` is needed, and open to this user (it is to everybody, as udev makes it): {error}")
    });
    nix::ioctl_write_ptr_bad!(
        tun_set_iff,
        nix::request_code_write!(b'T', 202, std::mem::size_of::<nix::libc::c_int>()),
        [u8; 40]
    );
    // `struct ifreq`: a name of 16 bytes, then the flags.
    let mut request = [0; 40];
    request[..name.len()].copy_from_slice(name.as_bytes());
    let flags = nix::libc::IFF_TUN | nix::libc::IFF_NO_PI;
    request[16..18].copy_from_slice(&u16::try_from(flags).unwrap().to_ne_bytes());
    #[expect(unsafe_code, reason = "no safe call makes a TUN device")]
    // The request is as long as the kernel's `struct ifreq`, and outlives the call.
    let made = unsafe { tun_set_iff(device.as_raw_fd(), &request) };
    made.expect("this namespace's own user may make a device in it");
    device
}

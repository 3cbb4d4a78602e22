//! The soak: mixed calls of every tool for any length of time, with faults injected, all choices
//! from one seed. At its end nothing is lost, mixed up or leaked: answers, descriptors, memory, the
//! audit. `cargo xtask soak --seed N --seconds S` builds and runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a soak that cannot go on has failed, and says where"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "it starts a server, plays its peers and breaks what is around it: that is its work"
)]

mod arguments;
mod audit;
mod end;
mod faults;
mod gauges;
mod names;
mod peers;
mod place;
mod session;
mod talks;
mod tally;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::json;

use arguments::Arguments;
use audit::Heard;
use faults::{Faults, descriptors};
use gauges::{Gauges, mebibytes};
use place::Place;
use session::Session;
use talks::{Lane, Soak};
use tally::Tally;

/// Lanes that talk at the same time, and those of the hostile guest beside them.
const LANES: u64 = 6;
const HARM: u64 = 2;

/// How often progress is printed.
const PROGRESS: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\nUsage: soak --guest FILE [--seed N] [--seconds S] [--keep]");
            return ExitCode::from(2);
        }
    };
    if let Some(code) = arguments::in_namespace() {
        return code;
    }
    run(&arguments)
}

fn run(arguments: &Arguments) -> ExitCode {
    let place = Place::new();
    println!("soak: seed {}, {} s, in {}", arguments.seed, arguments.seconds, place.folder.display());
    if !place.disk {
        println!("soak: no disk can be mounted here: the fault of a full disk is left out");
    }
    compile(&place, arguments);
    let mut server = place.serve(&arguments.guest);
    let pid = server.id();
    let tally = Arc::new(Tally::default());
    let session = Session::open(server.stdin.take().unwrap(), server.stdout.take().unwrap(), Arc::clone(&tally));
    let log = place.log();
    let soak = Arc::new(Soak {
        session,
        tally,
        faults: Faults::default(),
        place,
        refused: Mutex::default(),
        pings: AtomicBool::new(true),
    });
    let heard = Arc::new(Mutex::new(Heard::default()));
    let (stop, stop_reading) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let reading = {
        let (heard, stop) = (Arc::clone(&heard), Arc::clone(&stop_reading));
        std::thread::spawn(move || audit::follow(&log, &heard, &stop))
    };

    warm_up(&soak, arguments.seed);
    let before = end::settled(pid, usize::MAX, Duration::from_secs(2));
    println!("soak: warm: {} descriptors", before);

    let gauges = Gauges::new(pid);
    let begun = Instant::now();
    let lanes: Vec<_> = (0..LANES + HARM)
        .map(|number| {
            let (soak, stop) = (Arc::clone(&soak), Arc::clone(&stop));
            let rng = Rng::with_seed(arguments.seed ^ (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            std::thread::spawn(move || {
                let mut lane = Lane::new(&soak, rng, number + 1);
                if number < LANES { lane.run(&stop) } else { lane.harm(&stop) }
            })
        })
        .collect();
    let injecting = {
        let (soak, stop) = (Arc::clone(&soak), Arc::clone(&stop));
        let rng = Rng::with_seed(arguments.seed);
        std::thread::spawn(move || soak.faults.inject(rng, &soak.place, pid, &stop))
    };

    let length = Duration::from_secs(arguments.seconds);
    let mut told = Instant::now();
    while begun.elapsed() < length {
        std::thread::sleep(Duration::from_millis(250));
        let resident = gauges.sample();
        if let Ok(Some(status)) = server.try_wait() {
            soak.tally.breach("the server has ended", || status.to_string());
            break;
        }
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            let (calls, seconds) = (soak.tally.calls(), begun.elapsed().as_secs());
            let (memory, open) = (mebibytes(resident), descriptors(pid));
            println!("{seconds:>6} s  {calls:>9} calls  {memory:>10}  {open:>5} descriptors  {}", soak.faults.now());
        }
    }
    stop.store(true, Ordering::SeqCst);
    for lane in lanes {
        if lane.join().is_err() {
            soak.tally.breach("a lane has failed", || "see above".to_owned());
        }
    }
    let _ = injecting.join();
    let lasted = begun.elapsed();

    let ended = end::end(&soak, &mut server, before);
    stop_reading.store(true, Ordering::SeqCst);
    let _ = reading.join();
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    let passed =
        end::table(&end::Run { arguments, soak: &soak, gauges: &gauges, heard: &heard, ended, lasted, before });
    if passed && !arguments.keep {
        soak.place.clear();
    } else {
        soak.place.keep();
        println!("kept: {}", soak.place.folder.display());
    }
    ExitCode::from(u8::from(!passed))
}

/// Has every plugin compiled by a server of its own, so that the one that is measured
/// finds the code in the cache.
fn compile(place: &Place, arguments: &Arguments) {
    let mut server = place.serve(&arguments.guest);
    let tally = Arc::new(Tally::default());
    let session = Session::open(server.stdin.take().unwrap(), server.stdout.take().unwrap(), tally);
    let calls = [
        ("tcp_list_connections", json!({})),
        ("stat_tool", json!({ "file_path": place.file(0) })),
        ("ping_tool", json!({ "target": "127.0.0.1", "count": 1 })),
        ("dig_tool", json!({ "target": "n1-plain.soak.example", "server": "127.0.0.1", "port": place.ports.names })),
        ("telnet_tool", json!({ "target": "127.0.0.1", "port": place.ports.console })),
        ("say", json!({ "text": "compiled" })),
    ];
    for pending in calls.map(|(tool, arguments)| session.call(tool, arguments)) {
        let _ = pending.wait(&session);
    }
    session.close();
    let _ = server.wait();
}

/// Every talk twice, so that what is made once is there; what this machine does not let
/// the server do is found out.
fn warm_up(soak: &Arc<Soak>, seed: u64) {
    let mut lane = Lane::new(soak, Rng::with_seed(seed), 0);
    if let session::Reply::Failed { code, .. } =
        lane.begin("ping_tool", json!({ "target": "127.0.0.1", "count": 1 })).wait(&soak.session)
        && code == "not_permitted"
    {
        println!("soak: this machine lets nobody send echo requests: pings are left out");
        soak.pings.store(false, Ordering::Relaxed);
    }
    lane.warm_up();
    lane.warm_up();
}

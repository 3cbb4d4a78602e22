//! Every seed of every target is an ordinary test: what must hold, holds for it, and it takes no
//! longer than a moment. What a long run has found beside them (`corpus/`, not committed) is run as
//! well where it is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest that one input may take, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the inputs of a target.
fn run(name: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = inputs(&folder.join("seeds").join(name));
    assert!(seeds.len() >= 8, "`{name}` has {} seeds", seeds.len());
    for path in seeds.into_iter().chain(inputs(&folder.join("corpus").join(name))) {
        let input = fs::read(&path).unwrap();
        let begun = Instant::now();
        // A failure names its input.
        println!("{}", path.display());
        body(&input);
        assert!(begun.elapsed() < PATIENCE, "`{}` takes {:?}", path.display(), begun.elapsed());
    }
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A test for each target, and their names.
macro_rules! corpora {
    ($($target:ident)*) => {
        $(#[test] fn $target() {
            run(stringify!($target), crate::$target::target);
        })*

        #[test]
        fn every_target_of_the_workspace_has_its_corpus_run() {
            let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
            let path = |line: &str| Some(line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\"")?.to_owned());
            let mut named: Vec<String> = manifest.lines().filter_map(path).collect();
            named.sort();
            assert_eq!(named, [$(stringify!($target)),*]);
        }
    };
}

corpora! {
    addresses
    audit_chain
    component_heads
    dns_answers
    encodings
    file_pages
    grep_patterns
    handler_frames
    handler_http1
    handler_irc
    handler_json
    handler_lines
    handler_modbus
    handler_mqtt
    handler_nmea
    handler_redis
    handler_smtp
    icmp_messages
    manifest_section
    mcp_lines
    policy_files
    rules
    telnet_stream
    trigger_scripts
}

//! Tests wait for events. Where they sleep or look at a clock, time is what they claim, and there
//! is one place for that: `tests/support/clock.rs`. What is left elsewhere is counted here.

use super::{Text, none, sources};

/// The place.
const CLOCK: &str = "tests/support/clock.rs";

/// Folders of programs that measure, make load or mean harm, each with what time is to them.
const PROGRAMS: &[(&str, &str)] = &[
    ("tests/bench/", "a benchmark measures"),
    ("tests/fuzz/", "a run of the driver is so many seconds long"),
    ("tests/guests/", "a hostile guest sleeps and spins"),
    ("tests/soak/", "the soak is so many seconds long, and its peers stall"),
];

/// Sleeps and looks at a clock in tests that cannot reach `tests/support`: how many, and what for.
/// The list only shrinks: the test fails where there are fewer than it says.
const ALLOWED: &[(&str, usize, &str)] = &[
    ("host/audit/src/edit_tests.rs", 1, "a measurement, which is run by hand"),
    ("host/runtime/src/enforce/resolver/shared_tests.rs", 1, "between two looks at a counter"),
    ("host/runtime/src/instance/threads.rs", 1, "the timer is what is tested"),
    ("host/server/src/pace.rs", 1, "the pace is what is claimed"),
    ("host/server/tests/session.rs", 1, "a tool that does not hear its cancellation"),
    ("host/xtask/src/cache.rs", 1, "the work that others must not do a second time takes a while"),
    ("host/xtask/src/process.rs", 1, "the limit is what is claimed"),
    ("plugins/handlers/lines/tests/speed.rs", 1, "a measurement, which is run by hand"),
    ("plugins/ping/logic/tests/pings.rs", 1, "a number of the run's own"),
    ("plugins/tcp/logic/src/trigger_set.rs", 1, "the cost is what is claimed"),
    ("plugins/tcp/logic/tests/speed.rs", 10, "measurements, which are run by hand"),
    ("plugins/telnet/logic/src/secrets.rs", 2, "the cost is what is claimed"),
];

/// What of a source only tests have.
fn of_tests(source: &Text) -> &str {
    let path = &source.path;
    if path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs") {
        return &source.text;
    }
    let rest = |(at, _): (usize, &str)| {
        let rest = &source.text[at..];
        // Attributes may come between.
        let item = rest.lines().take(6).find(|line| line.trim_start_matches("pub(crate) ").starts_with("mod "))?;
        item.ends_with('{').then_some(rest)
    };
    source.text.match_indices("#[cfg(test)]").find_map(rest).unwrap_or_default()
}

/// How often it sleeps or looks at a clock.
fn count(text: &str) -> usize {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.map(|line| ["sleep(", ".elapsed()"].iter().map(|word| line.matches(word).count()).sum::<usize>()).sum()
}

#[test]
fn tests_wait_for_events_and_claim_time_in_one_place() {
    let elsewhere = |source: &&Text| {
        source.path != CLOCK
            && !source.path.starts_with("tests/tidy/")
            && !PROGRAMS.iter().any(|(folder, _)| source.path.starts_with(folder))
    };
    let mut faults = Vec::new();
    let mut left: Vec<&str> = ALLOWED.iter().map(|(path, ..)| *path).collect();
    for source in sources().iter().filter(elsewhere) {
        let found = count(of_tests(source));
        let allowed = ALLOWED.iter().find(|(path, ..)| *path == source.path).map_or(0, |(_, most, _)| *most);
        left.retain(|path| *path != source.path);
        match found {
            _ if found > allowed => faults.push(format!("{}: {found}, of which {allowed} are known", source.path)),
            _ if found < allowed => faults.push(format!("{}: {found}; its line says {allowed}", source.path)),
            _ => {}
        }
    }
    faults.extend(left.into_iter().map(|path| format!("{path} is no more")));
    none(&format!("a test waits for an event, or claims a time by `{CLOCK}`"), &faults);
    let all = sources();
    let is_idle = |folder: &str| !all.iter().any(|source| source.path.starts_with(folder) && count(&source.text) > 0);
    let idle = PROGRAMS.iter().filter(|(folder, _)| is_idle(folder)).map(|(folder, _)| (*folder).to_owned());
    none("a folder without a clock is no exception", &idle.collect::<Vec<_>>());
}

#[test]
fn sleeps_and_clocks_are_counted_in_code() {
    assert_eq!(
        count("std::thread::sleep(x); // sleep(\n    // sleep(\nassert!(a.elapsed() < b, \"{:?}\", a.elapsed());"),
        4
    );
    let source = |path: &str, text: &str| Text { path: path.to_owned(), text: text.to_owned() };
    let text = "sleep(1);\n#[cfg(test)]\nmod tests {\n sleep(2); }";
    assert_eq!(count(of_tests(&source("host/a/src/b.rs", text))), 1);
    assert_eq!(count(of_tests(&source("tests/a.rs", text))), 2);
    let text = "#[cfg(test)]\nmod tests;\nfn a() { sleep(1) }\n#[cfg(test)]\n#[allow(x)]\nmod more {\n sleep(2); }";
    assert_eq!(count(of_tests(&source("host/a/src/b.rs", text))), 1);
}

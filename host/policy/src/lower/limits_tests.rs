//! Limits: their bounds, their units, and no "unlimited".

use crate::lower::tests::messages;

#[test]
fn limits_have_bounds_and_no_unlimited() {
    for (entry, message) in [
        (
            "memory = \"1 MiB\"",
            "`memory` has to be between 2 MiB and 4 GiB | the default is 256 MiB; there is no `unlimited`",
        ),
        (
            "memory = \"5 GiB\"",
            "`memory` has to be between 2 MiB and 4 GiB | the default is 256 MiB; there is no `unlimited`",
        ),
        ("memory = \"unlimited\"", "`memory` has to begin with a whole number | write it as `\"256 MiB\"`"),
        ("call = \"2 h\"", "`call` has to be between 100 ms and 1 h | the default is 50 s; there is no `unlimited`"),
        ("call = true", "`call` has to be a string or a whole number, not true or false"),
        ("cpu = \"1 ms\"", "`cpu` has to be between 10 ms and 10 min | the default is 10 s; there is no `unlimited`"),
        (
            "output = \"1 GiB\"",
            "`output` has to be between 1 KiB and 64 MiB | the default is 4 MiB; there is no `unlimited`",
        ),
        (
            "connections = 0",
            "`connections` has to be between 1 and 65535 | the default is 2048; there is no `unlimited`",
        ),
        (
            "connections = -1",
            "`connections` has to be between 1 and 65535 | the default is 2048; there is no `unlimited`",
        ),
        (
            "mailbox = 99999999999999999999999999999999999999999999",
            "`mailbox` has to be between 1 and 65536 | the default is 1024; there is no `unlimited`",
        ),
        (
            "calls_per_minute = 10000001",
            "`calls_per_minute` has to be between 1 and 10000000 | the default is 60000; there is no `unlimited`",
        ),
        (
            "descriptors = 7",
            "`descriptors` has to be between 8 and 1048576 | the default is 4096; there is no `unlimited`",
        ),
        (
            "concurrent_calls = 0",
            "`concurrent_calls` has to be between 1 and 65536 | the default is 1024; there is no `unlimited`",
        ),
        ("lookups = 0", "`lookups` has to be between 1 and 4096 | the default is 256; there is no `unlimited`"),
        (
            "lookups_per_minute = 1000001",
            "`lookups_per_minute` has to be between 1 and 1000000 | the default is 3000; there is no `unlimited`",
        ),
        ("mailbox = \"5\"", "`mailbox` has to be a whole number"),
        ("log_lines = 1.5", "`log_lines` has to be a string or a whole number, not a number with a point"),
        ("memroy = \"1 MiB\"", "unknown key `memroy` in `limits` | did you mean `memory`?"),
    ] {
        assert_eq!(messages(&format!("[limits]\n{entry}")), [message], "{entry}");
        assert_eq!(messages(&format!("[plugins.a.limits]\n{entry}")), [message], "{entry}");
    }
}

#[test]
fn the_memory_of_the_process_has_bounds_and_is_no_limit_of_a_plugin() {
    assert_eq!(
        messages("[limits]\ntotal_memory = \"1 MiB\""),
        [
            "`total_memory` has to be between 64 MiB and 1048576 GiB | the default is half of what the machine has, 4 GiB at most; there is no `unlimited`"
        ]
    );
    let [message] = &messages("[plugins.tcp.limits]\ntotal_memory = \"1 GiB\"")[..] else { panic!("one mistake") };
    assert_eq!(message, "`total_memory` is a limit of the process, not of a plugin | write it into `[limits]`");
}

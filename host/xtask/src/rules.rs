//! Rules for the binary that the tests and other people's clients are run with.

/// Rules that let every shipped tool do something: on this machine, and below one folder.
pub const fn rules_for_every_tool(folder: &str) -> [&str; 8] {
    [
        "--allow-connect",
        "tcp://localhost:*",
        "--allow-ping",
        "localhost",
        "--allow-resolve",
        "a.example",
        "--allow-read",
        folder,
    ]
}

//! Everything that is tested through the real binary, over real pipes and
//! sockets, in one test program.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests play the world around the program")]
#![allow(missing_docs, reason = "the tests' names say what they show")]

/// Sessions with the binary, peers, guests.
mod support;

/// What each tool of the `tcp` plugin does, topic by topic.
mod tools;

/// MCP itself: both generations, and messages that are none.
mod protocol;

/// What of a model's context the tools take, and which are listed.
mod context;

/// How calls, instances and the server end.
mod lifecycle;

/// Guests that mean harm.
mod hostile;

/// The contract with plugins, and how components are loaded.
mod abi;

/// What calls come to: blocks, questions, ends; what an instance is given, and takes at one time.
mod contract;

/// The contract in Python, JavaScript and C.
mod languages;

/// Generations of policy and plugins, and principals.
mod generations;

/// Peers and names that may and may not be dialled, in pairs.
mod deny;

/// What is written down, and that nothing happens which is not.
mod audit;

/// House rules: arrows between crates, documents, sources, the contract.
mod tidy;

/// Official MCP clients, and real servers as peers.
mod clients;

/// The command line.
mod cli;

/// The commands about a policy: init, check, the dry run, and what makes a policy beside a file.
mod policy_commands;

/// Whether clients on this machine can use it.
mod doctor;

/// Nobody feels another: load, deadlines and compilers.
mod isolation;

/// Asking the policy beforehand.
mod explain;

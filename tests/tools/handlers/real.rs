//! Handlers against real servers.

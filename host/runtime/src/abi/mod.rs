//! The versions of the contracts, one file each. A released one is never edited.

mod addresses;
pub mod handler_0_1_0;
pub mod plugin_0_1_0;
pub mod script_0_1_0;

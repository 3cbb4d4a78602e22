//! The plugin contract's versions, one file each; a released one is never edited.

pub mod handler_0_1_0;
pub mod script_0_1_0;
pub mod since_0_1_0;

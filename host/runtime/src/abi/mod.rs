//! The plugin contract's versions, one file each; a released one is never edited.

pub mod since_0_1_0;

//! The audit file as a whole: written, broken in every way, and checked.

//! Options of `sstream-source objects` and `sstream-sink objects`, and what both say of themselves.

pub mod sink;
pub mod source;

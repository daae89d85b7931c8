//! What sources and sinks share that speak with others over sockets.

pub mod address;
pub mod backoff;
pub mod unix;

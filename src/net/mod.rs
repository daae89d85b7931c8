//! What sources, sinks and the monitor share that speak with others over sockets.

pub mod address;
pub mod backoff;
pub mod http;
pub mod unix;
pub mod watchers;

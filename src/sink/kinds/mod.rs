//! The kinds of sinks, a file or folder each.

pub mod exec;
pub mod files;
pub mod kept;
pub mod null;
pub mod print;
mod python;
pub mod serve;
pub mod sockets;
pub mod text;

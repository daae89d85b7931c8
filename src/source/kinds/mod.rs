//! The kinds of sources, a file or folder each. Those on sockets and processes are tasks of
//! one [`receive::Receiver`].

pub mod avro;
pub mod exec;
pub mod files;
pub mod listen;
pub mod packing;
pub mod queue;
pub mod rate;
pub mod receive;
pub mod replay;
pub mod spooled;
pub mod stdin;
pub mod tcp;
pub mod udp;
pub mod unix;
pub mod unpacked;
pub mod until_stop;
pub mod wake;

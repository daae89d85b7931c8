//! What source and sink share.
//!
//! | module | what it is |
//! |---|---|
//! | [`frame`], [`command`] | the bytes of ZMTP 3: frames, and what is said in commands |
//! | [`curve`], [`keys`] | CURVE: boxes that only the other end opens; keys in files |
//! | [`greeting`] | how a connection begins |
//! | [`link`](mod@link) | a connection on which messages go to and fro |
//! | [`endpoint`], [`peers`] | where peers are, and how they are kept |
//! | [`args`], [`error`] | options and errors |

pub mod args;
pub mod command;
pub mod curve;
pub mod endpoint;
pub mod error;
pub mod frame;
pub mod greeting;
pub mod keys;
pub mod link;
pub mod peers;

pub use args::SocketArgs;
pub use error::{Broken, ZeromqError};

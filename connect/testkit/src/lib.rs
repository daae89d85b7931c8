//! What the tests of sstream and of its connectors share.
//!
//! | module | what it is |
//! |---|---|
//! | [`bash`], [`shell`] | lines of shell with the built tools, in a fresh directory |
//! | [`pipeline`], [`random`] | pipelines that are killed at random, and that end with their test |
//! | [`docs`] | man pages and completions, made of command line definitions and compared |

// What fails here fails the test.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

pub mod bash;
pub mod docs;
pub mod man;
pub mod pipeline;
pub mod random;
pub mod shell;
mod wait;

pub use wait::wait_until;

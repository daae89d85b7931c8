//! Who connectors are to AWS, and to what speaks as AWS does.
//!
//! | module | what it is |
//! |---|---|
//! | [`credentials`] | the usual chain, and new ones in time |
//! | [`json`] | answers that are JSON |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod credentials;
pub mod json;

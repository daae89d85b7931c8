//! The feed source against a server of another language, aiohttp's.
//!
//! Where there is no aiohttp these tests say so and pass, unless FEED_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod demo;
mod docs;
mod explain;
mod faults;
mod feeds;
mod secure;
mod server;

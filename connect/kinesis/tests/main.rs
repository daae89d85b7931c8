//! The Kinesis source and sink against kinesalite, with boto3 as the foreign client, and a proxy that has
//! bad days and checks signatures.
//!
//! Where there is no Node.js or boto3 these tests say so and pass, unless KINESIS_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod demo;
mod docs;
mod explain;
mod faults;
mod replay;
mod secure;
mod server;
mod sink;
mod source;

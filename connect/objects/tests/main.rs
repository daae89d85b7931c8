//! Objects and files of HDFS against real servers: versitygw, which boto3 asks, and a NameNode, which curl asks by WebHDFS; and
//! a proxy that has bad days.
//!
//! Where they cannot be had these tests say so and pass, unless OBJECTS_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod clouds;
mod demo;
mod docs;
mod faults;
mod hdfs;
mod hostile;
mod kit;
mod large;
mod memory;
mod server;
mod sink;
mod source;

//! The Kafka source and sink against a real Apache Kafka, which the script
//! `broker` beside this fetches and starts. Foreign clients are the witnesses: kcat,
//! and Kafka's own console tools.
//!
//! Where there is no Java or no Maven these tests say so and pass, unless
//! KAFKA_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod checkpoint;
mod cluster;
mod docs;
mod explain;
mod faults;
mod secure;
mod shards;
mod sink;
mod source;

use sstream_testkit::shell as support;

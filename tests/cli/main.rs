//! The built tools, run as a user runs them: lines of shell in a fresh directory.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod aggregate;
mod binary;
mod calendar;
mod changed;
mod checkpoint_admin;
mod checkpoint_pipelines;
mod checkpoint_sources;
mod checkpoint_stages;
mod closed;
mod connections;
mod connectors;
mod encodings;
mod event_time;
mod events;
mod every_tool;
mod exactly_once;
mod examples;
mod files;
mod first_minute;
mod forms;
mod join;
mod kept;
mod learn;
mod live;
mod memory;
mod operators;
mod pages;
mod parts;
mod run;
mod signals;
mod sinks;
mod sockets;
mod sources;
mod submit;
mod transform;
mod usage;
mod weight;

use sstream_testkit::{bash, shell as support};

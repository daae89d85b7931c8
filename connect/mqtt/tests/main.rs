//! The MQTT source and sink against a real mosquitto, with mosquitto_pub and mosquitto_sub as
//! witnesses.
//!
//! Where there is no mosquitto these tests say so and pass, unless MQTT_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod broker;
mod demo;
mod docs;
mod explain;
mod faults;
mod secure;
mod sink;
mod source;

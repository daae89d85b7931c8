//! `sstream-sink-cassandra`: all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sstream::connect::sink_main::<sstream_cassandra::SinkArgs>()
}

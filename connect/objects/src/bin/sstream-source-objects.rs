//! `sstream-source-objects`: all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sstream::connect::source_main::<sstream_objects::SourceArgs>()
}

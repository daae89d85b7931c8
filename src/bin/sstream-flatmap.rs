//! `sstream-flatmap`: parse, build, run; all of it is in the library.

use std::process::ExitCode;

sstream::own_math!();

fn main() -> ExitCode {
    sstream::cli::main::<sstream::cli::flatmap::FlatMapTool>()
}

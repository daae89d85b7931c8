//! `sstream-submit`: parse, build, run; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sstream::cli::main::<sstream::cli::submit::SubmitTool>()
}

//! `sstream-sql`: all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sstream::connect::operator_main::<sstream_sql::SqlArgs>()
}

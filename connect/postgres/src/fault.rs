//! What the server's errors, and those of the way to it, mean.

use std::error::Error as _;
use std::io;

use sstream_tables::Fault;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// The error in four words.
pub fn fault(error: Error) -> Fault {
    let Some(answer) = error.as_db_error() else { return of_the_way(&error) };
    let detail = answer.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let words = format!("{}{detail}", answer.message());
    let code = answer.code();
    let again = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
    ];
    if again.contains(code) {
        return Fault::Again(words);
    }
    if *code == SqlState::UNDEFINED_COLUMN {
        return Fault::Columns(words);
    }
    match &code.code()[..2] {
        // The connection is over, the server starts, stops, or has no room for one more client, for now.
        "08" | "53" | "57" => Fault::Away(words),
        _ if *code == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN => Fault::Away(words),
        // Values that do not suit, constraints, conversions, what a trigger raises, limits of a row.
        "21" | "22" | "23" | "P0" | "54" => Fault::Refused(words),
        _ if [SqlState::DATATYPE_MISMATCH, SqlState::CANNOT_COERCE, SqlState::CHECK_VIOLATION].contains(code) => {
            Fault::Refused(words)
        }
        _ => Fault::Hopeless(words),
    }
}

/// A statement that cannot be prepared is wrong whatever the rows are.
pub fn of_preparing(error: Error) -> Fault {
    match fault(error) {
        Fault::Refused(words) | Fault::Columns(words) => Fault::Hopeless(words),
        other => other,
    }
}

/// Not the server's own words.
fn of_the_way(error: &Error) -> Fault {
    let mut words = error.to_string();
    let mut cause = error.source();
    let mut passes = error.is_closed();
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            // A certificate that is not believed comes as such an error.
            passes = error.kind() != io::ErrorKind::InvalidData;
        }
        let more = inner.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = inner.source();
    }
    if words.contains("certificate") {
        return Fault::Hopeless(format!("{words}: whom to believe says --ca; without TLS goes ?sslmode=disable"));
    }
    if passes { Fault::Away(words) } else { Fault::Hopeless(words) }
}

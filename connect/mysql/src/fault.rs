//! What the server's errors, and those of the way to it, mean.

use mysql_async::{DriverError, Error, IoError, ServerError};
use sstream_tables::Fault;

/// The error in four words.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::Server(answer) => of_server(&answer),
        Error::Io(IoError::Tls(error)) => of_tls(&error.to_string()),
        // A certificate that is not believed comes as such an error too.
        Error::Io(IoError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => of_tls(&error.to_string()),
        Error::Io(IoError::Io(error)) => Fault::Away(error.to_string()),
        Error::Driver(DriverError::ConnectionClosed) => Fault::Away("the connection was closed".to_owned()),
        Error::Driver(DriverError::PacketTooLarge) => {
            Fault::Refused("it is longer than max_allowed_packet of the server".to_owned())
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            Fault::Hopeless("the server does not speak TLS, which was asked for".to_owned())
        }
        other => Fault::Hopeless(other.to_string()),
    }
}

/// A statement that cannot be prepared is wrong whatever the rows are.
pub fn of_preparing(error: Error) -> Fault {
    match fault(error) {
        Fault::Refused(words) | Fault::Columns(words) => Fault::Hopeless(words),
        other => other,
    }
}

fn of_tls(words: &str) -> Fault {
    Fault::Hopeless(format!("TLS: {words}: whom to believe says --ca; without TLS goes ?ssl-mode=DISABLED"))
}

/// By number, as the reference manuals of MySQL and MariaDB list them, else by the class of its SQLSTATE.
fn of_server(answer: &ServerError) -> Fault {
    let words = answer.message.clone();
    match answer.code {
        // Too many connections, of all or of this user; the server stops; it ended the connection.
        1040 | 1203 | 1226 | 1053 | 1079 | 1152 | 1158..=1161 | 1927 | 2006 | 2013 | 4031 => Fault::Away(words),
        // A lock that is not had in time, a deadlock, a snapshot that is too old, a statement that was ended.
        1205 | 1213 | 1020 | 1317 | 1969 | 3024 | 3572 => Fault::Again(words),
        // No such column; a column twice.
        1054 | 1110 => Fault::Columns(words),
        // A value that the column does not take, or that lacks and has no default; one too long for a packet,
        // or a row for its page; a CHECK of MySQL or of MariaDB; what a trigger raises; JSON that is none.
        1366 | 1265 | 1364 | 1153 | 1118 | 3819 | 4025 | 1644 | 3140 | 3157 => Fault::Refused(words),
        _ => match answer.state.get(..2) {
            Some("08") => Fault::Away(words),
            Some("40") => Fault::Again(words),
            // Values that do not suit, constraints, and SIGNAL of a trigger.
            Some("21" | "22" | "23" | "44" | "45") => Fault::Refused(words),
            _ => Fault::Hopeless(words),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_states() {
        let of = |code, state: &str| {
            fault(Error::Server(ServerError { code, message: "m".to_owned(), state: state.to_owned() }))
        };
        let words = || "m".to_owned();
        for (code, state, means) in [
            (1213, "40001", Fault::Again(words())),
            (1205, "HY000", Fault::Again(words())),
            (1040, "08004", Fault::Away(words())),
            (1062, "23000", Fault::Refused(words())),
            (4025, "23000", Fault::Refused(words())),
            (1366, "HY000", Fault::Refused(words())),
            (1054, "42S22", Fault::Columns(words())),
            (1146, "42S02", Fault::Hopeless(words())),
            (1045, "28000", Fault::Hopeless(words())),
        ] {
            assert_eq!(of(code, state), means, "{code} {state}");
        }
    }
}

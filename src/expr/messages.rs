//! What `debug` and `stderr` say, once, though a program may be run on a record twice.

use std::cell::Cell;
use std::io::Write as _;

/// Messages of the run that is under way on a thread.
#[derive(Clone, Copy, Default)]
struct Messages {
    /// How many there were so far.
    said: u64,
    /// How many of them an earlier run on the same record has written.
    known: u64,
    /// The run has failed in a way that is no part of the program.
    is_over: bool,
}

thread_local! {
    static MESSAGES: Cell<Messages> = const { Cell::new(Messages { said: 0, known: 0, is_over: false }) };
}

/// A run begins, of whose messages the first `known` were written before.
pub(super) fn begin(known: u64) {
    MESSAGES.set(Messages { known, ..Messages::default() });
}

/// From here on the run only fails: what it says is not the program's.
pub(super) fn end() {
    MESSAGES.set(Messages { is_over: true, ..MESSAGES.get() });
}

/// How many messages the run has had.
pub(super) fn count() -> u64 {
    MESSAGES.get().said
}

/// Writes a message. That stderr is closed does not make the record a bad one, as in jq.
pub(super) fn say(text: &str) {
    let Messages { said, known, is_over } = MESSAGES.get();
    if is_over {
        return;
    }
    MESSAGES.set(Messages { said: said + 1, known, is_over });
    if said >= known {
        drop(std::io::stderr().write_all(text.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_of_the_program_count() {
        begin(0);
        say("");
        say("");
        end();
        say("");
        assert_eq!(count(), 2);
        begin(count());
        say("");
        assert_eq!(count(), 1);
    }
}

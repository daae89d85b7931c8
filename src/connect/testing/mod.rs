//! What connectors are tested with, without a process and without a clock.
//!
//! | | |
//! |---|---|
//! | [`check_source_kind`], [`check_sink_kind`], [`check_operator_kind`] | what a kind says of itself goes together with what all tools have |
//! | [`check_replay`] | a source gives its batches again as they were, and goes on behind them |
//! | [`check_sink`] | a sink that dies at any call keeps what its kind promises |
//! | [`source_parts`], [`sink_parts`], [`take`] | the parts, for tests of your own |

mod kinds;
mod replay;
mod sinks;

pub use kinds::{check_operator_kind, check_sink_kind, check_source_kind};
pub use replay::{check_replay, take};
pub use sinks::check_sink;

use super::forms::Recipe;
use super::{BadRecords, Console, Level, OnError, OnLoss, SinkParts, SourceParts, StopSignal, Waited};

/// What a source has around it in a test: it is never asked to stop, and says errors
/// alone.
///
/// # Panics
/// The system has no pipe left.
pub fn source_parts() -> SourceParts {
    SourceParts {
        console: console(),
        stop: stop(),
        waited: Waited::default(),
        on_loss: OnLoss::Fail,
        max_line: 1 << 20,
        recipe: Recipe::default(),
    }
}

/// What a sink has around it in a test: it is never asked to stop, says errors alone, and a
/// record that it refuses is an error.
///
/// # Panics
/// The system has no pipe left.
pub fn sink_parts() -> SinkParts<'static> {
    // A sink borrows it; a test has few of them.
    let bad_records = Box::leak(Box::new(BadRecords::new("test".to_owned(), OnError::Fail)));
    SinkParts { console: console(), stop: stop(), waited: Waited::default(), bad_records }
}

fn console() -> Console {
    Console::new("sstream-test", Level::Error)
}

fn stop() -> StopSignal {
    let (stop, stopper) = StopSignal::manual().unwrap_or_else(|error| panic!("a pipe: {error}"));
    // Dropped, it would look like a signal.
    std::mem::forget(stopper);
    stop
}

/// Where two texts differ first, for a message: a line of each, as text.
fn difference(was: &[u8], is: &[u8]) -> String {
    let lines = |bytes: &[u8]| -> Vec<String> {
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).trim_end().to_owned())
            .collect()
    };
    let (was, is) = (lines(was), lines(is));
    let place = was.iter().zip(&is).position(|(was, is)| was != is).unwrap_or(was.len().min(is.len()));
    let show = |lines: &[String]| lines.get(place).map_or("nothing".to_owned(), |line| format!("`{line}`"));
    format!(
        "record {} is {}, and was {} ({} records, {} before)",
        place + 1,
        show(&is),
        show(&was),
        is.len(),
        was.len()
    )
}

//! Event time: when a record says that it happened, in the place of when it arrived.
//!
//! A record's time is read by [`TimeOf`], as `--time EXPR` says; [`Watermarks`] says how far the
//! times have come. Pure: no clock of the machine is read, so that a file of yesterday gives what it
//! would have given live.
//!
//! Times are whole milliseconds since the Unix epoch, from the year 0001 to the year 9999:
//!
//! - what is finer than a millisecond is cut off (towards the past), so that a time is never later
//!   than the moment it names;
//! - a leap second, `23:59:60`, counts as the second before it, as in POSIX there is no other;
//! - a date and time without a zone is one of `--time-zone`, or else UTC; a local time that a change
//!   of the clock skips is read as if the clock had not been changed yet, one that comes twice is
//!   the first.

mod text;
mod time;
mod timing;
mod watermark;

pub use time::{NotATime, TimeForm, TimeOf, TimeUnit};
pub use timing::Timing;
pub use watermark::Watermarks;

/// A moment: milliseconds since the Unix epoch.
pub type EventTime = i64;

/// A time as a number that sorts as it does.
#[inline]
pub fn ordered(time: EventTime) -> u64 {
    (time as u64) ^ (1 << 63)
}

/// The time of such a number.
#[inline]
pub fn of_ordered(number: u64) -> EventTime {
    (number ^ (1 << 63)) as EventTime
}

/// The first moment of the year 0001, in UTC.
pub const FIRST: EventTime = -62_135_596_800_000;

/// The last moment of the year 9999, in UTC.
pub const LAST: EventTime = 253_402_300_799_999;

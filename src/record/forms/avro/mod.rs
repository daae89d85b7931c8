//! Avro: [schemas](schema) and their [fingerprints](mod@fingerprint), [data](datum) as JSON by them, or
//! [as another schema has them](mod@resolve).
//!
//! Integers are exact, a float of 32 bits is the shortest number that reads back as it, a union is the value it has.
//! What JSON has no form for:
//!
//! ```text
//! NaN, infinities           the strings "NaN", "Infinity", "-Infinity"
//! bytes, fixed              a string, in base64
//! decimal                   a number with all its digits: 12.30
//! timestamp-millis, -micros, -nanos
//!                           a string, as RFC 3339 has it: "2024-01-05T10:00:00.123Z"
//! local-timestamp-…         the same without a zone: "2024-01-05T10:00:00.123"
//! date, time-millis, -micros
//!                           strings: "2024-01-05", "10:00:00.123"
//! uuid                      a string, of fixed too
//! duration                  {"months":1,"days":2,"milliseconds":3}
//! ```
//!
//! A time that no calendar has here, before the year -9999 or after 9999, is its number. Logical types that do not fit what they are of, and
//! unknown ones, are what they are of, as Avro says.

pub mod datum;
mod default;
pub mod fingerprint;
pub mod resolve;
pub mod schema;

pub use datum::Datums;
pub use fingerprint::{Fingerprint, fingerprint};
pub use resolve::resolve;
pub use schema::Schema;

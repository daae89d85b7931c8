//! Records one a line, as programs that are no stages read them.

use crate::frame::Block;
use crate::record;

/// How a record becomes a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineForm {
    /// A string as itself, anything else as JSON.
    Text,
    /// Every record as JSON.
    Json,
}

/// Appends the records of a block as lines. A newline in a string is one in
/// [`LineForm::Text`], as it is in Spark's `pipe`: such a record is two lines.
///
/// ```
/// use sstream::connect::{BatchTime, Block, LineForm, push_lines};
///
/// let (block, mut lines) = (Block { time: BatchTime(1000), records: 2, bytes: b"\"a\"\n[1]\n" }, Vec::new());
/// push_lines(block, LineForm::Text, &mut lines);
/// assert_eq!(lines, b"a\n[1]\n");
/// ```
pub fn push_lines(block: Block<'_>, form: LineForm, out: &mut Vec<u8>) {
    match form {
        LineForm::Json => out.extend_from_slice(block.bytes),
        LineForm::Text => {
            for record in block {
                out.extend_from_slice(&record::text(record));
                out.push(b'\n');
            }
        }
    }
}

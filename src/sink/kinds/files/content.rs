//! What is in a batch's file.

use crate::flow::{LineForm, OutletError, push_lines};
use crate::frame::Block;

/// Makes the bytes of a batch's file of its records. It writes nothing itself: what is appended to `out` goes
/// into the file, before the next call.
///
/// ```
/// use sstream::connect::{BatchTime, Block, Content, OutletError};
///
/// /// Records between brackets: one array of JSON a file.
/// #[derive(Default)]
/// struct Array {
///     has_records: bool,
/// }
///
/// impl Content for Array {
///     fn begin(&mut self, out: &mut Vec<u8>) {
///         self.has_records = false;
///         out.push(b'[');
///     }
///     fn block(&mut self, block: Block<'_>, out: &mut Vec<u8>) -> Result<(), OutletError> {
///         for record in block.iter() {
///             out.extend(std::mem::replace(&mut self.has_records, true).then_some(b','));
///             out.extend_from_slice(record);
///         }
///         Ok(())
///     }
///     fn end(&mut self, out: &mut Vec<u8>) {
///         out.push(b']');
///     }
/// }
///
/// let (mut array, mut file) = (Array::default(), Vec::new());
/// array.begin(&mut file);
/// array.block(Block { time: BatchTime(1), records: 2, bytes: b"1\n\"a\"\n" }, &mut file).unwrap();
/// array.end(&mut file);
/// assert_eq!(file, b"[1,\"a\"]");
/// ```
pub trait Content {
    /// A file begins. One that was begun before and has no end yet is void.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Takes records of the file.
    ///
    /// # Errors
    /// A record is a bad one, and `--on-error` does not let the stream go on.
    fn block(&mut self, block: Block<'_>, out: &mut Vec<u8>) -> Result<(), OutletError>;

    /// The file is over.
    fn end(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }
}

impl Content for LineForm {
    fn block(&mut self, block: Block<'_>, out: &mut Vec<u8>) -> Result<(), OutletError> {
        push_lines(block, *self, out);
        Ok(())
    }
}

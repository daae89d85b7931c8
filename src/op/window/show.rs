//! The panes that a checkpoint keeps, for those who look into one.

use super::damaged;
use super::row::{VERSION, read_pane_key};
use crate::agg::Aggregator;
use crate::agg::saved::{take_byte, take_bytes, take_number};
use crate::op::OpError;
use crate::op::Out;
use crate::op::grouping::NO_KEY;

const WHAT: &str = "a window's pane";

/// Gives what an entry has: nothing if it is not one of a pane. A pane that
/// `aggregator` made gives `[[MARK,KEY],RESULT]`, or `[[MARK],RESULT]` without keys; any other
/// `[[MARK],RECORD]` for each record. MARK is the time of the pane's batch in ms, or how
/// many records of the stream came until its end. Where partial results of several panes
/// were combined already, a result is that of its pane and those after it.
///
/// # Errors
/// [`OpError::Damaged`] if it is no entry of such a window.
pub fn show_entry(key: &[u8], entry: &[u8], aggregator: Option<&Aggregator>, out: &mut Out<'_>) -> Result<(), OpError> {
    let Some((mark, _)) = read_pane_key(key) else { return Ok(()) };
    let input = &mut &*entry;
    if take_byte(input) != Ok(VERSION) {
        return Err(damaged(WHAT));
    }
    let shown = match aggregator {
        Some(aggregator) => show_results(mark, input, aggregator, out),
        None => show_records(mark, input, out),
    };
    shown.ok_or_else(|| damaged(WHAT))
}

fn show_results(mark: u64, input: &mut &[u8], aggregator: &Aggregator, out: &mut Out<'_>) -> Option<()> {
    // Whether it is that of several panes.
    take_byte(input).ok()?;
    while !input.is_empty() {
        let key = take_bytes(input).ok()?;
        let part = aggregator.load(input).ok()?;
        let buffer = out.buffer();
        let start = buffer.len();
        buffer.extend_from_slice(format!("[[{mark}").as_bytes());
        if key != NO_KEY {
            buffer.push(b',');
            buffer.extend_from_slice(key);
        }
        buffer.extend_from_slice(b"],");
        if aggregator.write(&part, buffer) {
            buffer.push(b']');
            out.finish_record();
        } else {
            buffer.truncate(start);
        }
    }
    Some(())
}

fn show_records(mark: u64, input: &mut &[u8], out: &mut Out<'_>) -> Option<()> {
    take_number(input).ok()?;
    for record in input.strip_suffix(b"\n").unwrap_or(input).split(|byte| *byte == b'\n') {
        let buffer = out.buffer();
        buffer.extend_from_slice(format!("[[{mark}],").as_bytes());
        buffer.extend_from_slice(record);
        buffer.push(b']');
        out.finish_record();
    }
    Some(())
}

//! A reader of the stream format that shares no code with the library, so that
//! a mistake in ours does not check itself: head first, exact block lengths,
//! true counts, batch times without gaps, a close at the end.

use serde_json::Value;

use super::Batches;

/// A whole framed stream, or what is wrong with it.
pub fn decode(stream: &[u8]) -> Result<Batches, String> {
    let mut batches = Batches::new();
    let mut rest = stream;
    let (mut interval, mut open, mut last): (Option<u64>, Option<u64>, Option<u64>) = (None, None, None);
    while !rest.is_empty() {
        let at = stream.len() - rest.len();
        let wrong = |what: &str| Err(format!("byte {at}: {what}"));
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(format!("byte {at}: no newline"))?;
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        let control: Value = serde_json::from_slice(line).map_err(|error| format!("byte {at}: {error}"))?;
        let number = |key: &str| control[key].as_u64().ok_or(format!("byte {at}: no {key}"));
        if interval.is_none() {
            if !line.starts_with(b"{\"sstream\":1,") {
                return wrong("no head");
            }
            interval = Some(number("interval")?);
        } else if line.starts_with(b"{\"batch\":") {
            let (time, records, bytes) = (number("batch")?, number("records")?, number("bytes")? as usize);
            if open.is_some_and(|open| open != time) {
                return wrong("a batch inside another");
            }
            open = Some(time);
            if bytes > rest.len() || rest[bytes - 1] != b'\n' {
                return wrong("a block that is cut");
            }
            let lines = rest[..bytes - 1].split(|byte| *byte == b'\n').map(serde_json::from_slice);
            let lines: Vec<Value> = lines.collect::<Result<_, _>>().map_err(|error| format!("byte {at}: {error}"))?;
            if lines.len() as u64 != records {
                return wrong("a wrong count of records in a block");
            }
            batches.entry(time).or_default().extend(lines);
            rest = &rest[bytes..];
        } else if line.starts_with(b"{\"end\":") {
            let (time, records) = (number("end")?, number("records")?);
            let interval = interval.unwrap_or(1);
            if open.is_some_and(|open| open != time) {
                return wrong("the end of another batch");
            }
            if time % interval != 0 || last.is_some_and(|last| last + interval != time) {
                return wrong("a batch time that is no multiple of the interval, or a gap");
            }
            if batches.entry(time).or_default().len() as u64 != records {
                return wrong("a wrong count of records in a batch");
            }
            (open, last) = (None, Some(time));
        } else if line.starts_with(b"{\"close\":") {
            let quiet = open.is_none() && rest.is_empty();
            return if quiet { Ok(batches) } else { wrong("a close that is not the end") };
        } else {
            return wrong("not a control line");
        }
    }
    Err("no close".to_owned())
}

//! What a checkpoint keeps of a batch: the newest STATE at its end, and its records.
//!
//! ```text
//! state    0, or 1 and length, STATE
//! records  0, length, record; or 1, length, what came, length, why it is bad
//! ```

use sstream::connect::{SourceError, varint};

use super::queue::{Item, State};

/// What is recorded is no position of a tap.
pub const WRONG: SourceError = SourceError::Position { what: "of the tap" };

/// Appends a STATE, if there is one.
pub fn push_state(state: Option<&State>, out: &mut Vec<u8>) {
    out.push(u8::from(state.is_some()));
    if let Some(state) = state {
        push_bytes(state, out);
    }
}

/// Takes one from the front.
///
/// # Errors
/// There is none.
pub fn take_state(bytes: &mut &[u8]) -> Result<Option<State>, SourceError> {
    match bytes.split_off_first() {
        Some(0) => Ok(None),
        Some(1) => Ok(Some(take_bytes(bytes)?.into())),
        _ => Err(WRONG),
    }
}

/// Appends a record, or a line that is none.
pub fn push_item(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Record(record) => {
            out.push(0);
            push_bytes(record, out);
        }
        Item::Bad(line, why) => {
            out.push(1);
            push_bytes(line, out);
            push_bytes(why.as_bytes(), out);
        }
        Item::State(_) => {}
    }
}

/// A record, or a line that is none, and why.
type Kept<'b> = Result<&'b [u8], (&'b [u8], String)>;

/// Takes a record, or a line that is none, from the front.
///
/// # Errors
/// There is none.
pub fn take_item<'b>(bytes: &mut &'b [u8]) -> Result<Kept<'b>, SourceError> {
    match bytes.split_off_first() {
        Some(0) => Ok(Ok(take_bytes(bytes)?)),
        Some(1) => {
            let line = take_bytes(bytes)?;
            Ok(Err((line, String::from_utf8_lossy(take_bytes(bytes)?).into_owned())))
        }
        _ => Err(WRONG),
    }
}

fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    varint::push(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], SourceError> {
    let length = varint::take(bytes).and_then(|length| usize::try_from(length).ok()).ok_or(WRONG)?;
    bytes.split_off(..length).ok_or(WRONG)
}

#[cfg(test)]
mod tests {
    use sstream::connect::{Position, SourceKind as _};

    use super::*;
    use crate::SourceArgs;

    #[test]
    fn what_is_kept_comes_back() {
        let items = [Item::Record(b"{}\n".to_vec()), Item::Bad(b"x".to_vec(), "why".to_owned())];
        for state in [None, Some(State::from(&b"{\"n\":1}"[..]))] {
            let mut kept = Vec::new();
            push_state(state.as_ref(), &mut kept);
            items.iter().for_each(|item| push_item(item, &mut kept));
            let mut rest = kept.as_slice();
            assert_eq!(take_state(&mut rest).unwrap(), state);
            assert_eq!(take_item(&mut rest).unwrap(), Ok(&b"{}\n"[..]));
            assert_eq!(take_item(&mut rest).unwrap(), Err((&b"x"[..], "why".to_owned())));
            assert!(rest.is_empty() && take_state(&mut rest).is_err() && take_item(&mut rest).is_err());
            let shown = SourceArgs::show_position(&Position::default(), &kept).unwrap();
            assert_eq!(shown, if state.is_some() { "up to STATE {\"n\":1}" } else { "before the first STATE" });
        }
    }
}

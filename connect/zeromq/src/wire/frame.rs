//! Frames: a byte of flags, a length of one byte or of eight, and a body.

use std::ops::Range;

use super::error::Broken;

/// More parts of the same message follow.
pub const MORE: u8 = 1;
const LONG: u8 = 2;
/// It is for the other end's socket, and no message.
pub const COMMAND: u8 = 4;

/// A frame among bytes that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// [`MORE`] and [`COMMAND`].
    pub flags: u8,
    /// Where its body is.
    pub body: Range<usize>,
}

/// Appends a frame.
pub fn push(flags: u8, body: &[u8], out: &mut Vec<u8>) {
    push_head(flags, body.len(), out);
    out.extend_from_slice(body);
}

/// Appends what stands in front of a body of this length.
pub fn push_head(flags: u8, length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short) => out.extend([flags, short]),
        Err(_) => {
            out.push(flags | LONG);
            out.extend((length as u64).to_be_bytes());
        }
    }
}

/// The first frame of `bytes`, and nothing if it is not whole yet.
///
/// # Errors
/// It is none, or one longer than `longest` bytes.
pub fn read(bytes: &[u8], longest: usize) -> Result<Option<Frame>, Broken> {
    let Some(&flags) = bytes.first() else { return Ok(None) };
    if flags & !(MORE | LONG | COMMAND) != 0 {
        return Err(Broken::passing("what came is no ZMTP: a frame of unknown flags"));
    }
    let (length, begin) = match flags & LONG {
        0 => match bytes.get(1) {
            Some(&length) => (u64::from(length), 2),
            None => return Ok(None),
        },
        _ => match bytes.get(1..9).and_then(|length| length.try_into().ok()) {
            Some(length) => (u64::from_be_bytes(length), 9),
            None => return Ok(None),
        },
    };
    if length > longest as u64 {
        return Err(Broken::TooLong(length));
    }
    let body = begin..begin + length as usize;
    Ok((bytes.len() >= body.end).then_some(Frame { flags: flags & !LONG, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_when_they_are_whole() {
        for (flags, length) in [(0, 0), (MORE, 255), (COMMAND, 256), (0, 70_000)] {
            let mut bytes = Vec::new();
            push(flags, &vec![7; length], &mut bytes);
            let whole = bytes.len();
            bytes.push(9);
            for cut in [0, 1, 2, 8, 9, whole - 1].into_iter().filter(|cut| *cut < whole) {
                assert_eq!(read(&bytes[..cut], 70_000), Ok(None), "{length} cut at {cut}");
            }
            let frame = read(&bytes, 70_000).unwrap().unwrap();
            assert_eq!((frame.flags, frame.body.len(), frame.body.end), (flags, length, whole));
        }
    }

    #[test]
    fn what_is_none_is_told_before_it_is_there() {
        assert_eq!(read(&[0, 6], 5), Err(Broken::TooLong(6)));
        assert_eq!(read(&[LONG, 255, 255, 255, 255, 255, 255, 255, 255], 5), Err(Broken::TooLong(u64::MAX)));
        assert!(matches!(read(b"GET / HTTP", 5), Err(Broken::Passing(_))));
    }
}

//! Where a file ends in which reading begins at the end: behind the last whole record.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::record::forms::msgpack::Walk;
use crate::record::forms::{Coding, Framing};

/// The byte after the last whole record.
pub fn last_end(file: &File, coding: Coding) -> io::Result<u64> {
    let mut beginning = [0; 2];
    let length = file.read_at(&mut beginning, 0)?;
    let coding = coding.by_beginning(&beginning[..length]).unwrap_or(coding);
    let mut end = file.metadata()?.len();
    match coding.framing() {
        Framing::Fixed(length) => return Ok(end / length as u64 * length as u64),
        Framing::Msgpack => return last_value_end(file),
        Framing::Lines | Framing::Nul | Framing::Octets => {}
    }
    // Pieces are of whole units.
    end -= end % coding.unit() as u64;
    let mut buffer = vec![0; 64 << 10];
    while end > 0 {
        let from = end.saturating_sub(buffer.len() as u64);
        let piece = &mut buffer[..(end - from) as usize];
        match file.read_exact_at(piece, from) {
            // It has become shorter since it was looked at.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                end = from.min(file.metadata()?.len());
                continue;
            }
            done => done?,
        }
        let whole = coding.whole(piece, 0);
        if whole > 0 {
            return Ok(from + whole as u64);
        }
        end = from;
    }
    Ok(0)
}

/// The byte after the last whole value of MessagePack: from the beginning on, as nothing tells where one begins.
fn last_value_end(file: &File) -> io::Result<u64> {
    let (mut end, mut at) = (0, 0);
    let mut walk = Walk::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read_at(&mut buffer, at)?;
        let (before, mut piece) = (at, &buffer[..count]);
        loop {
            match walk.step(piece) {
                Ok(length) => {
                    at += length as u64;
                    (end, walk, piece) = (at, Walk::new(), &piece[length..]);
                }
                Err(passed) => {
                    at += passed as u64;
                    break;
                }
            }
        }
        if at == before {
            return Ok(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_end_of_the_last_value_is_found_over_pieces() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(last_value_end(&file).unwrap(), 0);
        let long = [&[0xda, 0xff, 0xff][..], &[b'x'; 0xffff]].concat();
        for _ in 0..3 {
            file.write_all(&long).unwrap();
            file.write_all(b"\x01").unwrap();
        }
        let whole = 3 * (long.len() as u64 + 1);
        assert_eq!(last_end(&file, Coding::new(Framing::Msgpack, None)).unwrap(), whole);
        file.write_all(&long[..long.len() - 1]).unwrap();
        assert_eq!(last_value_end(&file).unwrap(), whole);
    }
}

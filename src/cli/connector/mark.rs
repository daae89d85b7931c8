//! How a connector's program is told from a program of lines without being started: each
//! file that holds a connector's main function holds this mark. A program of lines may be
//! anything, and may do anything when it is started to be asked. One with the mark is asked by a word in front of its arguments.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use memchr::memmem;

/// In a program: it is a stage, and answers `--declare`.
static MARK: [u8; 40] = *b"\0sstream connector: answers --declare 1\0";

/// Asks what a program would do.
pub const DECLARE: &str = "--declare";

/// Asks for documentation.
pub const GENERATE: &str = "--generate";

/// Asks how a position reads.
pub const SHOW_POSITION: &str = "--show-position";

/// Asks an operator's program to show a state: `sstream-NAME --show-state DIR STAGE T ARGUMENTS`.
pub const SHOW_STATE: &str = "--show-state";

/// No option of a kind may be called like this.
pub const WORDS: [&str; 4] = [DECLARE, GENERATE, SHOW_POSITION, SHOW_STATE];

/// How much of a file is looked at together, in bytes.
const PIECE: usize = 1 << 20;

/// Has the mark in this program.
pub fn leave() {
    std::hint::black_box(&MARK);
}

/// Whether a file is a connector's program. A script that starts one is none.
pub fn is_in(program: &Path) -> bool {
    File::open(program).and_then(|mut file| search(&mut file)).unwrap_or(false)
}

fn search(file: &mut impl io::Read) -> io::Result<bool> {
    let finder = memmem::Finder::new(&MARK);
    let mut bytes = Vec::with_capacity(PIECE + MARK.len());
    let mut is_first = true;
    loop {
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut bytes)?;
        if read == 0 || is_first && bytes.starts_with(b"#!") {
            return Ok(false);
        }
        is_first = false;
        if finder.find(&bytes).is_some() {
            return Ok(true);
        }
        // The mark may begin at the end of this piece.
        bytes.drain(..bytes.len().saturating_sub(MARK.len() - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_wherever_it_is_and_not_in_a_script() {
        for before in [0, 1, PIECE - 1, PIECE - 20, PIECE, 3 * PIECE - MARK.len() / 2] {
            let mut bytes = vec![b'x'; before];
            bytes.extend(MARK);
            bytes.extend(b"more");
            assert!(search(&mut &bytes[..]).unwrap(), "{before}");
            assert!(!search(&mut &bytes[..before + MARK.len() - 1]).unwrap(), "{before}");
        }
        assert!(!search(&mut &[b"#!/bin/sh\n", &MARK[..]].concat()[..]).unwrap());
        assert!(!search(&mut &b""[..]).unwrap());
    }
}

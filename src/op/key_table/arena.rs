//! Byte strings one behind another.

use crate::varint;

/// The size of a piece, and the power of two that it is.
const PIECE_BITS: u32 = 20;
pub(super) const PIECE_BYTES: usize = 1 << PIECE_BITS;

/// A place that is none.
pub(super) const NO_PLACE: u64 = u64::MAX;

/// Byte strings one behind another, each with its length before it, in pieces
/// that are never moved. Only a string longer than a piece has a longer one, for
/// itself.
#[derive(Default)]
pub(super) struct Arena {
    pieces: Vec<Vec<u8>>,
    /// The piece that is being filled; those behind are empty.
    open: usize,
}

impl Arena {
    /// Appends a string and says where: number of the piece and offset in it.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> u64 {
        let needed = length_bytes(bytes.len()) + bytes.len();
        if self.pieces.get(self.open).is_none_or(|piece| piece.len() + needed > PIECE_BYTES) {
            self.open_piece(needed);
        }
        let piece = &mut self.pieces[self.open];
        let place = (self.open as u64) << PIECE_BITS | piece.len() as u64;
        varint::push(bytes.len() as u64, piece);
        piece.extend_from_slice(bytes);
        place
    }

    /// Makes `pieces[open]` one with room.
    #[cold]
    fn open_piece(&mut self, needed: usize) {
        if self.pieces.get(self.open).is_some_and(|piece| !piece.is_empty()) {
            self.open += 1;
        }
        if self.open == self.pieces.len() {
            // The first grows by itself: most tables are small.
            self.pieces.push(Vec::with_capacity(if self.open == 0 { 0 } else { needed.max(PIECE_BYTES) }));
        }
    }

    #[inline]
    pub fn get(&self, place: u64) -> &[u8] {
        let piece = self.pieces.get((place >> PIECE_BITS) as usize);
        let Some(rest) = piece.and_then(|piece| piece.get(place as usize & (PIECE_BYTES - 1)..)) else {
            return &[];
        };
        let (length, start) = match rest {
            [length @ 0..0x80, ..] => (usize::from(*length), 1),
            _ => take_length(rest),
        };
        rest.get(start..start + length).unwrap_or_default()
    }

    /// The string at `place`, its length before it, and what is behind it, if
    /// that is there to be read.
    #[inline]
    pub fn read<const BYTES: usize>(&self, place: u64) -> Option<&[u8; BYTES]> {
        let piece = self.pieces.get((place >> PIECE_BITS) as usize)?;
        piece.get(place as usize & (PIECE_BYTES - 1)..)?.first_chunk()
    }

    /// Takes back the string that was appended last, which is at `place`.
    pub fn undo(&mut self, place: u64) {
        if let Some(piece) = self.pieces.get_mut((place >> PIECE_BITS) as usize) {
            piece.truncate(place as usize & (PIECE_BYTES - 1));
        }
    }

    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    pub fn clear(&mut self) {
        self.open = 0;
        self.pieces.iter_mut().for_each(Vec::clear);
    }
}

/// How many bytes [`varint::push`] appends.
fn length_bytes(length: usize) -> usize {
    (usize::BITS - (length | 1).leading_zeros()).div_ceil(7) as usize
}

/// Reads a length, and how many bytes it took.
fn take_length(bytes: &[u8]) -> (usize, usize) {
    let mut rest = bytes;
    let length = varint::take(&mut rest).unwrap_or(0);
    (length as usize, bytes.len() - rest.len())
}

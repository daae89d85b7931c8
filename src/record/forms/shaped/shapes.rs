//! The shapes of lines: lines that come one behind another mostly differ in their scalars
//! and in nothing else. What stands between the scalars of a line (brackets, keys, commas) was
//! checked when it first came, and is only compared when it comes again.
//!
//! A shape is a chain of [`Between`]s: up to the first scalar, between two, and behind the last up
//! to the line's end. Shapes that begin alike share their beginning, as in a trie. Each has
//! come from a line that is valid and in whose objects no two keys are equal; so any line of the same
//! chain is too, whatever valid scalars it has.

use std::ops::Range;

/// So many links of chains are kept at most; when there are more, all are forgotten.
const MOST_LINKS: usize = 1024;

/// A line of more scalars is not worth the room.
const MOST_SCALARS: usize = 256;

/// So many different things may follow one another in the same place at most: beyond that, keys are
/// data.
const MOST_OTHERS: usize = 8;

/// After so many lines it is looked at whether shapes are worth while. If they are not, so many lines are
/// read without them before they are tried again: twice as many each time, since what a trial learns is
/// lost, and learning takes longer than reading.
const TRIAL: u32 = 1024;
const FIRST_PAUSE: u32 = 16 * TRIAL;
const LONGEST_PAUSE: u32 = 256 * TRIAL;

/// How many bytes are compared at once.
const AT_ONCE: usize = size_of::<u128>();

/// What stands between two scalars, as it came and as it is in canonical JSON.
#[derive(Clone, Debug)]
pub(super) struct Between {
    /// The first bytes of it, and which bits of them count.
    first: u128,
    mask: u128,
    came: Box<[u8]>,
    canonical: Box<[u8]>,
    /// Whether `canonical` is `came`.
    is_canonical: bool,
    /// Whether it is all up to the line's end, and that too.
    ends_line: bool,
}

impl Between {
    fn new(came: &[u8], canonical: &[u8]) -> Between {
        let mut first = [0; AT_ONCE];
        let mut mask = [0; AT_ONCE];
        for (index, byte) in came.iter().enumerate().take(AT_ONCE) {
            (first[index], mask[index]) = (*byte, u8::MAX);
        }
        Between {
            first: u128::from_le_bytes(first),
            mask: u128::from_le_bytes(mask),
            came: came.into(),
            canonical: canonical.into(),
            is_canonical: came == canonical,
            ends_line: came.ends_with(b"\n"),
        }
    }

    /// Where it ends, if it stands in `text` at `at`.
    #[inline]
    pub(super) fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let end = at + self.came.len();
        let is_here = match text.get(at..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => {
                (u128::from_le_bytes(*bytes) ^ self.first) & self.mask == 0
                    && (self.came.len() <= AT_ONCE || text.get(at + AT_ONCE..end) == Some(&self.came[AT_ONCE..]))
            }
            None => text.get(at..end) == Some(&self.came),
        };
        is_here.then_some(end)
    }

    /// What has to be written in its place, if that is something else.
    #[inline]
    pub(super) fn rewritten(&self) -> Option<&[u8]> {
        (!self.is_canonical).then_some(&*self.canonical)
    }

    /// Whether it is the last of a line; if not, a scalar follows.
    #[inline]
    pub(super) fn ends_line(&self) -> bool {
        self.ends_line
    }
}

/// Where a scalar is in a line, and in what was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::record::forms) struct Scalar {
    pub(in crate::record::forms) came: Range<usize>,
    pub(in crate::record::forms) made: Range<usize>,
}

/// A place in the chains.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// What stands there.
    pub(super) between: Between,
    /// What may follow behind the next scalar.
    pub(super) next: Place,
    /// What else may stand there.
    pub(super) other: Place,
}

/// The index of a link, if there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(Option<u32>);

/// The shapes that are known.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    links: Vec<Link>,
    /// Lines that were read with shapes, and those of them whose shape was not known.
    tried: u32,
    missed: u32,
    /// So many lines are read without.
    pause: u32,
    next_pause: u32,
}

impl Default for Shapes {
    fn default() -> Shapes {
        Shapes { links: Vec::new(), tried: 0, missed: 0, pause: 0, next_pause: FIRST_PAUSE }
    }
}

impl Shapes {
    /// Whether the next line should be read with shapes.
    #[inline]
    pub(super) fn are_tried(&self) -> bool {
        self.pause == 0
    }

    /// A line was read with shapes, be its own known or not.
    #[inline]
    pub(super) fn tried(&mut self) {
        self.tried += 1;
        if self.tried == TRIAL {
            self.judge();
        }
    }

    #[cold]
    fn judge(&mut self) {
        if self.missed > TRIAL / 2 {
            self.links.clear();
            self.pause = self.next_pause;
            self.next_pause = LONGEST_PAUSE.min(2 * self.next_pause);
        } else {
            self.next_pause = FIRST_PAUSE;
        }
        (self.tried, self.missed) = (0, 0);
    }

    /// A line was read without shapes, as they are not tried.
    #[inline]
    pub(super) fn paused(&mut self) {
        self.pause = self.pause.saturating_sub(1);
    }

    /// Where lines begin.
    #[inline]
    pub(super) fn start(&self) -> Place {
        Place((!self.links.is_empty()).then_some(0))
    }

    /// The link at a place.
    #[inline]
    pub(super) fn get(&self, place: Place) -> Option<&Link> {
        self.links.get(place.0? as usize)
    }

    /// Learns the shape of a line, which has its end, from it and what it is in canonical JSON,
    /// with where each scalar is in both. No two keys of an object may be equal.
    pub(super) fn learn(&mut self, line: &[u8], canonical: &[u8], scalars: impl Iterator<Item = Scalar>) {
        self.missed += 1;
        let (mut came, mut made) = (0, 0);
        let mut chain = Vec::new();
        for scalar in scalars {
            chain.push(Between::new(&line[came..scalar.came.start], &canonical[made..scalar.made.start]));
            (came, made) = (scalar.came.end, scalar.made.end);
            if chain.len() > MOST_SCALARS {
                return;
            }
        }
        chain.push(Between::new(&line[came..], &canonical[made..]));
        if self.links.len() + chain.len() > MOST_LINKS {
            self.links.clear();
        }
        self.add(chain);
    }

    fn add(&mut self, chain: Vec<Between>) {
        // The link behind which the next one comes.
        let mut before: Option<usize> = None;
        for between in chain {
            let first = match before {
                Some(before) => self.links[before].next,
                None => self.start(),
            };
            let (mut place, mut last, mut others) = (first, None, 0);
            while let Place(Some(index)) = place
                && self.links[index as usize].between.came != between.came
            {
                last = Some(index as usize);
                place = self.links[index as usize].other;
                others += 1;
            }
            if let Place(Some(index)) = place {
                before = Some(index as usize);
                continue;
            }
            if others >= MOST_OTHERS {
                return;
            }
            let new = self.links.len();
            let place = Place(Some(new as u32));
            self.links.push(Link { between, next: Place::default(), other: Place::default() });
            match (last, before) {
                (Some(last), _) => self.links[last].other = place,
                (None, Some(before)) => self.links[before].next = place,
                (None, None) => {}
            }
            before = Some(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scalars of a line in which these are the digits.
    fn digits(line: &str) -> impl Iterator<Item = Scalar> {
        let digits = line.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
        digits.map(|(at, _)| Scalar { came: at..at + 1, made: at..at + 1 })
    }

    #[test]
    fn shapes_share_their_beginning() {
        let mut shapes = Shapes::default();
        for line in ["{\"a\":1,\"b\":2}\n", "{\"a\":3}\n", "{\"a\":7,\"b\":[]}\n", "{\"a\":7,\"b\":4}\n"] {
            shapes.learn(line.as_bytes(), line.as_bytes(), digits(line));
        }
        let links: Vec<&[u8]> = shapes.links.iter().map(|link| &*link.between.came).collect();
        assert_eq!(links, [&b"{\"a\":"[..], b",\"b\":", b"}\n", b"}\n", b",\"b\":[]}\n"]);
    }

    #[test]
    fn keys_that_are_data_take_little_room_and_are_not_tried_for_ever() {
        let mut shapes = Shapes::default();
        for pause in [16, 32, 64, 128, 256, 256] {
            for number in 0..TRIAL {
                assert!(shapes.are_tried());
                assert!(shapes.links.len() <= 2 * MOST_OTHERS);
                let line = format!("{{\"{}\":1}}\n", "x".repeat(number as usize));
                shapes.learn(line.as_bytes(), line.as_bytes(), digits(&line));
                shapes.tried();
            }
            assert!(shapes.get(shapes.start()).is_none());
            for _ in 0..pause * TRIAL {
                assert!(!shapes.are_tried());
                shapes.paused();
            }
        }
        // Lines that are alike again are tried as at first.
        (0..TRIAL).for_each(|_| shapes.tried());
        assert_eq!((shapes.are_tried(), shapes.next_pause), (true, FIRST_PAUSE));
    }
}

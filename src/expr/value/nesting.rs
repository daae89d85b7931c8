//! How deep values are nested: what walks through one (writing, comparing, taking it out of memory)
//! calls itself for each level, and a stack that overflows ends the process.
//!
//! A value knows a depth that it does not exceed: that of its deepest part and one more, and of a part one
//! less than what it was taken from. Where that is more than what is allowed the value is measured.

use std::cell::Cell;
use std::collections::HashMap;

use jaq_json::{Rc, Val};

use crate::record::MAX_DEPTH;

/// Values that are nested deeper make a bad record. A record has half of it at most, so
/// that a program may put much around one.
pub(in crate::expr) const NESTING_MAX: usize = 2 * MAX_DEPTH;

/// At most so many levels of arrays and objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nesting(usize);

thread_local! {
    static WAS_EXCEEDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a value would have been nested too deep since this was last asked. In its place
/// there was null, so that what came of it is void.
pub(in crate::expr) fn take_exceeded() -> bool {
    WAS_EXCEEDED.replace(false)
}

impl Nesting {
    /// Of what is neither an array nor an object.
    pub const FLAT: Nesting = Nesting(0);

    /// Of what was read from JSON.
    pub fn of_read(value: &Val) -> Nesting {
        if is_flat(value) { Nesting::FLAT } else { Nesting(MAX_DEPTH) }
    }

    /// Of a part of what is nested so.
    pub fn of_part(self, part: &Val) -> Nesting {
        if is_flat(part) { Nesting::FLAT } else { Nesting(self.0.saturating_sub(1)) }
    }

    /// Of what has parts that are nested so.
    pub fn around(self) -> Nesting {
        Nesting(self.0 + 1)
    }

    /// Measured. Its parts are nested no deeper than is allowed.
    pub fn measure(value: &Val) -> Nesting {
        Nesting(levels(value, &mut HashMap::new()))
    }

    /// The value with its nesting, or null where it is nested too deep.
    pub fn check(self, value: Val) -> (Val, Nesting) {
        if self.0 <= NESTING_MAX {
            return (value, self);
        }
        match Nesting::measure(&value) {
            Nesting(measured) if measured > NESTING_MAX => {
                WAS_EXCEEDED.set(true);
                (Val::Null, Nesting::FLAT)
            }
            measured => (value, measured),
        }
    }
}

/// The levels of a value. Parts that it has more than once are looked at once: there may be
/// exponentially many ways to them.
fn levels(value: &Val, shared: &mut HashMap<*const (), usize>) -> usize {
    let (place, is_shared) = match value {
        Val::Arr(items) => (Rc::as_ptr(items).cast(), Rc::strong_count(items) > 1),
        Val::Obj(map) => (Rc::as_ptr(map).cast(), Rc::strong_count(map) > 1),
        _ => return 0,
    };
    if let Some(&known) = shared.get(&place).filter(|_| is_shared) {
        return known;
    }
    let below = match value {
        Val::Arr(items) => items.iter().map(|part| levels(part, shared)).max(),
        Val::Obj(map) => map.values().map(|part| levels(part, shared)).max(),
        _ => None,
    };
    let levels = 1 + below.unwrap_or(0);
    if is_shared {
        shared.insert(place, levels);
    }
    levels
}

fn is_flat(value: &Val) -> bool {
    !matches!(value, Val::Arr(_) | Val::Obj(_))
}

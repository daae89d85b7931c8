//! The source: each object once and whole, in the order in which they were written.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use sstream::connect::files::{Boundary, LineReader, Lines};
use sstream::connect::{
    BLOCK_BYTES, Bad, Came, OnLoss, Position, ReadAgain, Ready, Reason, RecordSource, Room, SourceError, SourceParts,
    Wake,
};

use crate::again::Again;
use crate::fetch::{Fetch, Handle, Reading};
use crate::lister::{Lister, Look};
use crate::position::{Entry, Range, Record};
use crate::store::Object;
use crate::trouble::{ObjectsError, Trouble};

/// What a user can choose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Leave what is there at the first start.
    pub new_only: bool,
    /// Take what is there, and no more.
    pub available_now: bool,
}

/// An object of which records are made.
pub struct Open {
    /// Which.
    pub object: Object,
    /// What comes of it.
    pub fetch: Rc<RefCell<Fetch>>,
    /// Its lines.
    pub lines: LineReader,
    /// Nothing more comes.
    is_at_end: bool,
}

impl Open {
    /// Reads an object from there on.
    ///
    /// # Errors
    /// What comes before that and is needed cannot be read.
    pub fn new(reading: &Reading, object: Object, from: Boundary, lines: &Lines) -> Result<Open, (Object, Trouble)> {
        let fetch = Rc::new(RefCell::new(Fetch::start(reading.clone(), object.clone(), from.offset)));
        let url = object.url.clone();
        match LineReader::open(url.clone(), url.as_bytes(), Box::new(Handle(fetch.clone())), from, lines) {
            Ok(lines) => Ok(Open { object, fetch, lines, is_at_end: false }),
            Err(error) => {
                let trouble = fetch.borrow().trouble().cloned();
                Err((object, trouble.unwrap_or_else(|| Trouble::Hopeless(error.to_string()))))
            }
        }
    }

    /// What the store said, where that is why reading failed.
    pub fn trouble(&self, error: SourceError) -> Result<Trouble, SourceError> {
        self.fetch.borrow().trouble().cloned().ok_or(error)
    }

    fn has_records(&self) -> bool {
        self.is_at_end || self.lines.has_line()
    }
}

/// An object that is known: it is taken, or waits for its turn.
#[derive(Debug)]
struct Known {
    object: Object,
    is_done: bool,
    /// The look that saw it last.
    seen_in: u64,
}

/// Records of objects.
pub struct ObjectSource {
    reading: Reading,
    lines: Lines,
    options: Options,
    parts: SourceParts,
    wake: Wake,
    lister: Lister,
    /// By URL.
    known: HashMap<String, Known>,
    /// How many looks are over.
    looks: u64,
    /// New ones that the look that goes on has found.
    found: Vec<Object>,
    /// Those that wait for their turn.
    waiting: VecDeque<Entry>,
    open: Option<Open>,
    /// What the next position says of objects, beside that which is open, and of which ranges it is made.
    taken: Record,
    /// It must be kept even if no record was taken.
    is_urgent: bool,
    is_first_start: bool,
    /// A checkpoint knows how far it has come.
    is_kept: bool,
    left_out: Vec<String>,
    again: Option<Again>,
}

impl ObjectSource {
    /// Takes what the lister finds.
    pub fn new(reading: Reading, lister: Lister, options: Options, parts: SourceParts, wake: Wake) -> ObjectSource {
        ObjectSource {
            reading,
            lines: Lines { recipe: parts.recipe.clone(), max_line: parts.max_line },
            options,
            parts,
            wake,
            lister,
            known: HashMap::new(),
            looks: 0,
            found: Vec::new(),
            waiting: VecDeque::new(),
            open: None,
            taken: Record::default(),
            is_urgent: false,
            is_first_start: true,
            is_kept: false,
            left_out: Vec::new(),
            again: None,
        }
    }

    /// Takes what the lister has found so far.
    fn look(&mut self) -> Result<(), SourceError> {
        loop {
            match self.lister.looks.try_recv() {
                Ok(Look::Page(objects)) => objects.into_iter().for_each(|object| self.consider(object)),
                Ok(Look::End) => self.look_is_over(),
                Ok(Look::Failed(what, trouble)) => return Err(hopeless(&what, &trouble)),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }

    fn consider(&mut self, object: Object) {
        let seen_in = self.looks;
        if let Some(known) = self.known.get_mut(&object.url) {
            known.seen_in = seen_in;
            if known.object.is_same(&object) {
                return;
            }
            // One that was not begun is not there any more.
            let begun = |waiting: &Entry| waiting.boundary != Some(Boundary::at(0));
            self.waiting.retain(|waiting| waiting.object.url != object.url || begun(waiting));
            self.found.retain(|found| found.url != object.url);
        }
        if self.open.as_ref().is_some_and(|open| open.object.url == object.url) {
            // Its turn comes when that one is over, or is seen to be gone.
            return;
        }
        let is_left = self.options.new_only && self.is_first_start && self.looks == 0;
        self.known.insert(object.url.clone(), Known { object: object.clone(), is_done: is_left, seen_in });
        match is_left {
            true => self.taken.entries.push(Entry { object, boundary: None }),
            false => self.found.push(object),
        }
    }

    fn look_is_over(&mut self) {
        if self.looks == 0 && self.known.is_empty() {
            self.parts.console.warn("there is no such object yet: is the URL right?");
        }
        // A restart must know that this was the start.
        self.is_urgent |= self.looks == 0 && self.is_first_start && self.options.new_only;
        self.looks += 1;
        let looks = self.looks;
        self.known.retain(|_, known| !known.is_done || known.seen_in + 2 >= looks);
        self.found.sort_by(|a, b| (a.modified_ms, &a.url).cmp(&(b.modified_ms, &b.url)));
        let new = self.found.drain(..).map(|object| Entry { object, boundary: Some(Boundary::at(0)) });
        self.waiting.extend(new);
    }

    /// Reads until something came, or there is nothing more now.
    fn read(&mut self) -> Result<bool, SourceError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(next) = self.waiting.pop_front() else { return Ok(false) };
                self.begin(next)?;
                continue;
            };
            if open.has_records() {
                return Ok(true);
            }
            if !open.fetch.borrow_mut().poll() {
                return Ok(false);
            }
            match open.lines.read(u64::MAX) {
                Ok(0) => open.is_at_end = true,
                Ok(_) => {}
                Err(error) => {
                    let trouble = open.trouble(error)?;
                    let boundary = open.lines.boundary();
                    if let Some(Open { object, .. }) = self.open.take() {
                        self.lost(object, boundary, &trouble)?;
                    }
                }
            }
        }
    }

    fn begin(&mut self, entry: Entry) -> Result<(), SourceError> {
        let from = entry.boundary.unwrap_or_default();
        match Open::new(&self.reading, entry.object, from, &self.lines) {
            Ok(open) => self.open = Some(open),
            Err((object, trouble)) => self.lost(object, from, &trouble)?,
        }
        Ok(())
    }

    /// An object cannot be read on; it was read up to there.
    fn lost(&mut self, object: Object, at: Boundary, trouble: &Trouble) -> Result<(), SourceError> {
        let url = object.url.clone();
        match trouble {
            Trouble::Gone | Trouble::Changed if at == Boundary::at(0) => {
                self.parts.console.warn(&format!("{url}: {trouble} any more as it was found: left out"));
                // Another one of its name is found by the next look, unless it was already.
                if self.known.get(&url).is_some_and(|known| known.object.is_same(&object)) {
                    self.known.remove(&url);
                }
                return Ok(());
            }
            Trouble::Gone | Trouble::Changed => {
                let what = format!("{url}, from byte {} on", at.offset);
                tell_lost(&self.parts, what, trouble)?;
            }
            Trouble::Damaged(_) => {
                self.parts.console.warn(&format!("{url}: {trouble}: what came before counts, the rest is left out"));
                self.left_out.push(url);
            }
            _ => return Err(hopeless(&url, trouble)),
        }
        self.is_urgent = true;
        self.finish_object(object);
        Ok(())
    }

    /// All of an object that is to be taken was.
    fn finish_object(&mut self, object: Object) {
        let seen_in = self.looks;
        let known = self.known.entry(object.url.clone());
        let known = known.or_insert_with(|| Known { object: object.clone(), is_done: true, seen_in });
        // Another one of its name may wait for its turn.
        known.is_done |= known.object.is_same(&object);
        match self.taken.entries.last_mut().filter(|entry| entry.object == object) {
            Some(entry) => entry.boundary = None,
            None => self.taken.entries.push(Entry { object, boundary: None }),
        }
    }

    /// Records were made of a range.
    fn took(&mut self, object: &Object, from: Boundary, to: Boundary) {
        let Record { entries, ranges } = &mut self.taken;
        // Only what is being read has ranges, and it is the last one then.
        if entries.last().is_none_or(|entry| entry.object != *object) {
            entries.push(Entry { object: object.clone(), boundary: None });
        }
        let index = entries.len() - 1;
        entries[index].boundary = Some(to);
        match ranges.last_mut() {
            Some(last) if last.object == index => last.to = to,
            _ => ranges.push(Range { object: index, from, to }),
        }
    }
}

/// Part of an object is gone: an error, unless `--on-loss skip` says otherwise.
pub fn tell_lost(parts: &SourceParts, what: String, trouble: &Trouble) -> Result<(), SourceError> {
    let reason = match trouble {
        Trouble::Changed => "another object has taken its name",
        _ => "the object was removed",
    };
    match parts.on_loss {
        OnLoss::Fail => Err(SourceError::Gone { what, reason: reason.to_owned() }),
        OnLoss::Skip => {
            parts.console.warn(&format!("{what}: {reason}: left out as --on-loss says"));
            Ok(())
        }
    }
}

/// A store that says that trying again is no use.
pub fn hopeless(what: &str, trouble: &Trouble) -> SourceError {
    SourceError::kind(ObjectsError::Hopeless { what: what.to_owned(), message: trouble.to_string() })
}

fn read_record(bytes: &[u8]) -> Result<Record, SourceError> {
    Record::read(bytes).ok_or(SourceError::Position { what: "of objects" })
}

impl RecordSource for ObjectSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let deadline = Instant::now() + timeout;
        loop {
            self.look()?;
            if self.read()? {
                return Ok(Came::Something);
            }
            if self.options.available_now && self.looks > 0 && self.open.is_none() {
                return Ok(Came::Stop);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let ready = self.parts.waited.during(|| self.wake.wait(Some(&self.parts.stop), left));
            match ready.map_err(|error| SourceError::read("objects", error))? {
                Ready::Wake => return Ok(Came::Stop),
                Ready::Timeout => return Ok(Came::Timeout),
                Ready::Input => {}
            }
        }
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    fn has_records(&self) -> bool {
        self.open.as_ref().is_some_and(Open::has_records)
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let Some(mut open) = self.open.take() else { return Ok(0) };
        let from = open.lines.boundary();
        let is_last = !open.lines.has_line();
        let records = match is_last {
            true => open.lines.finish(block, bad)?,
            false => open.lines.take(room, block, bad)?,
        };
        let to = open.lines.boundary();
        if to != from {
            self.took(&open.object, from, to);
        }
        match is_last {
            true => self.finish_object(open.object),
            false => self.open = Some(open),
        }
        Ok(records)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        let at = self.open.as_ref().map(|open| (&open.object.url, open.lines.boundary().offset));
        let unread = self.waiting.len();
        let message = match at {
            None if unread == 0 => return Ok(0),
            None => format!("{unread} objects were left unread at the stop"),
            Some((url, at)) => {
                format!("{url} was read up to byte {at} at the stop, and {unread} more objects left unread")
            }
        };
        // A later start goes on there, if somebody knows where that is.
        if self.is_kept {
            self.parts.console.info(&message)
        } else {
            self.parts.console.warn(&message)
        }
        Ok(0)
    }

    fn close(&mut self) -> Result<(), SourceError> {
        match self.options.available_now && !self.left_out.is_empty() {
            true => Err(SourceError::kind(ObjectsError::LeftOut(std::mem::take(&mut self.left_out)))),
            false => Ok(()),
        }
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl ReadAgain for ObjectSource {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.is_kept = true;
        let mut begun: Vec<Entry> = Vec::new();
        for bytes in std::iter::once(&position.base).chain(&position.since) {
            self.is_first_start &= bytes.is_empty();
            for entry in read_record(bytes)?.entries {
                begun.retain(|known| known.object.url != entry.object.url);
                let (url, is_done) = (entry.object.url.clone(), entry.boundary.is_none());
                self.known.insert(url, Known { object: entry.object.clone(), is_done, seen_in: 0 });
                if !is_done {
                    begun.push(entry);
                }
            }
        }
        self.waiting = begun.into();
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if !self.taken.ranges.is_empty() || std::mem::take(&mut self.is_urgent) {
            self.is_urgent = false;
            std::mem::take(&mut self.taken).write(delta);
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        let done = self.known.values().filter(|known| known.is_done);
        let mut entries: Vec<Entry> =
            done.map(|known| Entry { object: known.object.clone(), boundary: None }).collect();
        let begun = self.open.iter().map(|open| (&open.object, open.lines.boundary()));
        let waiting = self.waiting.iter().filter_map(|entry| Some((&entry.object, entry.boundary?)));
        let begun = begun.chain(waiting).filter(|(_, boundary)| *boundary != Boundary::at(0));
        entries.extend(begun.map(|(object, boundary)| Entry { object: object.clone(), boundary: Some(boundary) }));
        entries.sort_by(|a, b| a.object.url.cmp(&b.object.url));
        Record { entries, ranges: Vec::new() }.write(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.again = Some(Again::new(read_record(delta)?));
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let Some(again) = &mut self.again else { return Ok(None) };
        again.next_block(&self.reading, &self.lines, &self.parts, BLOCK_BYTES, block, bad)
    }
}

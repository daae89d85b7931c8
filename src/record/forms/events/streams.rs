//! The lines of a container, which its runtime wrote: long ones in parts of 16 KiB, and those of standard output and
//! standard error in turn. Of each stream the parts are put together, and its lines are joined to events, if
//! that is asked for. An event is a line as the runtime would have written it, had it not cut it and could
//! a line have newlines in it: with the first line's time.
//!
//! Events come in the order of their first lines, which is that of the runtime's times: one waits for those that began
//! before it. What one stream has begun is complete when the other's lines are later by the time
//! that is waited for, so that a stream that is silent holds up no other; it is lines that say so, and not
//! the clock, so that reading them again gives the same events.
//!
//! As an event of one stream may end behind the beginning of the other's that is not complete, the two are
//! taken up to different places: that is [`Ahead`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::runtime::{Part, Runtime, Stream};
use super::{Ahead, Event, Give, Join, Line, MakeJoin, Most};
use crate::error::Failure;
use crate::record::forms::Place;

/// Joins the lines of a container.
pub struct Streams {
    runtime: Runtime,
    most: Most,
    timeout_us: i64,
    sides: [Side; 2],
    /// Events that are complete, and wait for those that began before, by where they begin.
    whole: BTreeMap<Key, Whole>,
    /// From this byte on, lines are of this stream alone.
    stop: Option<(u64, Option<Stream>)>,
}

/// The order of lines: by file, and the byte in it.
type Key = (u32, u64);

fn key(place: Place) -> Key {
    (place.files, place.offset)
}

/// What stands before and behind the content of a line.
type Around = [Vec<u8>; 2];

/// One of the two streams.
struct Side {
    stream: Stream,
    /// A line of which not all parts came.
    half: Option<Half>,
    /// What makes events of its lines; without it each is one.
    join: Option<Box<dyn Join>>,
    /// What stood before and behind the lines that may be in what `join` holds.
    around: VecDeque<(Place, Around)>,
    /// Behind its last line.
    end: Key,
    /// When that was written.
    time_us: i64,
}

/// A line, by the parts of it that came.
struct Half {
    around: Around,
    content: Vec<u8>,
    parts: usize,
    place: Place,
    problem: Option<String>,
}

/// An event.
struct Whole {
    stream: Option<Stream>,
    text: Vec<u8>,
    place: Place,
    problem: Option<String>,
}

impl Streams {
    /// Of lines of a runtime, those of a stream joined by what `join` makes.
    pub fn new(runtime: Runtime, join: Option<&MakeJoin>, most: Most, timeout: Duration) -> Streams {
        let side = |stream| Side {
            stream,
            half: None,
            join: join.map(|make| make()),
            around: VecDeque::new(),
            end: Key::default(),
            time_us: 0,
        };
        let timeout_us = i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX);
        let sides = [Stream::Out, Stream::Err].map(side);
        Streams { runtime, most, timeout_us, sides, whole: BTreeMap::new(), stop: None }
    }

    /// Where the oldest event begins to which more may come.
    fn open(&self) -> Option<Key> {
        self.sides.iter().filter_map(Side::begun).map(key).min()
    }

    /// Gives what is complete, up to what is not. What began in a file before the one that lines come from now
    /// is given at once: so that file is over then.
    fn give_whole(&mut self, file: u32, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        let open = self.open();
        while let Some(first) = self.whole.first_entry()
            && open.is_none_or(|open| *first.key() < open && open.0 == file)
        {
            let Whole { text, place, problem, .. } = first.remove();
            give(Event { text: &text, place, problem: problem.as_deref() })?;
        }
        Ok(())
    }

    /// Whether a line at this place is to be taken still.
    fn is_left(&self, stream: Option<Stream>, place: Place) -> bool {
        let is_behind = stream.is_none_or(|stream| key(place) >= self.sides[stream as usize].end);
        let is_before = self.stop.is_none_or(|(stop, only)| place.offset < stop || (only.is_some() && only == stream));
        is_behind && is_before
    }

    fn push_part(&mut self, line: Line<'_>, part: &Part) -> Result<(), Box<dyn Failure>> {
        let Streams { runtime, most, sides, whole, .. } = self;
        let side = &mut sides[part.stream as usize];
        (side.end, side.time_us) = ((line.place.files, line.end), part.time_us);
        let content = &line.text[part.content.clone()];
        let half = match side.half.take() {
            Some(mut half) => {
                half.add(content, *most);
                half
            }
            None => Half {
                around: part.around(line.text),
                content: content.to_vec(),
                parts: 1,
                place: line.place,
                problem: None,
            },
        };
        if part.is_partial {
            side.half = Some(half);
            return Ok(());
        }
        side.push_line(half, *runtime, whole)
    }
}

impl Join for Streams {
    fn push(&mut self, line: Line<'_>, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        let part = self.runtime.part(line.text);
        let stream = part.as_ref().map(|part| part.stream);
        if !self.is_left(stream, line.place) {
            return Ok(());
        }
        let is_by_itself = part.as_ref().is_none_or(|part| !part.is_partial && self.sides[0].join.is_none());
        if is_by_itself && self.begun().is_none() {
            return give(Event { text: line.text, place: line.place, problem: None });
        }
        match part {
            Some(part) => {
                let (timeout_us, runtime) = (self.timeout_us, self.runtime);
                let other = &mut self.sides[1 - part.stream as usize];
                if part.time_us.saturating_sub(other.time_us) > timeout_us {
                    other.finish(runtime, &mut self.whole)?;
                }
                self.push_part(line, &part)?;
            }
            None => {
                let (text, place) = (line.text.to_vec(), line.place);
                self.whole.insert(key(place), Whole { stream: None, text, place, problem: None });
            }
        }
        self.give_whole(line.place.files, give)
    }

    fn finish(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        for side in &mut self.sides {
            side.finish(self.runtime, &mut self.whole)?;
        }
        self.give_whole(0, give)
    }

    fn begun(&self) -> Option<Place> {
        let whole = self.whole.first_key_value().map(|(_, whole)| whole.place);
        self.sides.iter().filter_map(Side::begun).chain(whole).min_by_key(|place| key(*place))
    }

    fn ahead(&self, at: Place) -> Option<Ahead> {
        self.sides.iter().find_map(|side| {
            let waits = self.whole.values().find(|whole| whole.stream == Some(side.stream)).map(|whole| whole.place);
            let (file, until) = waits.or(side.begun()).map_or(side.end, key);
            (file == at.files && until > at.offset).then_some(Ahead { stream: side.stream, until })
        })
    }

    fn start_ahead(&mut self, ahead: Ahead) {
        self.sides[ahead.stream as usize].end = (0, ahead.until);
    }

    fn stop_at(&mut self, offset: u64, ahead: Option<Ahead>) {
        self.stop = Some((offset, ahead.map(|ahead| ahead.stream)));
    }
}

impl Half {
    fn add(&mut self, content: &[u8], most: Most) {
        self.parts += 1;
        if self.problem.is_none() {
            let length = self.around.iter().map(Vec::len).sum::<usize>() + self.content.len() + content.len();
            self.problem = most.problem(self.parts, length);
        }
        if self.problem.is_none() {
            self.content.extend_from_slice(content);
        }
    }
}

impl Side {
    /// Where its oldest event begins that is not complete.
    fn begun(&self) -> Option<Place> {
        let joined = self.join.as_ref().and_then(|join| join.begun());
        joined.or(self.half.as_ref().map(|half| half.place))
    }

    /// All parts of a line are there.
    fn push_line(
        &mut self,
        half: Half,
        runtime: Runtime,
        whole: &mut BTreeMap<Key, Whole>,
    ) -> Result<(), Box<dyn Failure>> {
        let Half { around, content, place, problem, .. } = half;
        let Side { stream, join, around: held, end, .. } = self;
        if let Some(join) = join {
            if problem.is_none() {
                held.push_back((place, around));
                let line = Line { text: &runtime.text(&content), place, end: end.1 };
                join.push(line, &mut |event| give_joined(event, *stream, runtime, held, whole))?;
                if !join.has_loose() {
                    // All but the first are of that one's event.
                    held.truncate(usize::from(join.begun().is_some()));
                }
                return Ok(());
            }
            join.finish(&mut |event| give_joined(event, *stream, runtime, held, whole))?;
        }
        let [head, tail] = around;
        let text = [head, content, tail].concat();
        whole.insert(key(place), Whole { stream: Some(*stream), text, place, problem });
        Ok(())
    }

    /// What is begun is complete.
    fn finish(&mut self, runtime: Runtime, whole: &mut BTreeMap<Key, Whole>) -> Result<(), Box<dyn Failure>> {
        if let Some(half) = self.half.take() {
            self.push_line(half, runtime, whole)?;
        }
        let Side { stream, join: Some(join), around: held, .. } = self else { return Ok(()) };
        join.finish(&mut |event| give_joined(event, *stream, runtime, held, whole))
    }
}

/// An event of one stream's lines is a line of the runtime again, with what stood around the first of them.
fn give_joined(
    event: Event<'_>,
    stream: Stream,
    runtime: Runtime,
    held: &mut VecDeque<(Place, Around)>,
    whole: &mut BTreeMap<Key, Whole>,
) -> Result<(), Box<dyn Failure>> {
    while let Some((place, [head, tail])) = held.pop_front() {
        if place == event.place {
            let mut text = head;
            runtime.push_content(event.text, &mut text);
            text.extend_from_slice(&tail);
            let problem = event.problem.map(str::to_owned);
            whole.insert(key(place), Whole { stream: Some(stream), text, place, problem });
            break;
        }
    }
    Ok(())
}

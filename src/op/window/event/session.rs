//! Sessions: a key's records that are no further than a gap apart.

use crate::agg::{Accumulator, AggError, Aggregator};
use crate::event::EventTime;

/// The sessions of a key that are open, by their beginnings.
#[derive(Default)]
pub(super) struct Sessions {
    pub sessions: Vec<Session>,
    /// How many values the key has had.
    arrivals: u64,
}

/// A session.
pub(super) struct Session {
    /// The least time of its records.
    pub start: EventTime,
    /// The greatest time and the gap behind it, or where it is as long as may be.
    pub end: EventTime,
    /// The greatest time.
    pub last: EventTime,
    /// Results of its values, each of some that came one behind the other, with the number of the
    /// first: two sessions that become one may have grown by turns.
    pub segments: Vec<(u64, Accumulator)>,
    /// The number of its newest value.
    pub newest: u64,
    /// Whether it has changed in this batch.
    pub is_changed: bool,
}

impl Session {
    /// The result of all values, in the order in which they came.
    pub fn result(&self, aggregator: &mut Aggregator) -> Result<Accumulator, AggError> {
        let mut segments = self.segments.iter();
        let Some((_, first)) = segments.next() else { return Ok(aggregator.accumulator()) };
        let mut result = first.clone();
        segments.try_for_each(|(_, later)| aggregator.merge(&mut result, later))?;
        Ok(result)
    }
}

impl Sessions {
    /// Adds a value at `time`, with `gap_ms` behind it, to the session that it belongs to, which
    /// may make one of several, or begin one. No session is longer than `most_ms` from its first
    /// record to its last. The session's end.
    pub fn add(
        &mut self,
        (time, gap_ms, most_ms): (EventTime, i64, Option<i64>),
        (value, ranked): (&[u8], &[u8]),
        aggregator: &mut Aggregator,
    ) -> Result<EventTime, AggError> {
        let number = self.arrivals + 1;
        let end = time.saturating_add(gap_ms);
        let mut joined = (time, time, end);
        let mut joining = Vec::new();
        for (index, session) in self.sessions.iter().enumerate() {
            let is_near = session.start <= joined.2.max(end) && time <= session.end;
            let (start, last) = (joined.0.min(session.start), joined.1.max(session.last));
            if is_near && most_ms.is_none_or(|most_ms| last - start < most_ms) {
                joined = (start, last, joined.2.max(session.end));
                joining.push(index);
            }
        }
        let mut added = aggregator.accumulator();
        if let [index] = joining[..]
            && self.sessions[index].newest == self.arrivals
        {
            // The newest value was this session's too.
            let session = &mut self.sessions[index];
            if let Some((_, segment)) = session.segments.last_mut() {
                aggregator.add_by(segment, value, ranked)?;
            }
        } else {
            aggregator.add_by(&mut added, value, ranked)?;
            let mut segments = vec![(number, added)];
            for index in joining.iter().rev() {
                segments.extend(self.sessions.remove(*index).segments);
            }
            segments.sort_by_key(|(number, _)| *number);
            let at = self.sessions.partition_point(|session| session.start < joined.0);
            let session = Session { start: joined.0, end, last: joined.1, segments, newest: number, is_changed: true };
            self.sessions.insert(at, session);
            joining = vec![at];
        }
        self.arrivals = number;
        let session = &mut self.sessions[joining[0]];
        (session.start, session.last) = (joined.0, joined.1);
        let longest = most_ms.map_or(EventTime::MAX, |most_ms| joined.0.saturating_add(most_ms));
        session.end = joined.2.min(longest);
        (session.newest, session.is_changed) = (number, true);
        Ok(session.end)
    }

    /// When the first of them ends.
    pub fn next_end(&self) -> Option<EventTime> {
        self.sessions.iter().map(|session| session.end).min()
    }

    /// Appends them as bytes.
    pub fn save(&self, aggregator: &Aggregator, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.arrivals.to_le_bytes());
        let mut segment_bytes = Vec::new();
        for session in &self.sessions {
            for number in [session.start, session.end, session.last, session.newest as i64] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&(session.segments.len() as u32).to_le_bytes());
            for (number, segment) in &session.segments {
                segment_bytes.clear();
                aggregator.save(segment, &mut segment_bytes);
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(&(segment_bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(&segment_bytes);
            }
        }
    }

    /// Reads what [`Sessions::save`] gave.
    pub fn load(aggregator: &Aggregator, mut saved: &[u8]) -> Option<Sessions> {
        fn take<const N: usize>(saved: &mut &[u8]) -> Option<[u8; N]> {
            let (taken, rest) = saved.split_first_chunk()?;
            *saved = rest;
            Some(*taken)
        }
        let input = &mut saved;
        let arrivals = u64::from_le_bytes(take(input)?);
        let mut sessions = Vec::new();
        while !input.is_empty() {
            let mut number = || take(input).map(i64::from_le_bytes);
            let (start, end, last, newest) = (number()?, number()?, number()?, number()? as u64);
            let count = u32::from_le_bytes(take(input)?);
            let mut segments = Vec::new();
            for _ in 0..count {
                let number = u64::from_le_bytes(take(input)?);
                let length = u32::from_le_bytes(take(input)?) as usize;
                let (mut segment, rest) = input.split_at_checked(length)?;
                *input = rest;
                segments.push((number, aggregator.load(&mut segment).ok()?));
            }
            sessions.push(Session { start, end, last, segments, newest, is_changed: false });
        }
        Some(Sessions { sessions, arrivals })
    }
}

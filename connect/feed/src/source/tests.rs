//! Positions, without a server.

use sstream::connect::{ValueForm, testing};

use super::*;
use crate::position::Place;
use crate::queue::Item;
use std::sync::Arc;

/// One whose queue holds what a server would give behind the mark: 300 events, of which each seventh
/// is a bad one.
fn source(behind: u64) -> FeedSource {
    let settings = Settings {
        target: "http://127.0.0.1:1/".parse().unwrap(),
        mode: Mode::Events,
        headers: hyper::HeaderMap::new(),
        tls: None,
        each: None,
        cursor: None,
        cursor_name: String::new(),
        send: None,
        value: ValueForm::Text,
        with: Vec::new(),
        stall: Duration::from_secs(60),
        longest: 1 << 20,
    };
    let source = FeedSource::open(settings, &testing::source_parts()).unwrap();
    for number in behind + 1..=300 {
        let made = match number % 7 {
            0 => Err((number.to_string().into_bytes(), "bad".to_owned())),
            _ => Ok(format!("{number}\n").into_bytes()),
        };
        let place = Arc::new(Place { id: number.to_string(), etag: String::new() });
        source.queue.put([Item::new(made, Mark { place, taken: 0 })]);
    }
    source
}

/// In the place of a server that is asked for what comes behind the mark.
struct Served(FeedSource);

impl RecordSource for Served {
    fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
        Ok(if self.0.has_records() { Came::Something } else { Came::End })
    }
    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }
    fn has_records(&self) -> bool {
        self.0.has_records()
    }
    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.0.take(room, block, bad)
    }
    fn finish(&mut self, reason: &Reason, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.0.finish(reason, block, bad)
    }
    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl ReadAgain for Served {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.0.restore(position)?;
        let mark = self.0.mark.clone();
        self.0 = source(mark.place.id.parse().unwrap_or(0));
        (self.0.is_kept, self.0.mark) = (true, mark);
        Ok(())
    }
    fn position(&mut self, delta: &mut Vec<u8>) {
        self.0.position(delta);
    }
    fn base(&mut self, base: &mut Vec<u8>) {
        self.0.base(base);
    }
    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.0.begin_again(delta)
    }
    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        self.0.next_again(block, bad)
    }
}

#[test]
fn batches_come_again_as_they_were_and_the_feed_goes_on_behind_them() {
    assert_eq!(testing::check_replay(|| Served(source(0)), 200), 200);
}

#[test]
fn a_batch_that_is_full_waits_for_its_end() {
    let mut source = source(0);
    source.restore(&Position::default()).unwrap();
    source.batch = vec![0; BATCH_BYTES];
    assert!(!source.has_records());
    source.position(&mut Vec::new());
    assert!(source.has_records());
}

#[test]
fn what_is_no_position_is_told() {
    let mut source = source(0);
    assert!(source.begin_again(&[9]).is_err());
    let mut delta = Vec::new();
    Mark::default().push(&mut delta);
    delta.push(7);
    source.begin_again(&delta).unwrap();
    assert!(source.next_again(&mut Vec::new(), &mut |_, _| Ok(())).is_err());
}

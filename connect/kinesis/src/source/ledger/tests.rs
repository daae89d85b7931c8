//! What is written is what is read.

use super::*;
use proptest::prelude::*;

fn point(sequence: u64, sub: u64) -> Point {
    Point { sequence: sequence.to_string().into(), sub }
}

fn shard(number: u64) -> Arc<str> {
    format!("shardId-{number:012}").into()
}

fn batch(ledger: &mut Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    ledger.write_batch(&mut bytes);
    bytes
}

fn base(ledger: &Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    ledger.write_base(&mut bytes);
    bytes
}

fn restored(parts: &[&[u8]]) -> Ledger {
    let mut ledger = Ledger::default();
    parts.iter().for_each(|bytes| ledger.restore(bytes).unwrap());
    ledger
}

#[test]
fn sequence_numbers_are_numbers() {
    assert!(point(9, 5) < point(10, 0) && point(10, 0) < point(10, 1) && point(10, 9) < point(11, 0));
}

#[test]
fn a_batch_is_its_ranges_in_order() {
    let (mut ledger, a, b) = (Ledger::default(), shard(0), shard(1));
    assert!(batch(&mut ledger).is_empty());
    ledger.set(&a, Place::Latest(7));
    ledger.set(&b, Place::Oldest);
    ledger.took(&b, &point(5, 0), &point(7, 2), 1);
    ledger.took(&a, &point(9, 0), &point(9, 0), 2);
    ledger.took(&a, &point(10, 0), &point(11, 0), 3);
    ledger.took(&b, &point(7, 3), &point(8, 0), 4);
    let bytes = batch(&mut ledger);
    let range = |shard: &Arc<str>, first, last| Range { shard: shard.clone(), first, last };
    let expected = [
        range(&b, point(5, 0), point(7, 2)),
        range(&a, point(9, 0), point(11, 0)),
        range(&b, point(7, 3), point(8, 0)),
    ];
    assert_eq!(ranges_of(&bytes).unwrap(), expected);
    assert!(batch(&mut ledger).is_empty(), "nothing came since");
    let again = restored(&[&bytes]);
    assert_eq!(again.places, ledger.places);
    assert_eq!(again.place(&b), Some(&Place::Behind { point: point(8, 0), seen_ms: 4 }));
    assert_eq!(show(&bytes).unwrap(), format!("{a} 9 to 11, {b} 5 to 8"));
}

#[test]
fn where_shards_begin_and_end_is_kept_though_nothing_came() {
    let (mut ledger, a, b) = (Ledger::default(), shard(0), shard(1));
    ledger.set(&a, Place::Latest(7));
    ledger.set(&b, Place::Ended);
    let bytes = batch(&mut ledger);
    let again = restored(&[&bytes]);
    assert_eq!((again.place(&a), again.is_ended(&b)), (Some(&Place::Time(7)), true));
    assert_eq!(show(&bytes).unwrap(), format!("{b} ended"));
    assert_eq!(show(b"").unwrap(), "no records");
}

#[test]
fn a_base_knows_nothing_of_the_open_batch() {
    let (mut ledger, a) = (Ledger::default(), shard(0));
    ledger.took(&a, &point(1, 0), &point(1, 0), 0);
    let first = batch(&mut ledger);
    ledger.took(&a, &point(2, 0), &point(2, 0), 0);
    ledger.set(&shard(1), Place::Oldest);
    assert_eq!(restored(&[&base(&ledger)]).places, restored(&[&first]).places);
}

#[test]
fn that_nothing_comes_is_noted_now_and_then() {
    let (mut ledger, a) = (Ledger::default(), shard(0));
    ledger.took(&a, &point(1, 0), &point(1, 0), 1000);
    batch(&mut ledger);
    ledger.saw_nothing(&a, 1000 + NOTE_EVERY_MS - 1);
    assert!(batch(&mut ledger).is_empty());
    ledger.saw_nothing(&a, 1000 + NOTE_EVERY_MS);
    let bytes = batch(&mut ledger);
    assert_eq!(ranges_of(&bytes).unwrap(), []);
    let seen = Place::Behind { point: point(1, 0), seen_ms: 1000 + NOTE_EVERY_MS };
    assert_eq!(restored(&[&bytes]).place(&a), Some(&seen));
}

#[test]
fn damage_is_seen() {
    let (mut ledger, a) = (Ledger::default(), shard(0));
    ledger.took(&a, &point(1 << 40, 300), &point(1 << 41, 0), 1 << 40);
    let bytes = batch(&mut ledger);
    for length in 1..bytes.len() {
        // What was cut off are ranges, or all that is left is whole.
        let cut = ranges_of(&bytes[..length]);
        assert!(cut == Err(Damaged) || cut == Ok(VecDeque::new()), "{length}");
    }
    assert_eq!(ranges_of(&[0, 0, 1, b'1', 0, 1, b'1', 0]), Err(Damaged), "no such shard");
    assert_eq!(Ledger::default().restore(&[1, 1, b'a', 9]), Err(Damaged), "no such place");
}

proptest! {
    #[test]
    fn base_and_batches_give_the_same_places(
        steps in prop::collection::vec((0u64..5, 1u64..300, 0u64..3, any::<bool>(), any::<bool>()), 0..60)
    ) {
        let (mut ledger, mut again, mut next) = (Ledger::default(), Ledger::default(), 0);
        let mut taken: Vec<(Arc<str>, Point)> = Vec::new();
        for (which, ahead, sub, ends, rebases) in steps {
            next += ahead;
            let (name, point) = (shard(which), point(next, sub));
            ledger.took(&name, &point, &point, next);
            taken.push((name, point));
            if ends {
                let bytes = batch(&mut ledger);
                let mut ranges = ranges_of(&bytes).unwrap();
                for (name, point) in taken.drain(..) {
                    while ranges.front().is_some_and(|range| range.shard != name || point > range.last) {
                        ranges.pop_front();
                    }
                    prop_assert!(ranges.front().is_some_and(|range| point >= range.first));
                }
                again.restore(&bytes).unwrap();
                if rebases {
                    again = restored(&[&base(&ledger)]);
                }
                prop_assert_eq!(&again.places, &ledger.places);
            }
        }
    }
}

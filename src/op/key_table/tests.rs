use super::arena::PIECE_BYTES;
use super::*;
use crate::record::normal_key;
use proptest::prelude::*;

fn key(number: usize) -> String {
    format!("\"key {number}\"")
}

#[test]
fn keys_are_found_by_meaning_and_written_as_they_came_first() {
    let mut keys = KeyTable::new();
    assert_eq!(keys.insert(b"1.0"), (0, true));
    assert_eq!(keys.insert(b"\"a\""), (1, true));
    assert_eq!(keys.insert(b"1"), (0, false));
    assert_eq!(keys.insert(br#"{"b":1,"a":2}"#), (2, true));
    assert_eq!(keys.insert(br#"{"a":2.0,"b":1}"#), (2, false));
    assert_eq!((keys.written(0), keys.normal(0)), (b"1.0".as_slice(), b"1".as_slice()));
    assert_eq!(keys.written(2), br#"{"b":1,"a":2}"#);
    assert_eq!((keys.find(b"10e-1"), keys.find(b"\"b\"")), (Some(0), None));
    keys.rewrite(0, b"1.00");
    assert_eq!(keys.written(0), b"1.00");
    keys.rewrite(0, b"1");
    assert_eq!(keys.written(0), b"1");
    keys.clear();
    assert_eq!((keys.len(), keys.end(), keys.find(b"1")), (0, 0, None));
    assert_eq!(keys.insert(b"1"), (0, true));
    assert_eq!(keys.written(0), b"1");
}

#[test]
fn gaps_are_left_and_closed() {
    let mut keys = KeyTable::new();
    for number in 0..3000 {
        keys.insert(key(number).as_bytes());
    }
    keys.insert(b"1.0");
    for number in (0..3000).filter(|number| number % 3 != 0) {
        keys.remove(number);
    }
    assert!(keys.is_sparse());
    assert_eq!((keys.len(), keys.end(), keys.find(key(1).as_bytes())), (1001, 3001, None));
    assert_eq!(keys.normal(1), b"");
    let old = keys.compact();
    assert_eq!((keys.end(), old.len(), old[2], old[1000]), (1001, 1001, 6, 3000));
    assert_eq!(keys.find(key(6).as_bytes()), Some(2));
    assert_eq!(keys.written(1000), b"1.0");
    keys.remove(1000);
    assert_eq!((keys.end(), keys.insert(b"1")), (1000, (1000, true)));
    assert_eq!(keys.written(1000), b"1");
}

#[test]
fn few_short_keys_are_in_one_place_and_many_are_not() {
    let mut keys = KeyTable::new();
    for number in 0..few::FEW {
        assert_eq!(keys.insert(key(number).as_bytes()), (number, true));
    }
    let places = few::FEW * 2 * 32;
    assert_eq!(keys.few.bytes(), places);
    assert!((0..few::FEW).all(|number| keys.insert(key(number).as_bytes()) == (number, false)));
    keys.remove(7);
    assert_eq!((keys.find(key(7).as_bytes()), keys.find(key(8).as_bytes())), (None, Some(8)));
    keys.insert(b"\"one more\"");
    assert_eq!(keys.few.bytes(), 0);
    assert!((8..few::FEW).all(|number| keys.find(key(number).as_bytes()) == Some(number)));
    keys.clear();
    assert_eq!((keys.insert(b""), keys.insert(b"1"), keys.insert(b"")), ((0, true), (1, true), (0, false)));
    // A key that came and went takes no room for ever.
    for number in 0..10_000 {
        assert_eq!(keys.insert(key(number).as_bytes()), (2, true));
        keys.remove(2);
    }
    assert_eq!((keys.few.bytes(), keys.find(b"1"), keys.find(b"")), (64 * 32, Some(1), Some(0)));
}

#[test]
fn long_keys_and_many_pieces() {
    let mut keys = KeyTable::new();
    let long = |letter: &str, length| format!("\"{}\"", letter.repeat(length));
    let lengths = [0, 1, 125, 126, 127, 16_382, 16_383, 700_000, 700_000, PIECE_BYTES, 3 * PIECE_BYTES, 5];
    for (index, length) in lengths.into_iter().enumerate() {
        let letter = char::from(b'a' + index as u8).to_string();
        assert_eq!(keys.insert(long(&letter, length).as_bytes()), (index, true));
    }
    for round in 0..2 {
        for (index, length) in lengths.into_iter().enumerate() {
            let letter = char::from(b'a' + index as u8).to_string();
            assert_eq!(keys.normal(index), long(&letter, length).as_bytes(), "{round}");
        }
        keys.compact();
    }
    keys.clear();
    for number in 0..200_000 {
        assert_eq!(keys.insert(key(number).as_bytes()), (number, true));
    }
    assert_eq!(keys.find(key(123_456).as_bytes()), Some(123_456));
    keys.clear();
    keys.insert(b"1");
    keys.clear();
    assert!(keys.table.capacity() < 10_000);
    assert_eq!(keys.insert(b"1"), (0, true));
}

#[test]
fn short_keys_lie_in_a_column_up_to_the_first_that_is_long() {
    let mut keys = KeyTable::new();
    let long = "\"a key that is long\"";
    (0..10).for_each(|number| assert_eq!(keys.insert(key(number).as_bytes()), (number, true)));
    keys.insert(long.as_bytes());
    keys.insert(key(10).as_bytes());
    assert_eq!((keys.first.len(), keys.find(long.as_bytes()), keys.find(key(10).as_bytes())), (10, Some(10), Some(11)));
    keys.remove(11);
    keys.remove(10);
    keys.remove(9);
    assert_eq!((keys.first.len(), keys.insert(key(12).as_bytes())), (9, (9, true)));
    keys.insert(long.as_bytes());
    // The long one comes fifth, all others move.
    keys.reorder(&[9, 8, 7, 6, 10, 5, 4, 3, 2, 1, 0]);
    assert_eq!(keys.first.len(), 4);
    for (index, number) in [12, 8, 7, 6].into_iter().enumerate() {
        assert_eq!(keys.find(key(number).as_bytes()), Some(index));
    }
    assert_eq!(
        (keys.find(long.as_bytes()), keys.find(key(0).as_bytes()), keys.find(key(9).as_bytes())),
        (Some(4), Some(10), None)
    );
    keys.clear();
    (0..LARGE + 9).for_each(|number| assert_eq!(keys.insert(key(number).as_bytes()), (number, true)));
    assert_eq!((keys.first.len(), keys.find(key(LARGE).as_bytes())), (LARGE, Some(LARGE)));
}

proptest! {
    #[test]
    fn as_a_list_would_do(steps in prop::collection::vec((0..4u8, 0..40usize), 0..200)) {
        let mut keys = KeyTable::new();
        // Index: normal form and written form, or a gap.
        let mut model: Vec<Option<(String, String)>> = Vec::new();
        for (step, number) in steps {
            let written = match number {
                0..5 => format!("\"a key that is long: {number}\""),
                number if number % 2 == 0 => format!("{number}.0"),
                number => key(number),
            };
            let normal = String::from_utf8(normal_key(written.as_bytes()).into_owned()).unwrap();
            match step {
                0 | 1 => {
                    let written = if step == 0 { written } else { normal.clone() };
                    let found = model.iter().position(|entry| entry.as_ref().is_some_and(|(n, _)| *n == normal));
                    let expected = found.unwrap_or(model.len());
                    prop_assert_eq!(keys.insert(written.as_bytes()), (expected, found.is_none()));
                    if found.is_none() {
                        model.push(Some((normal, written)));
                    }
                }
                2 => {
                    keys.remove(number);
                    if number + 1 == model.len() && model[number].is_some() {
                        model.pop();
                    } else if let Some(entry) = model.get_mut(number) {
                        *entry = None;
                    }
                }
                _ if number % 2 == 0 => {
                    // All keys, the newest first.
                    let order: Vec<u32> = keys.indexes().map(|index| index as u32).collect::<Vec<_>>().into_iter().rev().collect();
                    keys.reorder(&order);
                    model.retain(Option::is_some);
                    model.reverse();
                }
                _ => {
                    let old = keys.compact();
                    model.retain(Option::is_some);
                    prop_assert_eq!(old.len(), model.len());
                }
            }
            prop_assert_eq!(keys.end(), model.len());
            prop_assert_eq!(keys.len(), model.iter().flatten().count());
            for (index, entry) in model.iter().enumerate() {
                prop_assert_eq!(keys.contains(index), entry.is_some());
                if let Some((normal, written)) = entry {
                    prop_assert_eq!(keys.normal(index), normal.as_bytes());
                    prop_assert_eq!(keys.written(index), written.as_bytes());
                    prop_assert_eq!(keys.find(written.as_bytes()), Some(index));
                }
            }
        }
    }
}

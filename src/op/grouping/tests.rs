use super::*;
use crate::frame::BatchTime;
use crate::op::testing::Collected;
use proptest::prelude::*;

fn program(source: &str) -> Program {
    Program::parse(source, &[]).unwrap()
}

/// Key, value and what is ranked, of each item; and the bad records.
fn items(by: By, of: Option<&str>, records: &[&str]) -> (Vec<[String; 3]>, Vec<String>) {
    let bytes: String = records.iter().map(|record| format!("{record}\n")).collect();
    let block = Block { time: BatchTime(1000), records: records.len() as u64, bytes: bytes.as_bytes() };
    let mut collected = Collected::default();
    let mut found = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut grouping = Grouping::new(by, of.map(program));
    grouping
        .items(block, &mut Out::new(&mut collected), |item, _| {
            assert!(!item.is_normal || *record::normal_key(item.key) == *item.key);
            found.push([text(item.key), text(item.value), text(item.ranked)]);
            Ok(())
        })
        .unwrap();
    let (mut by_chunks, mut bad) = (Vec::new(), Collected::default());
    grouping
        .chunks(block, &mut Out::new(&mut bad), |items, _| {
            by_chunks.extend(items.iter().map(|item| [text(item.key), text(item.value), text(item.ranked)]));
            Ok(())
        })
        .unwrap();
    assert_eq!((&by_chunks, &bad.bad), (&found, &collected.bad));
    (found, collected.bad.into_iter().map(|(record, reason)| format!("{record}: {reason}")).collect())
}

#[test]
fn keys_and_values_are_what_was_chosen() {
    let pairs = [r#"["a",1]"#, r#"["\n",{"n":2}]"#];
    assert_eq!(items(By::Pair, None, &pairs).0[1], [r#""\n""#, r#"{"n":2}"#, r#"{"n":2}"#]);
    assert_eq!(items(By::Record, None, &pairs).0[0], [pairs[0], pairs[0], pairs[0]]);
    assert_eq!(items(By::Nothing, None, &pairs).0[0], ["", pairs[0], pairs[0]]);
    assert_eq!(items(By::Program(program(".[0]")), None, &pairs).0[0], [r#""a""#, pairs[0], pairs[0]]);
    assert_eq!(items(By::Program(program(".[0]")), Some(".[1]"), &pairs).0[0], [r#""a""#, "1", pairs[0]]);
    assert_eq!(items(By::Pair, Some(".n"), &pairs[1..]).0[0], [r#""\n""#, "2", r#"{"n":2}"#]);
}

#[test]
fn every_result_counts() {
    let record = r#"{"tags":["x","y"],"n":[1,2]}"#;
    let (found, bad) = items(By::Program(program(".tags[]")), Some(".n[]"), &[record, r#"{"tags":[],"n":[1]}"#]);
    let pairs: Vec<_> = found.iter().map(|[key, value, _]| format!("{key}{value}")).collect();
    assert_eq!(pairs, [r#""x"1"#, r#""x"2"#, r#""y"1"#, r#""y"2"#]);
    assert!(bad.is_empty());
}

#[test]
fn bad_records_are_set_aside() {
    let records = ["7", r#"["a",1]"#, r#"["a"]"#, r#"["a",1,2]"#];
    let (found, bad) = items(By::Pair, None, &records);
    assert_eq!(found.len(), 1);
    assert!(bad.len() == 3 && bad.iter().all(|bad| bad.ends_with(NO_PAIR)), "{bad:?}");
    let (found, bad) = items(By::Program(program(".a, .b.c")), None, &[r#"{"b":1}"#, r#"{"b":{}}"#]);
    assert_eq!((found.len(), bad.len()), (2, 1));
    assert!(bad[0].contains("Cannot index number"), "{bad:?}");
}

proptest! {
    #[test]
    fn pieces_of_a_record_are_what_is_computed(
        records in prop::collection::vec(r#"(\{("x":("y,\\"k\\":1"|\[\{"k":7\}\]|"a long text, longer than a vector"),)?("k":("a"|"\\n"|1\.0|null),)?"v":("b"|[1-9]{1,3}),"z":0\}|\[1\]|null)"#, 0..12),
    ) {
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        // In parentheses a path is a program like any other.
        let computed = items(By::Program(program("(.k)")), Some("(.v)"), &records);
        prop_assert_eq!(items(By::Program(program(".k")), Some(".v"), &records), computed.clone());
        prop_assert_eq!(items(By::Program(program(".k")), Some("(.v)"), &records), computed);
    }
}

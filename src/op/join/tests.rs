use super::*;
use crate::op::sides::testing;
use proptest::prelude::*;

const TYPES: [JoinType; 7] = [
    JoinType::Inner,
    JoinType::Left,
    JoinType::Right,
    JoinType::Full,
    JoinType::Cogroup,
    JoinType::Semi,
    JoinType::Anti,
];

fn join(kind: JoinType, left: &[&str], right: &[&str]) -> Vec<String> {
    let sides = [left, right].map(|side| side.iter().map(|record| record.to_string()).collect::<Vec<_>>());
    let out = testing::run(&mut Join::new(kind), &sides);
    assert!(out.bad.is_empty(), "{:?}", out.bad);
    out.batches[0].1.clone()
}

#[test]
fn keys_come_in_order_of_appearance_and_left_before_right() {
    let left = ["[\"b\",1]", "[\"a\",2]", "[\"b\",3]"];
    let right = ["[\"z\",4]", "[\"a\",5]", "[\"b\",6]", "[\"b\",7]", "[\"y\",8]"];
    assert_eq!(
        TYPES.map(|kind| join(kind, &left, &right).join(" ")),
        [
            r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]]"#,
            r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]]"#,
            r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]] ["z",[null,4]] ["y",[null,8]]"#,
            r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]] ["z",[null,4]] ["y",[null,8]]"#,
            r#"["b",[[1,3],[6,7]]] ["a",[[2],[5]]] ["z",[[],[4]]] ["y",[[],[8]]]"#,
            r#"["b",1] ["a",2] ["b",3]"#,
            "",
        ]
    );
    assert_eq!(join(JoinType::Anti, &right, &left), [r#"["z",4]"#, r#"["y",8]"#]);
    assert_eq!(join(JoinType::Left, &left, &[]).len(), 3);
    assert_eq!(join(JoinType::Cogroup, &left[1..2], &[]), ["[\"a\",[[2],[]]]"]);
}

#[test]
fn keys_are_compared_by_meaning_and_values_kept_to_the_byte() {
    let left = [r#"[1.0,1.10]"#, r#"[{"b":1,"a":2},"x"]"#, "[12345678901234567890123,0]"];
    let right = [r#"[1,2.50]"#, r#"[{"a":2.0,"b":1},null]"#, "[12345678901234567890124,0]"];
    assert_eq!(join(JoinType::Inner, &left, &right), ["[1.0,[1.10,2.50]]", r#"[{"b":1,"a":2},["x",null]]"#]);
    assert_eq!(join(JoinType::Right, &left, &right)[2], "[12345678901234567890124,[null,0]]");
}

#[test]
fn what_is_no_pair_is_set_aside() {
    let sides = [vec!["[1,2]", "7", "[1,2,3]"], vec!["\"x\"", "[1,3]"]]
        .map(|side| side.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let out = testing::run(&mut Join::new(JoinType::Inner), &sides);
    assert_eq!(out.batches, [(1000, vec!["[1,[2,3]]".to_owned()])]);
    assert_eq!(out.bad.iter().map(|(record, _)| &record[..]).collect::<Vec<_>>(), ["7", "[1,2,3]", "\"x\""]);
}

/// By nested loops over both sides.
fn naive(kind: JoinType, left: &[(u8, u8)], right: &[(u8, u8)]) -> Vec<String> {
    let mut keys: Vec<u8> = Vec::new();
    for (key, _) in left.iter().chain(right) {
        if !keys.contains(key) {
            keys.push(*key);
        }
    }
    let values = |side: &[(u8, u8)], key: u8| -> Vec<String> {
        side.iter().filter(|pair| pair.0 == key).map(|pair| pair.1.to_string()).collect()
    };
    let or_null = |values: Vec<String>, keep: bool| match values.is_empty() && keep {
        true => vec!["null".to_owned()],
        false => values,
    };
    let mut rows = Vec::new();
    if let JoinType::Semi | JoinType::Anti = kind {
        let meets = |key: u8| right.iter().any(|pair| pair.0 == key) == (kind == JoinType::Semi);
        let kept = left.iter().filter(|pair| meets(pair.0));
        return kept.map(|(key, value)| format!("[{key},{value}]")).collect();
    }
    for key in keys {
        let (a, b) = (values(left, key), values(right, key));
        if kind == JoinType::Cogroup {
            rows.push(format!("[{key},[[{}],[{}]]]", a.join(","), b.join(",")));
            continue;
        }
        let a = or_null(a, matches!(kind, JoinType::Right | JoinType::Full));
        let b = or_null(b, matches!(kind, JoinType::Left | JoinType::Full));
        rows.extend(a.iter().flat_map(|a| b.iter().map(move |b| format!("[{key},[{a},{b}]]"))));
    }
    rows
}

proptest! {
    #[test]
    fn as_by_nested_loops(
        left in prop::collection::vec((0u8..6, any::<u8>()), 0..12),
        right in prop::collection::vec((0u8..6, any::<u8>()), 0..12),
    ) {
        let text = |side: &[(u8, u8)]| side.iter().map(|(k, v)| format!("[{k},{v}]")).collect::<Vec<_>>();
        let sides = [text(&left), text(&right)];
        for kind in TYPES {
            let out = testing::run(&mut Join::new(kind), &sides);
            prop_assert_eq!(&out.batches[0].1, &naive(kind, &left, &right), "{:?}", kind);
        }
    }
}

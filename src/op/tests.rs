//! What holds for every operator that looks at each record by itself.

use proptest::prelude::*;

use super::filter::{Filter, FilterBy, Test};
use super::flatmap::FlatMap;
use super::function::Part;
use super::function::tests::program;
use super::map::{Map, Role};
use super::parallel::AnyPerRecord;
use super::pattern::{Matcher, PatternOptions};
use super::split::Split;
use super::text::{Extract, Find};
use super::{Each, testing};

fn matcher(pattern: &str) -> Matcher {
    Matcher::new(&[pattern.to_owned()], PatternOptions::default()).unwrap()
}

fn operators() -> Vec<AnyPerRecord> {
    vec![
        Box::new(Map::new(program("., .a?"), Role::Record(Part::Record))),
        Box::new(Map::new(program("length"), Role::Record(Part::Value))),
        Box::new(Map::new(program(".a"), Role::Key)),
        Box::new(FlatMap::new(program("if type == \"array\" then . else .a end"), Part::Record)),
        Box::new(Split::new(" ", Part::Record).unwrap()),
        Box::new(Split::new("b?", Part::Value).unwrap()),
        Box::new(Find::new("[ab]+", Part::Record).unwrap()),
        Box::new(Extract::new("(?<x>a)|(?<y>b)", Part::Record).unwrap()),
        Box::new(Filter::new(matcher("a"), false)),
        Box::new(Filter::new(matcher("b.|^\""), true)),
        Box::new(FilterBy::new(program(".a"), Test::Truthy, true)),
        Box::new(FilterBy::new(program(".a"), Test::Matches(matcher("b")), false)),
    ]
}

fn record() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab \\\\\"\n]{0,6}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        prop::sample::select(vec!["null", "[]", "[\"a\",\"b a\"]", "[1,[2]]", "{\"a\":\"b\"}", "{\"a\":[1,2]}", "7"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    // Each case runs every operator twice, and expressions are compiled anew.
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn borders_of_batches_and_blocks_do_not_show(
        batches in prop::collection::vec(prop::collection::vec(record(), 0..9), 1..5)
    ) {
        let all = batches.concat();
        for (several, one) in operators().into_iter().zip(operators()) {
            let several = testing::run(&mut Each(several), &batches);
            let one = testing::run(&mut Each(one), std::slice::from_ref(&all));
            let records: Vec<String> = several.batches.into_iter().flat_map(|(_, records)| records).collect();
            prop_assert_eq!(&records, &one.batches[0].1);
            prop_assert_eq!(several.bad, one.bad);
        }
    }
}

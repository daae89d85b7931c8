//! The functions of regular expressions against what jq says.

use super::*;
use crate::expr::Program;

/// All results, or the message of the error behind `!`.
fn run(source: &str, record: &str) -> Vec<String> {
    let mut program = Program::parse(source, &[]).unwrap();
    let mut results = Vec::new();
    let result = program.run(record.as_bytes(), &[], &mut |result| {
        results.push(String::from_utf8(result.to_vec()).unwrap());
    });
    results.extend(result.err().map(|error| format!("!{error}")));
    results
}

#[test]
fn all_functions_and_flags_are_as_in_jq() {
    let cases = include_str!("cases.tsv").lines().filter(|line| !line.starts_with('#'));
    let wrong: Vec<String> = cases
        .filter_map(|case| {
            let fields: Vec<&str> = case.split('\t').collect();
            let results = run(fields[0], fields[1]);
            (results != fields[2..]).then(|| format!("{case}\n  gives {results:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_expression_and_what_is_not_supported_are_told() {
    let message = "!( is not a valid regex: unclosed group";
    assert_eq!(run("test(\"(\")", "\"a\""), [message]);
    let message = "!the flag l (the longest match) is not supported: the first alternative that matches is taken";
    assert_eq!(run("test(\"a\"; \"l\")", "\"a\""), [message]);
}

#[test]
fn an_expression_is_compiled_once_and_the_last_used_ones_are_kept() {
    let sources = || KEPT.with_borrow(|kept| kept.iter().map(|kept| kept.source.clone()).collect::<Vec<_>>());
    KEPT.with_borrow_mut(Vec::clear);
    for _ in 0..3 {
        assert_eq!(run("test(\"a.\"), test(\"b.\"), test(\"a.\")", "\"ab\""), ["true", "false", "true"]);
    }
    assert_eq!(sources(), ["a.", "b."]);
    let many = format!("[range({}) as $i | test(\"x\\($i)\")] | length", KEPT_MAX * 2);
    assert_eq!(run(&many, "\"\""), [(KEPT_MAX * 2).to_string()]);
    let (kept, last) = (sources(), format!("x{}", KEPT_MAX * 2 - 1));
    assert_eq!((kept.len(), &kept[0]), (KEPT_MAX, &last));
}

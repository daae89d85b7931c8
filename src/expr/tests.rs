//! Tests of programs: jq's answers, errors, and plain programs against the
//! interpreter.

use super::*;
use proptest::prelude::*;

/// All results, or the message of the error.
fn run(source: &str, record: &str) -> Result<Vec<String>, String> {
    let mut program = Program::parse(source, &[]).map_err(|error| error.to_string())?;
    results(|each| program.run(record.as_bytes(), &[], each))
}

/// Takes all results.
fn all(each: &mut dyn FnMut(&[u8])) -> impl FnMut(&[u8]) -> ControlFlow<()> {
    move |result| {
        each(result);
        ControlFlow::Continue(())
    }
}

fn results(call: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), ExprError>) -> Result<Vec<String>, String> {
    let mut results = Vec::new();
    call(&mut |result| results.push(String::from_utf8(result.to_vec()).unwrap()))
        .map(|()| results)
        .map_err(|error| error.to_string())
}

/// The same by the interpreter, whatever the program.
fn interpret(source: &str, record: &str) -> Result<Vec<String>, String> {
    let compiled = Compiled::new(source, &[]).map_err(|error| error.to_string())?;
    results(|each| compiled.run(record.as_bytes(), &[], &mut Vec::new(), &mut all(each)))
}

#[track_caller]
fn gives(source: &str, record: &str, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|result| result.to_string()).collect();
    assert_eq!(run(source, record), Ok(expected), "{source} on {record}");
}

#[track_caller]
fn fails(source: &str, record: &str, message: &str) {
    assert_eq!(run(source, record), Err(message.to_string()), "{source} on {record}");
}

#[test]
fn numbers_keep_their_digits() {
    for number in ["12345678901234567890123", "1.10", "1e2", "1.0", "-0", "1E400", "0.1"] {
        gives(".", number, &[number]);
        gives("., .", number, &[number, number]);
        gives("[.][0] | {a: .} | .a", number, &[number]);
    }
    gives(". + 1", "12345678901234567890123", &["12345678901234567890124"]);
    gives(". * 2", "1.5", &["3"]);
    gives("1 / 3, 4 / 2, 1e17 * 1, 0.1 + 0.2", "null", &["0.3333333333333333", "2", "1e+17", "0.30000000000000004"]);
    gives("nan, infinite, -infinite", "null", &["null", "1.7976931348623157e+308", "-1.7976931348623157e+308"]);
    gives("\"\\(. * 2)\", tojson, (. * 2 | tostring)", "1.5", &["\"3\"", "\"1.5\"", "\"3\""]);
    gives("5.5 % 2, -5 % 3, (5 | . % -3)", "null", &["1", "-2", "2"]);
    gives(".[4 / 2], .[1.7]", "[1,2,3]", &["3", "2"]);
}

#[test]
fn programs_mean_what_they_mean_in_jq() {
    for (source, record, expected) in [
        (".user.id", r#"{"user":{"id":7}}"#, &["7"][..]),
        ("split(\" \")", r#""a b""#, &[r#"["a","b"]"#]),
        ("select(.n > 3)", r#"{"n":4}"#, &[r#"{"n":4}"#]),
        ("select(.n > 3)", r#"{"n":3}"#, &[]),
        (".[]", "[1,[2]]", &["1", "[2]"]),
        ("del(.b)", r#"{"a":1,"b":2,"c":3,"d":4}"#, &[r#"{"a":1,"c":3,"d":4}"#]),
        ("del(.[0,1])", "[1,2,3]", &["[3]"]),
        ("del(.a.b), del(.[\"x\"])", r#"{"c":1}"#, &[r#"{"c":1}"#, r#"{"c":1}"#]),
        ("del(.[1:3])", "[1,2,3,4]", &["[1,4]"]),
        ("del(.a)", "null", &["null"]),
        (".a.b = 1", "null", &[r#"{"a":{"b":1}}"#]),
        (".[2] = 1", "null", &["[null,null,1]"]),
        (".b |= empty", r#"{"a":1,"b":2,"c":3}"#, &[r#"{"a":1,"c":3}"#]),
        (".[1:] = [9]", "[1,2,3]", &["[1,9]"]),
        (".a += 1", r#"{"z":0,"a":1}"#, &[r#"{"z":0,"a":2}"#]),
        ("to_entries", r#"{"b":1,"a":2}"#, &[r#"[{"key":"b","value":1},{"key":"a","value":2}]"#]),
        ("with_entries(.value += 1)", r#"{"b":1,"a":2}"#, &[r#"{"b":2,"a":3}"#]),
        ("from_entries", r#"[{"name":"a","v":1},{"k":1,"value":false}]"#, &[r#"{"a":1,"1":false}"#]),
        ("keys, keys_unsorted", r#"{"b":1,"a":2}"#, &[r#"["a","b"]"#, r#"["b","a"]"#]),
        ("join(\",\")", r#"["a",1,null,true]"#, &[r#""a,1,,true""#]),
        ("join(\",\")", "[]", &[r#""""#]),
        ("flatten, flatten(1)", "[1,[2,[3]]]", &["[1,2,3]", "[1,2,[3]]"]),
        ("walk(if type == \"number\" then . + 1 else . end)", r#"[1,{"a":2}]"#, &[r#"[2,{"a":3}]"#]),
        (
            "@csv, @tsv",
            r#"[1,"a\"b",null,"x\ty",true]"#,
            &["\"1,\\\"a\\\"\\\"b\\\",,\\\"x\\ty\\\",true\"", "\"1\\ta\\\"b\\t\\tx\\\\ty\\ttrue\""],
        ),
        ("@base64, @uri, @json, @text", r#""a b""#, &[r#""YSBi""#, r#""a%20b""#, r#""\"a b\"""#, r#""a b""#]),
        ("test(\"^a\"), [match(\"b+\").string]", r#""abb""#, &["true", r#"["bb"]"#]),
        ("capture(\"(?<x>[a-z]+)=(?<n>[0-9]+)\")", r#""k=12""#, &[r#"{"x":"k","n":"12"}"#]),
        ("gsub(\"a\"; \"x\")", r#""banana""#, &[r#""bxnxnx""#]),
        ("length", r#""añ😀""#, &["3"]),
        ("[.[] | length]", r#"[null,-5,"ab",[1],{"a":1}]"#, &["[0,5,2,1,1]"]),
        ("has(\"a\"), has(\"b\")", r#"{"a":null}"#, &["true", "false"]),
        ("has(0), has(1)", "[1]", &["true", "false"]),
        ("contains([\"ba\"]), inside([\"bar\",\"x\"])", r#"["bar"]"#, &["true", "true"]),
        ("indices(\"na\"), index(\"na\"), rindex(\"na\")", r#""banana""#, &["[2,4]", "2", "4"]),
        ("indices(1), indices([1,2])", "[1,2,1,2]", &["[0,2]", "[0,2]"]),
        (
            "sort, unique, group_by(. % 2), min, max, add",
            "[3,1,2,1]",
            &["[1,1,2,3]", "[1,2,3]", "[[2],[3,1,1]]", "1", "3", "7"],
        ),
        ("tonumber", r#""12.50""#, &["12.50"]),
        ("fromjson", r#""{\"a\": [1]}""#, &[r#"{"a":[1]}"#]),
        (".a // \"d\"", "{}", &[r#""d""#]),
        ("try error(\"x\") catch .", "null", &[r#""x""#]),
        (".a?", "5", &[]),
        ("[.[]?]", "5", &["[]"]),
        ("ltrimstr(\"a\"), rtrimstr(\"b\"), ltrimstr(1)", r#""ab""#, &[r#""b""#, r#""a""#, r#""ab""#]),
        ("limit(2; .[])", "[1,2,3]", &["1", "2"]),
        ("reduce .[] as $x (0; . + $x)", "[1,2,3]", &["6"]),
        ("[foreach .[] as $x (0; . + $x)]", "[1,2,3]", &["[1,3,6]"]),
        ("def f(x): x * 2; f(.)", "4", &["8"]),
        ("if . then 1 elif true then 2 else 3 end", "null", &["2"]),
        ("[paths], [leaf_paths]", r#"{"a":[1]}"#, &[r#"[["a"],["a",0]]"#, r#"[["a",0]]"#]),
        ("[tostream]", r#"{"a":[1]}"#, &[r#"[[["a",0],1],[["a",0]],[["a"]]]"#]),
        ("fromstream(tostream)", r#"{"a":[1,{"b":2}]}"#, &[r#"{"a":[1,{"b":2}]}"#]),
        ("getpath([\"a\",\"b\"])", "{}", &["null"]),
        ("setpath([\"a\",0]; 1)", "null", &[r#"{"a":[1]}"#]),
        ("INDEX(.id)", r#"[{"id":1},{"id":2}]"#, &[r#"{"1":{"id":1},"2":{"id":2}}"#]),
        ("IN(1,2), ([1,2] | transpose?)", "1", &["true"]),
        ("todate", "1425599621", &[r#""2015-03-05T23:53:41Z""#]),
        ("fromdate", r#""2015-03-05T23:53:41Z""#, &["1425599621"]),
        ("strptime(\"%Y-%m-%dT%H:%M:%SZ\") | mktime", r#""2015-03-05T23:51:47Z""#, &["1425599507"]),
        ("type", "[]", &[r#""array""#]),
        ("[.[] | type]", r#"[0,false,null,"",{}]"#, &[r#"["number","boolean","null","string","object"]"#]),
        ("isnan, (nan | isnan), (infinite | isinfinite)", "1", &["false", "true", "true"]),
        ("ascii_downcase, explode, (explode | implode)", r#""AB""#, &[r#""ab""#, "[65,66]", r#""AB""#]),
        ("splits(\", *\")", r#""a, b""#, &[r#""a""#, r#""b""#]),
        ("@sh", r#"["a b",1]"#, &[r#""'a b' 1""#]),
        ("\"\\(.a) is \\(.b)\"", r#"{"a":1.0,"b":[1]}"#, &[r#""1.0 is [1]""#]),
        ("{(.a): 1, b}", r#"{"a":"x","b":2}"#, &[r#"{"x":1,"b":2}"#]),
        (".a as [$x, {b: $y}] | $x + $y", r#"{"a":[1,{"b":2}]}"#, &["3"]),
        ("bsearch(2), bsearch(0)", "[1,2,3]", &["1", "-1"]),
        ("floor, sqrt, pow(.; 2)", "9", &["9", "3", "81"]),
        ("env | type", "null", &[r#""object""#]),
        ("$ENV | type", "null", &[r#""object""#]),
        ("now | type", "null", &[r#""number""#]),
        ("\"\\u0000\\u007f\\u00e9\"", "null", &["\"\\u0000\u{7f}é\""]),
        ("[limit(3; repeat(1))], first(range(5)), [range(0; 10; 3)]", "null", &["[1,1,1]", "0", "[0,3,6,9]"]),
        ("any, all", "[true,false]", &["true", "false"]),
        ("[splits(\"a\")] | length", r#""bab""#, &["2"]),
        ("ascii", "65", &[r#""A""#]),
        ("pick(.a)", r#"{"a":1,"b":2}"#, &[r#"{"a":1}"#]),
    ] {
        gives(source, record, expected);
    }
}

#[test]
fn errors_are_told_in_the_words_of_jq() {
    fails(r#""ab" * 1e12"#, "null", "Repeat string result too long");
    fails(".a", "5", "Cannot index number with \"a\"");
    fails(".a.b", r#"{"a":[1]}"#, "Cannot index array with \"b\"");
    fails(".[0]", "{}", "Cannot index object with number");
    fails(".[0]", "\"x\"", "Cannot index string with number");
    fails(".[]", "5", "Cannot iterate over number (5)");
    fails(".[]", "null", "Cannot iterate over null");
    fails(". + \"a\"", "1", "number (1) and string (\"a\") cannot be added");
    fails("1 / .", "0", "number (1) and number (0) cannot be divided because the divisor is zero");
    fails("5 % .", "0", "number (5) and number (0) cannot be divided (remainder) because the divisor is zero");
    fails("-.", "\"a\"", "string (\"a\") cannot be negated");
    fails("error(\"x\")", "1", "x");
    fails("error", r#"{"a":1}"#, r#"error with {"a":1}"#);
    fails("length", "true", "boolean (true) has no length");
    fails("keys", "5", "number (5) has no keys");
    fails("{(.): 1}", "5", "Cannot use number (5) as object key");
    fails("tonumber", "\"x\"", "string (\"x\") cannot be parsed as a number");
    let long = format!("\"{}\"", "ö".repeat(100));
    let shown = format!("string (\"{}...) and number (1) cannot be added", "ö".repeat(59));
    fails(". + 1", &long, &shown);
    assert!(run("halt", "1").is_err_and(|message| message.starts_with("halt cannot be used")));
    fails("[.[]]", "[1", "not JSON: expected `,` or `]` at byte 2");
}

#[test]
fn results_before_an_error_are_given() {
    let mut program = Program::parse(".[] | 1 / .", &[]).unwrap();
    let mut count = 0;
    let error = program.run(b"[1,0,1]", &[], &mut |_| count += 1).unwrap_err();
    assert_eq!(count, 1);
    assert_eq!(error.exit(), Exit::BadRecord);
}

#[test]
fn wrong_programs_show_where() {
    for (source, message) in [
        (".a | (.b", "column 9: expected a closing parenthesis, found the end\n  .a | (.b\n          ^"),
        (".a +", "column 5: expected an expression, found the end\n  .a +\n      ^"),
        (".a b", "column 4: expected the end or an operator, found `b`\n  .a b\n     ^"),
        ("", "column 1: expected an expression, found the end\n  \n  ^"),
        ("\"é\" | foo(1)", "column 7: `foo` with 1"),
        ("1 | foo(1)", "column 5: `foo` with 1 argument is not defined\n  1 | foo(1)\n      ^"),
        ("1 | foo", "column 5: `foo` is not defined\n  1 | foo\n      ^"),
        (".\n| $x", "line 2, column 3: variable `$x` is not defined\n  | $x\n    ^"),
        ("input", "column 1: `input` cannot be used: the program gets one record at a time, as `.`\n  input\n  ^"),
        ("include \"a\"; .", "column 10: import and include cannot be used: a program stands for itself"),
        ("import \"a\" as $x; .", "column 9: import and include cannot be used: a program stands for itself"),
        ("if . then 1", "column 12: expected `else` or `end`, found the end"),
        ("\"abc", "column 5: expected a closing quote, found the end"),
    ] {
        let error = Program::parse(source, &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("the jq program, "), "{text}");
        assert!(text["the jq program, ".len()..].starts_with(message), "{source}: {text}");
        assert_eq!(error.exit(), Exit::Usage);
    }
}

#[test]
fn variables_are_seen() {
    let mut program = Program::parse("$a + $b", &["a", "b"]).unwrap();
    let sum = results(|each| program.run(b"null", &[b"1", b"2.5"], each));
    assert_eq!(sum, Ok(vec!["3.5".to_string()]));
    let mut program = Program::parse("[$key, $values, $state, $ENV.NONE]", &["key", "values", "state"]).unwrap();
    let all = results(|each| program.run(b"null", &[b"\"k\"", b"[1]", b"null"], each));
    assert_eq!(all, Ok(vec![r#"["k",[1],null,null]"#.to_string()]));
}

#[test]
fn clones_run_in_other_threads() {
    let program = Program::parse("map(. * 2)", &[]).unwrap();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let mut program = program.clone();
            std::thread::spawn(move || results(|each| program.run(b"[1,2]", &[], each)))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Ok(vec!["[2,4]".to_string()]));
    }
}

#[test]
fn a_break_ends_even_a_program_without_end() {
    let mut program = Program::parse("repeat(. + 1)", &[]).unwrap();
    let mut seen = 0;
    let result = program.call_many(&[b"1", b"2"], &mut |index, _| {
        seen += 1;
        if seen == 3 {
            ControlFlow::Break(())
        } else {
            assert_eq!(index, 0);
            ControlFlow::Continue(())
        }
    });
    assert!(result.is_ok() && seen == 3);
}

#[test]
fn many_records_and_bad_ones() {
    let mut program = Program::parse(".a", &[]).unwrap();
    let mut answers = Vec::new();
    program
        .call_many(&[b"{\"a\":1}", b"5", b"{}"], &mut |index, answer| {
            answers.push(match answer {
                Answer::Result(result) => format!("{index} {}", String::from_utf8_lossy(result)),
                Answer::Failed(message) => format!("{index}! {message}"),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(answers, ["0 1", "1! Cannot index number with \"a\"", "2 null"]);
}

/// Walking through a value takes stack for each level; threads have 2 MiB.
#[test]
fn values_that_are_nested_too_deep_make_bad_records() {
    let deep = "reduce range(3000) as $i (.; [.])";
    for source in [
        "reduce range(100000) as $i (0; [.]) | 1",
        "reduce range(100000) as $i (0; {a: .}) | length",
        "reduce range(100000) as $i (0; {a: [.]}) | tojson",
        "reduce range(100000) as $i (0; [., 1]) | error",
        "last(limit(100000; recurse([.])))",
        "reduce range(100000) as $i ({}; .a |= [.])",
        "reduce range(100000) as $i ([]; .[0] |= {a: .})",
        "reduce range(100000) as $i ([1]; .[0:1] |= [.])",
        "reduce range(100000) as $i ([[]]; .[] |= [.])",
        "reduce range(100000) as $i ({a: 1}; .[] |= [.])",
        "reduce range(100000) as $i ({}; {a: .} + {b: .a})",
        "reduce range(100000) as $i (0; [., .]) | 1",
        "reduce range(3000) as $i ({}; . * {a: {b: .}}) | 1",
        "reduce range(100000) as $i (0; [[.]] | first | [.])",
        "reduce range(100000) as $i (0; [.] | to_entries)",
        "[limit(100000; repeat(0))] as $path | null | setpath($path; 1)",
        "(reduce range(100000) as $i (.; .[0])) |= 1",
        "try (reduce range(100000) as $i (0; [.])) catch 1",
    ] {
        let result = std::thread::spawn(move || interpret(source, "null")).join().unwrap();
        let message = result.expect_err(source);
        assert!(message.contains("nested deeper than 2048") || message.contains("calls itself"), "{source}: {message}");
    }
    // The next record is none the worse for it.
    let mut program = Program::parse(&format!("if . == 1 then {deep} else [.] end"), &[]).unwrap();
    assert!(results(|each| program.run(b"1", &[], each)).is_err());
    assert_eq!(results(|each| program.run(b"2", &[], each)), Ok(vec!["[2]".to_string()]));
}

#[test]
fn values_that_come_and_go_may_be_nested_as_deep_as_is_allowed() {
    let record = format!("{}1{}", "[".repeat(1024), "]".repeat(1024));
    for source in [
        "reduce range(1000) as $i (.; [.]) | [..] | length",
        "reduce range(100000) as $i ({deep: ., n: [0]}; .n |= [.[0] + 1]) | .n[0]",
        "reduce range(5000) as $i ({deep: ., n: [0]}; {deep: .deep, n: [.n]} | .n = [0]) | .n[0]",
        "reduce range(5000) as $i (.; [.] | .[0]) | flatten | length",
    ] {
        let record = record.clone();
        let result = std::thread::spawn(move || interpret(source, &record)).join().unwrap();
        assert!(result.is_ok(), "{source}: {result:?}");
    }
    let (at_most, more) = ("reduce range(1024) as $i (.; [.]) | 1", "reduce range(1025) as $i (.; [.]) | 1");
    assert_eq!(interpret(at_most, &record), Ok(vec!["1".to_string()]));
    assert_eq!(interpret(more, &record), Err("a value is nested deeper than 2048 levels".to_string()));
}

#[test]
fn truth_is_as_in_jq() {
    assert!(truthy(b"0") && truthy(b"\"\"") && truthy(b"[]"));
    assert!(!truthy(b"null") && !truthy(b"false"));
}

#[test]
fn plain_programs_never_load_the_interpreter() {
    for (source, record) in [
        (".", "1"),
        (".user.id", r#"{"user":{"id":7}}"#),
        (".[\"a\"]?.b[-1] | .c", r#"{"a":{"b":[1,{"c":2}]}}"#),
        ("[., 1]", "1"),
        ("{a, b: .x, \"c d\": [1]}", "{}"),
        ("select(.n >= 1.5)", r#"{"n":2}"#),
        (".level == \"ERROR\"", r#"{"level":"INFO"}"#),
        ("select(.ok)", r#"{"ok":true}"#),
    ] {
        let mut program = Program::parse(source, &[]).unwrap();
        results(|each| program.run(record.as_bytes(), &[], each)).unwrap();
        assert!(program.plain.is_some() && program.compiled.get().is_none(), "{source}");
    }
}

fn json() -> impl Strategy<Value = String> {
    let string = prop_oneof![
        3 => "[abc]{0,2}",
        1 => Just("x y".to_string()),
        1 => Just("\\\"a\\\\".to_string()),
        1 => Just("é\u{7f}".to_string()),
        1 => Just("\\n".to_string()),
    ]
    .prop_map(|inside| format!("\"{inside}\""));
    let number = prop_oneof![
        3 => (-3..4i64).prop_map(|number| number.to_string()),
        1 => prop::sample::select(vec![
            "1.0", "1.10", "1e2", "100", "-0", "-0.0", "0.5", "12345678901234567890123",
            "12345678901234567890124", "9007199254740993", "9007199254740992.0", "1e400", "-1E-2",
        ])
        .prop_map(str::to_string),
    ];
    let leaf = prop_oneof![
        string.clone(),
        number,
        prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_string),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let member = (string.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..4).prop_map(|mut members| {
                members.sort();
                members.dedup_by(|left, right| left.0 == right.0);
                let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        4 => prop::sample::select(vec![".a", ".b", ".c", ".ab"]).prop_map(str::to_string),
        1 => prop::sample::select(vec![".\"a\"", "[\"x y\"]", ".\"é\u{7f}\"", "[ \"\" ]"]).prop_map(str::to_string),
        2 => (-3..3i64).prop_map(|index| format!("[{index}]")),
    ];
    let step = (step, prop::bool::weighted(0.3)).prop_map(
        |(step, is_optional)| {
            if is_optional { format!("{step}?") } else { step }
        },
    );
    prop::collection::vec(step, 0..3).prop_map(|steps| {
        let path = steps.concat();
        if path.starts_with('.') { path } else { format!(".{path}") }
    })
}

fn plain_program() -> impl Strategy<Value = String> {
    let constant = prop::sample::select(vec![
        "1",
        "-2",
        "0",
        "1.0",
        "100",
        "1e2",
        "0.5",
        "\"a\"",
        "\"\"",
        "\"x y\"",
        "null",
        "true",
        "false",
        "12345678901234567890123",
        "9007199254740993",
    ]);
    let op = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let test =
        (path(), op, constant.clone()).prop_map(|(path, op, constant)| format!("{path} {op} {constant}")).boxed();
    let item = prop_oneof![3 => path(), 1 => constant.prop_map(str::to_string)];
    let item = item.prop_recursive(2, 6, 3, |inner| {
        let member = (prop::sample::select(vec!["a", "\"b c\"", "c"]), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(member, 0..3).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{ {} }}", members.join(","))
            }),
            Just("{a, b}".to_string()),
        ]
    });
    let body = prop_oneof![
        2 => item,
        2 => test.clone(),
        2 => test.prop_map(|test| format!("select({test})")),
        1 => path().prop_map(|path| format!("select( {path} )")),
    ];
    (prop::option::of(path()), body).prop_map(|(input, body)| match input {
        Some(input) => format!("{input} | {body}"),
        None => body,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 5000 }))]

    #[test]
    fn plain_programs_answer_as_the_interpreter(
        source in plain_program(),
        records in prop::collection::vec(json(), 1..12),
    ) {
        let compiled = Compiled::new(&source, &[]).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let plain = Plain::parse(&source);
        if plain.is_none() {
            // Only what is written oddly here may be left out.
            prop_assert!(source.contains("\"b c\"") || source.contains("a: ") || source.contains("c: "), "{}", source);
            return Ok(());
        }
        let plain = plain.unwrap();
        for record in records {
            let slow = results(|each| compiled.run(record.as_bytes(), &[], &mut Vec::new(), &mut all(each)));
            let mut out = Vec::new();
            match plain.run(record.as_bytes(), &mut out) {
                plain::Outcome::Result(fast) => {
                    let fast = String::from_utf8(fast.to_vec()).unwrap();
                    prop_assert_eq!(slow, Ok(vec![fast]), "{} on {}", source, record);
                }
                plain::Outcome::Nothing => prop_assert_eq!(slow, Ok(vec![]), "{} on {}", source, record),
                plain::Outcome::NotPlain => {}
            }
        }
    }

    /// What the parser of plain programs takes, the interpreter takes too, and
    /// they agree.
    #[test]
    fn odd_sources_agree(source in "[.|,:?=<1-]{0,2}(\\.|\\[|\\]|\\{|\\}|a|b|\"a\"|1|-1| |\\||,|\\?|==|null|select\\(|\\)|:){0,7}", record in json()) {
        let program = Program::parse(&source, &[]).ok().filter(|program| program.plain.is_some());
        if let Some(mut program) = program {
            let plain = results(|each| program.run(record.as_bytes(), &[], each));
            prop_assert_eq!(plain, interpret(&source, &record), "{} on {}", source, record);
        }
    }

    #[test]
    fn identity_gives_the_record(record in json()) {
        prop_assert_eq!(interpret(".", &record), Ok(vec![record]));
    }

    #[test]
    fn garbage_never_panics(record in any::<Vec<u8>>()) {
        for source in [".a[0]", "[.a, 1]", "select(.a < \"x\")", ".[-1] > 1.5"] {
            let plain = Plain::parse(source).unwrap();
            let _ = plain.run(&record, &mut Vec::new());
        }
    }
}

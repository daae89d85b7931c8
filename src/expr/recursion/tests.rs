//! Recursion that has no end, that is deep, and that takes no stack.

use std::ops::ControlFlow;

use crate::expr::{ExprError, Program};

/// The last result of all.
fn last(source: &str, record: &str) -> Result<(usize, String), String> {
    let mut program = Program::parse(source, &[]).map_err(|error| error.to_string())?;
    let (mut count, mut last) = (0, String::new());
    let result = program.run(record.as_bytes(), &[], &mut |result| {
        count += 1;
        last = String::from_utf8(result.to_vec()).unwrap();
    });
    match result {
        Ok(()) => Ok((count, last)),
        Err(ExprError::Eval { message }) => Err(message),
        Err(other) => panic!("{other}"),
    }
}

/// Runs with the stack that a thread has if nobody asks for another.
fn on_a_usual_stack(test: fn()) {
    std::thread::spawn(test).join().unwrap();
}

#[test]
fn a_function_that_never_ends_to_call_itself_makes_a_bad_record() {
    on_a_usual_stack(|| {
        let mut wrong = Vec::new();
        for source in [
            "def f: f + 1; f",
            "def f: 1 + f; f",
            "def f: [f]; f",
            "def f: {a: f}; f",
            "def f: {(f): 1}; f",
            "def f: -f; f",
            "def f: \"\\(f)\"; f",
            "def f: try f catch 1; f + 1",
            "def f: try (f + 1) catch f; f",
            "def f: (f | .), 1; f",
            "def f: f // 1 | .; f",
            "def f: if f then 1 else 2 end; f",
            "def f: reduce f as $x (0; . + $x); f",
            "def f: foreach f as $x (0; . + $x); f",
            "def f: reduce 1 as $x (0; f); f",
            "def f: f as $x | $x + 1; f",
            "def f: f as [$x] | $x; f",
            "def f: label $out | f | ., break $out; f",
            "def f: first(f); f",
            "def f: limit(1; f); f",
            "def f: .[f]; f",
            "def f: .[f:]?; f",
            "def f: .a |= f; f",
            "def f: .a += f; f",
            "def f: .a = f; f",
            "def f: f and true; f",
            "def f: f == 1; f",
            "def f(g): f(g | g) + 1; f(.)",
            "def f($n): f($n + 1) + 1; f(0)",
            "def f: def g: f + 1; g; f",
            "def f: def g: 1 + (g | f); g; f",
            "def f(g): g; def h: f(h) + 1; h",
            "def f: select(f) | 1; f",
            "def f: test(f); f",
            "def f: walk(f); [[1]] | f",
            "recurse(.) |= 1",
            "[def f: f + 1; f][0]",
            ".[(def f: f + 1; f)]?",
            "reduce (def f: f + 1; f) as [$x] (0; 1)",
        ] {
            let result = last(source, "null");
            if result != Err("a function calls itself too often".to_string()) {
                wrong.push(format!("{source} gives {result:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn deep_recursion_has_an_end_and_gives_what_it_should() {
    on_a_usual_stack(|| {
        let factorial = "def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; fac";
        assert_eq!(last(factorial, "5"), Ok((1, "120".to_string())));
        let sum = "def sum: if . == 0 then 0 else . + (. - 1 | sum) end; sum";
        for count in [10, 100, 1000] {
            assert_eq!(last(sum, &count.to_string()), Ok((1, (count * (count + 1) / 2).to_string())));
        }
        // Results that were given before are not given again.
        let several = format!("1, 2, (1000 | {sum}), 4");
        assert_eq!(last(&several, "null"), Ok((4, "4".to_string())));
        // What is caught is not what the guard says.
        let caught =
            "def f: if . == 0 then error(\"x\") else try (. - 1 | f) catch error(. + \"y\") end; try f catch length";
        assert_eq!(last(caught, "700"), Ok((1, "701".to_string())));
    });
}

/// As deep as the guard just lets through: giving and dropping results must not take
/// more than what is left.
#[test]
fn what_the_guard_lets_through_has_the_stack_that_it_needs() {
    on_a_usual_stack(|| {
        for body in [
            "1 + (. - 1 | f)",
            "[. - 1 | f] | length",
            "{a: (. - 1 | f)} | length",
            "try (. - 1 | f) catch 1 | . + 0",
            "(. - 1 | f | .), empty",
            "reduce (. - 1 | f) as $x (0; . + $x)",
            "foreach (. - 1 | f) as $x (0; . + $x)",
            "(. - 1 | f) as $x | $x + 1",
            "first(. - 1 | f) | .",
            "label $out | (. - 1 | f) | .",
            "\"\\(. - 1 | f)\" | length",
        ] {
            let source = format!("def f: if . <= 0 then 0 else {body} end; f");
            let (mut most, mut least) = (1, 1 << 15);
            while least - most > 256 {
                let depth = (most + least) / 2;
                match last(&source, &depth.to_string()) {
                    Ok(_) => most = depth,
                    Err(_) => least = depth,
                }
            }
            assert!(most > 500, "{most}: {source}");
        }
    });
}

#[test]
fn a_call_in_the_last_place_takes_no_stack() {
    on_a_usual_stack(|| {
        let down = "def f: if . > 0 then . - 1 | f else . end; f";
        assert_eq!(last(down, "100000"), Ok((1, "0".to_string())));
        assert_eq!(last("last(range(100000))", "null"), Ok((1, "99999".to_string())));
        assert_eq!(last("[limit(100000; repeat(1))] | length", "null"), Ok((1, "100000".to_string())));
        assert_eq!(last("until(. > 100000; . + 1)", "0"), Ok((1, "100001".to_string())));
        assert_eq!(last("[while(. < 100000; . + 1)] | length", "0"), Ok((1, "100000".to_string())));
        assert_eq!(last("last(limit(100000; recurse(. + 1)))", "0"), Ok((1, "99999".to_string())));
    });
}

#[test]
fn who_has_enough_ends_a_deep_program_too() {
    let mut program =
        Program::parse("def f: if . == 0 then 0 else 1 + (. - 1 | f) end; (1000 | f), repeat(1)", &[]).unwrap();
    let mut count = 0;
    let result = program.run_while(b"null", &[], &mut |_| {
        count += 1;
        if count < 100 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(result.is_ok());
    assert_eq!(count, 100);
}

#[test]
fn a_path_without_end_makes_a_bad_record() {
    on_a_usual_stack(|| {
        for source in [
            "path(reduce range(100000) as $i (.; .[0]))",
            "path(last(foreach range(100000) as $i (.; .a)))",
            "path(reduce range(100000) as $i (.; if true then first(.a // .b) else . end))",
            "path(reduce range(100000) as $i (.; .[1:]))",
            "path(reduce range(100000) as $i (.; getpath([\"a\", 0])))",
            "[range(100000) | 0] as $path | path(getpath($path))",
            "path(last(limit(100000; recurse(.a))))",
            "path(until(false; .a))",
            "path(first(while(true; .a) | select(false)))",
            "path(def f: .a | f; f)",
            "path(def f: .a | f | .b; f)",
            "pick(reduce range(100000) as $i (.; .a))",
            "del(reduce range(100000) as $i (.; .[0]))",
            "to_entries[] as $entry | path(until(false; .a))",
        ] {
            let result = last(source, "null");
            let expected = match source.starts_with("to_entries") {
                true => "null has no keys".to_string(),
                false => "a path has more than 2048 steps".to_string(),
            };
            let takes_stack =
                source.contains("f | .b") && result == Err("a function calls itself too often".to_string());
            assert!(takes_stack || result == Err(expected), "{source}: {result:?}");
        }
        // As long as a value is deep.
        let longest = "[path(reduce range(2048) as $i (.; .[0]))[]] | length";
        assert_eq!(last(longest, "null"), Ok((1, "2048".to_string())));
        assert_eq!(last("try path(until(false; .a)) catch length", "null"), Ok((1, "31".to_string())));
    });
}

/// Each call keeps the filter that it was given, which keeps that of the call before.
#[test]
fn a_function_that_hands_on_filters_without_end_makes_a_bad_record() {
    on_a_usual_stack(|| {
        for step in ["g | .", "g + 1", "[g]", "def h: g; h", "first(g)", "try g catch .", r#""\(g)""#] {
            for end in [".", "g", "[g] | length", "path(g)", "(g |= .)"] {
                let source = format!("def f(g): if . > 100000 then {end} else . + 1 | f({step}) end; 0 | f(.)");
                let result = last(&source, "null");
                assert_eq!(result, Err("a function calls itself too often".to_string()), "{source}");
            }
        }
        let source = "def f(g): def h: . + 1 | f(g | g); if . > 100000 then . else h end; 0 | f(.)";
        assert_eq!(last(source, "null"), Err("a function calls itself too often".to_string()));
    });
}

#[test]
fn filters_that_are_handed_on_as_they_are_take_no_stack() {
    on_a_usual_stack(|| {
        for source in [
            "def f(c; u): if c then . else u | f(c; u) end; 0 | f(. >= 100000; . + 1)",
            "def f(g; $n; h): if $n == 0 then h else g | f(g; $n - 1; h) end; 0 | f(. + 1; 100000; .)",
            "def f(g; $n): def h: g | f(g; $n - 1); if $n == 0 then . else h end; 0 | f(. + 1; 100000)",
        ] {
            assert_eq!(last(source, "null"), Ok((1, "100000".to_string())), "{source}");
        }
        // Where a name has another meaning within, it keeps it.
        for (source, expected) in [
            ("def f: 7; def f(g): if . > 3 then f + g else . + 1 | f(g) end; 0 | f(. + 1)", "12"),
            ("def f(g): def g: 5; if . > 3 then g else . + 1 | f(g) end; 0 | f(. + 1)", "5"),
            ("def f(g): def h(g): if . > 3 then g else . + 1 | f(g) end; h(. * 10); 0 | f(. + 1)", "40"),
            ("def f(g): def f(g): g + 1; if . > 3 then g else f(g) end; 0 | f(. + 1)", "2"),
            ("def f(g; h): if . > 3 then g - h else . + 1 | f(h; g) end; 0 | f(1; 2)", "-1"),
        ] {
            assert_eq!(last(source, "null"), Ok((1, expected.to_string())), "{source}");
        }
    });
}

/// As deep as the guard just lets through, with the filter of the deepest call run there.
#[test]
fn filters_that_are_handed_on_have_the_stack_that_they_need() {
    on_a_usual_stack(|| {
        for step in ["g | .", "[[[g]]]", "try g catch .", "reduce g as $x (0; $x)"] {
            for end in [".", "g | 0"] {
                let source = format!("def f(g): if . <= 0 then {end} else . - 1 | f({step}) end; f(.)");
                let (mut most, mut least) = (1, 1 << 15);
                while least - most > 256 {
                    let depth = (most + least) / 2;
                    match last(&source, &depth.to_string()) {
                        Ok(_) => most = depth,
                        Err(_) => least = depth,
                    }
                }
                assert!(most > 500, "{most}: {source}");
            }
        }
    });
}

#[test]
fn values_that_are_nested_without_end_make_a_bad_record() {
    on_a_usual_stack(|| {
        for wrapped in ["[.]", "{a: .}", ". as $x | [$x, 1]"] {
            let deep = format!("reduce range(5000) as $i (null; {wrapped})");
            for used in [
                ".",
                "length",
                "tojson",
                "@json",
                "[..]",
                "[paths]",
                "sort",
                ". == .",
                "unique",
                "group_by(.)",
                "getpath([0, 0])",
                "empty",
                "[limit(3; ..)]",
                "error",
                "[.[]? |= 1]",
            ] {
                let source = format!("{deep} | {used}");
                let result = last(&source, "null");
                assert_eq!(result, Err("a value is nested deeper than 2048 levels".to_string()), "{source}");
            }
        }
        // As deep as a value may be, through all that walks one.
        let deep = "reduce range(1024) as $i (null; [.])";
        for (used, expected) in [
            ("tojson | length", "2052"),
            ("[..] | length", "1025"),
            ("[..] | sort | unique | group_by(.) | length", "1025"),
            ("[paths] | length", "1024"),
            ("[tostream] | length", "1025"),
            ("[leaf_paths] | length", "0"),
            (". == (tojson | fromjson)", "true"),
            ("path(..) | length", "1024"),
            ("(.. |= .) | contains([[[]]])", "true"),
            ("[.. | select(type == \"null\")] | length", "1"),
            ("[[limit(1; ..)], .] | sort | length", "2"),
            ("delpaths([[range(1024) | 0]]) | tojson | length", "2048"),
        ] {
            let source = format!("{deep} | {used}");
            assert_eq!(last(&source, "null").map(|(_, last)| last), Ok(expected.to_string()), "{source}");
        }
        let walked = "reduce range(200) as $i (null; [.]) | walk(.) | flatten";
        assert_eq!(last(walked, "null"), Ok((1, "[null]".to_string())));
    });
}

/// What a program's text nests, or its functions do with each other, has no bound but its length.
#[test]
fn programs_that_are_nested_as_deep_as_can_be_written_end() {
    const FORMS: [(&str, &str, &str); 24] = [
        ("[", ".", "]"),
        ("(", ".", ")"),
        ("{a:", "1", "}"),
        (".|", ".", ""),
        (".,", ".", ""),
        ("1+", "1", ""),
        ("null//", "1", ""),
        ("true and ", "true", ""),
        ("if true then ", ".", " end"),
        ("if . then 1 else ", ".", " end"),
        (".[", "0", "]"),
        ("-", "1", ""),
        (". as $x|", ".", ""),
        ("def f:1;", "f", ""),
        ("def f:", ".", ";f"),
        ("\"\\(", "1", ")\""),
        ("try ", ".", ""),
        ("first(", ".", ")"),
        ("reduce . as $x(0;", ".", ")"),
        ("label $x|", ".", ""),
        (".|=", ".", ""),
        ("..|", ".", ""),
        ("path(", ".", ")"),
        ("[.[]?|", ".", "]"),
    ];
    on_a_usual_stack(|| {
        for (before, inner, after) in FORMS {
            for levels in [30, 1000, (16 << 10) / (before.len() + after.len())] {
                let source = format!("{}{inner}{}", before.repeat(levels), after.repeat(levels));
                let result = last(&source, "null");
                assert!(levels > 30 || result.is_ok() || ["-", "path("].contains(&before), "{source}: {result:?}");
            }
        }
        for levels in [30, 100, 1000, 10000] {
            let branches = format!("if . then 0 {} else 3 end", "elif . then 1 ".repeat(levels.min(4000)));
            assert_eq!(last(&branches, "null"), Ok((1, "3".to_string())));
            let steps = format!("try {} catch 1", ".a".repeat(levels));
            assert_eq!(last(&steps, "null"), Ok((1, "null".to_string())));
            let up = format!(". as {}$x{} | 1", "[".repeat(levels), "]".repeat(levels));
            let broad = format!(". as [{}$x] | 1", "$x,".repeat(levels));
            for pattern in [up, broad] {
                match last(&pattern, "null") {
                    Err(message) => assert!(levels > 256 && message.contains("at most 256 parts"), "{message}"),
                    Ok(result) => assert_eq!((levels <= 256, result), (true, (1, "1".to_string()))),
                }
            }
        }
        let functions = |count: usize, body: &str| {
            let functions =
                (1..count).map(|at| format!("def f{at}(g): {};", body.replace('F', &format!("f{}", at - 1))));
            format!("def f0(g): first(g); {} f{}(.)", functions.collect::<String>(), count - 1)
        };
        let doubled = last(&functions(30, "F(F(g))"), "null");
        assert_eq!(doubled, Err("a function calls itself too often".to_string()));
        // With the stack of a release build it has enough.
        drop(last(&functions(2000, "F(g)"), "null"));
        assert_eq!(last(&functions(50, "F(g)"), "null"), Ok((1, "null".to_string())));
        let long = format!(".{}", " ".repeat(64 << 10));
        assert!(last(&long, "null").is_err_and(|message| message.contains("a program has at most 64 KiB")));
    });
}

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
            "path(def f: .a | f | .b; f)",
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

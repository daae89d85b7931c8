//! What becomes of lines, by each way of joining them: a line of `|` stands between events.

use regex::bytes::Regex;

use super::*;
use crate::record::forms::Course;

const MOST: Most = Most { lines: 100, bytes: 1000 };

/// The events of lines, each with its problem.
fn events(belonging: Belonging, most: Most, lines: &[&str]) -> Vec<(String, Option<String>)> {
    let mut join = Joining::new(belonging, most, Duration::from_secs(1)).join();
    let mut events = Vec::new();
    let mut give = |event: Event<'_>| {
        let line = usize::try_from(event.place.lines).unwrap();
        let text = String::from_utf8(event.text.to_vec()).unwrap();
        assert!(event.problem.is_some() || lines[line].starts_with(&text[..1.min(text.len())]), "{line}: {text}");
        events.push((text, event.problem.map(str::to_owned)));
        Ok(())
    };
    let mut course = Course::default();
    for line in lines {
        let place = course.pass(line.len() as u64 + 1);
        join.push(Line { text: line.as_bytes(), place, end: course.place().offset }, &mut give).unwrap();
    }
    join.finish(&mut give).unwrap();
    assert_eq!(join.begun(), None);
    events
}

/// Events as they are, with a line of `|` between them, become the same events.
fn check(belonging: Belonging, text: &str) {
    let text = text.trim_matches('\n');
    let lines: Vec<&str> = text.lines().filter(|line| *line != "|").collect();
    let given: Vec<String> = events(belonging, MOST, &lines).into_iter().map(|(text, _)| text).collect();
    let expected: Vec<&str> = text.split("\n|\n").collect();
    assert_eq!(given, expected);
}

fn patterns(start: &str, end: &str, proceed: &str) -> Belonging {
    let regex = |pattern: &str| (!pattern.is_empty()).then(|| Regex::new(pattern).unwrap());
    Belonging::Patterns(Patterns { start: regex(start), end: regex(end), proceed: regex(proceed) })
}

#[test]
fn by_patterns() {
    check(patterns("^[A-Z]", "", ""), "rest\nof one\n|\nA\n a\n\n a\n|\nB\n|\nC");
    check(patterns("", r"[^\\]$", ""), "a \\\nb \\\nc\n|\nd\n|\n\\\ne");
    check(patterns("", "", r"^\s"), "  x\n y\n|\na\n b\n|\nc");
    check(patterns("^BEGIN", "^END", ""), "x\n|\ny\n|\nBEGIN 1\na\nEND\n|\nz\n|\nBEGIN 2\nb\n|\nBEGIN END\nEND");
    check(patterns("^A", "", "^ "), " x\n|\nA\n a\n|\nb\n|\n b\n|\nA");
    check(patterns("", "^;", "^ "), "a\n b\n;\n|\n c\n;\n|\nd\n|\ne");
}

#[test]
fn an_event_that_is_too_much_is_bad_with_all_of_its_lines() {
    let most = Most { lines: 3, bytes: 8 };
    let given = events(patterns("^[A-Z]", "", ""), most, &["A", "1", "2", "3", "4", "B", "12345", "6", "C"]);
    assert_eq!(given[2], ("C".to_owned(), None));
    assert_eq!((&*given[0].0, &*given[1].0), ("A\n1\n2", "B\n12345"));
    assert!(given[0].1.as_deref().unwrap().starts_with("the event has more lines than --max-lines 3: "));
    assert!(given[1].1.as_deref().unwrap().starts_with("the event is longer than --max-line 8: "));
}

#[test]
fn java() {
    check(
        Belonging::Traces(Language::Java),
        "
2024-01-05 10:00:00,001 INFO  [main] o.a.Starter - started
|
2024-01-05 10:00:01,002 ERROR [http-1] c.e.Orders - cannot place order 17
java.lang.IllegalStateException: no stock
\tat com.example.Orders.place(Orders.java:41)
\tat com.example.Orders.lambda$run$0(Orders.java:22) ~[orders.jar:1.0]
Caused by: java.sql.SQLException: connection reset
\tat org.postgresql.Driver.connect(Driver.java:101)
\t... 2 more
\tSuppressed: java.io.IOException: close
\t\tat a.B.close(B.java:3)
|
2024-01-05 10:00:02,000 WARN  [main] x - done
|
Exception in thread \"main\" java.lang.RuntimeException: boom
\tat Main.main(Main.java:5)
|
java.lang.StackOverflowError
\tat Main.f(Main.java:9)
|
javax.servlet.ServletException: outer; nested exception is: 
\tjava.io.IOException: inner
\tat a.b.C.d(C.java:1)
|
java.lang.Error: next
\tat Main.f(Main.java:9)
|
plain words
|
Oops: unknown
    at x.Y.z(Y.kt:8)
|
  indented text",
    );
}

#[test]
fn python() {
    check(
        Belonging::Traces(Language::Python),
        "
starting
|
Traceback (most recent call last):
  File \"a.py\", line 3, in <module>
    f()
    ~^^
  File \"a.py\", line 1, in f
    raise ValueError('x')
ValueError: x

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"a.py\", line 5, in <module>
    g()
app.errors.Wrapped: y
|
ERROR:root:it failed
Traceback (most recent call last):
  File \"a.py\", line 3, in <module>
    1 / 0
ZeroDivisionError: division by zero
|

|
next
|
Traceback (most recent call last):
  File \"a.py\", line 3, in <module>
KeyboardInterrupt
|
done: yes",
    );
}

#[test]
fn go() {
    check(
        Belonging::Traces(Language::Go),
        "
2024/01/05 10:00:00 listening
|
panic: runtime error: index out of range [5] with length 3 [recovered]
\tpanic: again

goroutine 1 [running]:
main.main()
\t/tmp/x.go:8 +0x1d
created by main.start in goroutine 7
\t/tmp/x.go:3 +0x2

goroutine 18 [chan receive, 2 minutes]:
main.(*Server).loop(0xc000012345, {0x1, 0x2})
\t/tmp/y.go:8 +0x1d
exit status 2
|
2024/01/05 10:00:01 http: panic serving 127.0.0.1:5000: boom
goroutine 5 [running]:
net/http.(*conn).serve.func1()
\t/usr/lib/go/src/net/http/server.go:1850 +0xb0
|

|
2024/01/05 10:00:02 next",
    );
}

#[test]
fn ruby() {
    check(
        Belonging::Traces(Language::Ruby),
        "
I, [2024-01-05T10:00:00.1 #7]  INFO -- : started
|
app.rb:3:in `f': no method (NoMethodError)
\tfrom app.rb:7:in `block in <main>'
\tfrom app.rb:6:in `each'
|
app.rb:3:in 'Object#f': next (RuntimeError)
\tfrom app.rb:7:in '<main>'
|
Traceback (most recent call last):
\t1: from a.rb:5:in `<main>'
a.rb:2:in `f': old order (RuntimeError)
|
E, [2024-01-05T10:00:00.1 #7] ERROR -- : it failed
RuntimeError (it failed):

app/models/order.rb:12:in `place'
app/controllers/orders_controller.rb:9:in `create'
|
done",
    );
}

#[test]
fn rust() {
    check(
        Belonging::Traces(Language::Rust),
        "
started
|
thread 'main' panicked at src/main.rs:2:5:
index out of bounds: the len is 3 but the index is 5
stack backtrace:
   0: rust_begin_unwind
             at /rustc/1/library/std/src/panicking.rs:645:5
note: run with `RUST_BACKTRACE=full` for a verbose backtrace
|
thread 'w-1' (77) panicked at src/main.rs:9:5:
assertion `left == right` failed
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
|
thread 'main' panicked at 'old style', src/main.rs:4:5
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
|
Error: cannot read

Caused by:
    0: open x
    1: No such file or directory (os error 2)
|
done",
    );
}

fn cri(lines: Option<Belonging>) -> Belonging {
    Belonging::Container(Runtime::Cri, lines.map(Box::new))
}

fn texts(given: Vec<(String, Option<String>)>) -> Vec<String> {
    given.into_iter().map(|(text, _)| text).collect()
}

#[test]
fn containers() {
    assert_eq!(
        texts(events(
            cri(None),
            MOST,
            &[
                "2024-01-05T10:00:00.1Z stdout F whole",
                "2024-01-05T10:00:00.2Z stdout P one ",
                "2024-01-05T10:00:00.3Z stderr P between",
                "2024-01-05T10:00:00.4Z stdout P two ",
                "2024-01-05T10:00:00.4Z stderr F the parts",
                "2024-01-05T10:00:00.5Z stdout F three",
                "no line of a runtime",
                "2024-01-05T10:00:00.6Z stderr P:x begun",
                "2024-01-05T10:00:00.6+01:00 stdout F",
            ]
        )),
        [
            "2024-01-05T10:00:00.1Z stdout F whole",
            "2024-01-05T10:00:00.2Z stdout F one two three",
            "2024-01-05T10:00:00.3Z stderr F betweenthe parts",
            "no line of a runtime",
            "2024-01-05T10:00:00.6Z stderr F:x begun",
            "2024-01-05T10:00:00.6+01:00 stdout F",
        ]
    );
    assert_eq!(
        texts(events(
            Belonging::Container(Runtime::Docker, None),
            MOST,
            &[
                r#"{"log":"whole \"1\"\n","stream":"stdout","time":"2024-01-05T10:00:01Z"}"#,
                r#"{"log":"a\\n","stream":"stdout","time":"2024-01-05T10:00:02.1Z"}"#,
                r#"{"log":"other\n","stream":"stderr","time":"2024-01-05T10:00:02.2Z"}"#,
                r#"{"log":"b\\\n","stream":"stdout","attrs":{},"time":"2024-01-05T10:00:02.3Z"}"#,
            ]
        )),
        [
            r#"{"log":"whole \"1\"\n","stream":"stdout","time":"2024-01-05T10:00:01Z"}"#,
            r#"{"log":"a\\nb\\\n","stream":"stdout","time":"2024-01-05T10:00:02.1Z"}"#,
            r#"{"log":"other\n","stream":"stderr","time":"2024-01-05T10:00:02.2Z"}"#,
        ]
    );
    let few = Most { lines: 2, bytes: 1000 };
    let head = "2024-01-05T10:00:00Z stdout";
    let parts = ["P 1", "P 2", "P 3", "F 4", "F 5"].map(|part| format!("{head} {part}"));
    let given = events(cri(None), few, &parts.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(given[0].1.as_deref().unwrap().contains("--max-lines 2"), "{given:?}");
    assert_eq!(given[1], (format!("{head} F 5"), None));
}

#[test]
fn events_that_containers_wrote() {
    let java = || Belonging::Traces(Language::Java);
    assert_eq!(
        texts(events(
            cri(Some(java())),
            MOST,
            &[
                "2024-01-05T10:00:00.1Z stdout F 10:00:00 INFO begins",
                "2024-01-05T10:00:00.2Z stderr F 10:00:00 ERROR it failed",
                "2024-01-05T10:00:00.2Z stderr F java.lang.Error: no",
                "2024-01-05T10:00:00.3Z stdout F 10:00:00 WARN in between",
                "2024-01-05T10:00:00.3Z stderr P \tat a.B.",
                "2024-01-05T10:00:00.3Z stdout F java.lang.Error: another",
                "2024-01-05T10:00:00.3Z stderr F c(B.java:3)",
                "2024-01-05T10:00:00.4Z stdout F \tat d.E.f(E.java:4)",
                "2024-01-05T10:00:00.4Z stderr F 10:00:01 INFO and on",
            ]
        )),
        [
            "2024-01-05T10:00:00.1Z stdout F 10:00:00 INFO begins",
            "2024-01-05T10:00:00.2Z stderr F 10:00:00 ERROR it failed\njava.lang.Error: no\n\tat a.B.c(B.java:3)",
            "2024-01-05T10:00:00.3Z stdout F 10:00:00 WARN in between\njava.lang.Error: another\n\tat d.E.f(E.java:4)",
            "2024-01-05T10:00:00.4Z stderr F 10:00:01 INFO and on",
        ]
    );
    let line =
        |text: &str, stream: &str| format!(r#"{{"log":"{text}\n","stream":"{stream}","time":"2024-01-05T10:00:01Z"}}"#);
    let lines = [
        line("10:00:00 ERROR \\\"it\\\" failed", "stdout"),
        line("java.lang.Error: \\u003cinit\\u003e", "stdout"),
        line("apart", "stderr"),
        line("\\tat a.B.c(B.java:3)", "stdout"),
    ];
    let given = events(
        Belonging::Container(Runtime::Docker, Some(Box::new(java()))),
        MOST,
        &lines.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let joined = "10:00:00 ERROR \\\"it\\\" failed\\njava.lang.Error: <init>\\n\\tat a.B.c(B.java:3)";
    assert_eq!(texts(given), [line(joined, "stdout"), line("apart", "stderr")]);
    // The bounds are of what a container wrote, too.
    let few = Most { lines: 3, bytes: 1000 };
    let head = "2024-01-05T10:00:00Z stdout F";
    let lines = ["java.lang.Error: x", "\tat a", "\tat b", "\tat c", "next"].map(|text| format!("{head} {text}"));
    let given = events(cri(Some(java())), few, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(given[0].1.as_deref().unwrap().contains("--max-lines 3"), "{given:?}");
    assert_eq!(given[1], (format!("{head} next"), None));
}

//! Stack traces as languages print them, by tables of what may follow what.
//!
//! A log line whose message an exception belongs to, and its trace, are one event: a log line is one with
//! a level or a time of day in it.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::lines::{Rules, State, Step};

/// Languages whose traces are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Java, and what else runs on its machine.
    Java,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Ruby.
    Ruby,
    /// Rust.
    Rust,
}

/// Any line that no rule knows.
const PLAIN: State = 0;
// What the others mean is each table's own.
const HEAD: State = 1;
const BODY: State = 2;
const DONE: State = 3;
const GAP: State = 4;

/// A line that joins an event.
struct Rule {
    /// The states in which it may.
    from: &'static [State],
    pattern: &'static str,
    to: State,
    /// Only where the event is one line so far, a log line.
    after_log: bool,
    /// Only if a later line joins too.
    perhaps: bool,
}

const fn rule(from: &'static [State], pattern: &'static str, to: State) -> Rule {
    Rule { from, pattern, to, after_log: false, perhaps: false }
}

/// As [`rule`], of an exception behind its log line.
const fn behind_log(pattern: &'static str, to: State) -> Rule {
    Rule { from: &[PLAIN], pattern, to, after_log: true, perhaps: false }
}

/// As [`rule`], of a blank line, which may as well be none of it.
const fn blank(from: &'static [State]) -> Rule {
    Rule { from, pattern: r"^\s*$", to: GAP, after_log: false, perhaps: true }
}

struct Table {
    /// What a first line is; [`PLAIN`] if it is none of these.
    first: &'static [(&'static str, State)],
    next: &'static [Rule],
}

const JAVA_EXCEPTION: &str =
    r"^(?:(?:[\p{L}_$][\p{L}\d_$]*\.)+[\p{L}_$][\p{L}\d_$]*|[\p{L}_$][\p{L}\d_$]*(?:Exception|Error))(?::\s|:?$)";
const JAVA_THREAD: &str = r#"^Exception in thread ""#;
const JAVA_FRAME: &str = r"^\s+(?:at\s\S|\.\.\.\s\d+\s(?:more|common)|-\s(?:locked|waiting|parking|eliminated))";
const JAVA_CAUSE: &str = r"^\s*(?:Caused by|Suppressed|Wrapped by|Causing): |^\s*\[CIRCULAR REFERENCE";
/// HEAD: an exception, BODY: its frames, GAP: another one is announced.
const JAVA: Table = Table {
    first: &[(r"^\S.*nested exception is:\s*$", GAP), (JAVA_THREAD, HEAD), (JAVA_EXCEPTION, HEAD)],
    next: &[
        rule(&[PLAIN, HEAD, BODY], JAVA_FRAME, BODY),
        rule(&[PLAIN, HEAD, BODY], JAVA_CAUSE, HEAD),
        rule(&[GAP], r"^\s*\S", HEAD),
        behind_log(JAVA_EXCEPTION, HEAD),
    ],
};

const PYTHON_TRACE: &str = r"^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):\s*$";
/// BODY: frames, DONE: the exception's own line, GAP: blank, and perhaps one more follows.
const PYTHON: Table = Table {
    first: &[(PYTHON_TRACE, BODY)],
    next: &[
        behind_log(PYTHON_TRACE, BODY),
        rule(&[BODY], r"^\s+\S", BODY),
        rule(&[BODY], r"^[\p{L}_][\p{L}\d_.]*(?::|$)", DONE),
        rule(&[DONE], r"^\s+\S", DONE),
        rule(
            &[DONE, BODY, GAP],
            r"^(?:During handling of the above exception, another exception|The above exception was the direct cause)",
            HEAD,
        ),
        blank(&[DONE, BODY, GAP]),
        rule(&[HEAD], r"^\s*$", HEAD),
        rule(&[HEAD], PYTHON_TRACE, BODY),
    ],
};

const GO_ROUTINE: &str = r"^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[";
/// HEAD: the panic, BODY: a goroutine, GAP: blank.
const GO: Table = Table {
    first: &[
        (r"^(?:panic|fatal error|runtime): |\bpanic serving\b|^SIG[A-Z]+: |^unexpected fault address", HEAD),
        (GO_ROUTINE, BODY),
    ],
    next: &[
        rule(&[HEAD], r"^\s+\S|^\[(?:signal|originating)|^(?:panic|fatal error): |^PC=", HEAD),
        rule(&[PLAIN, HEAD, BODY, GAP], GO_ROUTINE, BODY),
        rule(&[BODY], r"^\s+\S|^\S.*\(.*\)\s*$|^created by |^\.\.\.\S.* frames elided|^exit status \d", BODY),
        rule(&[GAP], r"^(?:r\w+|[re]?[a-ds][ixpl]|cs|fs|gs|eflags|rflags)\s+0x[0-9a-f]+\s*$|^exit status \d", GAP),
        blank(&[HEAD, BODY, GAP]),
    ],
};

const RUBY_CALL: &str = r"^\s*(?:\d+:\s+)?(?:from\s+)?\S+:\d+:in\s+[`'][^']*'\s*$";
/// HEAD: an exception, BODY: calls, GAP: blank, DONE: calls that come before their exception.
const RUBY: Table = Table {
    first: &[
        (r"^\s*\S+:\d+:in\s+[`'][^']*':\s", HEAD),
        (r"^(?:\S+: )?Traceback \(most recent call last\):?\s*$", DONE),
        (r"^(?:[A-Z]\w*::)*[A-Z]\w*(?:Error|Exception)\b", HEAD),
    ],
    next: &[
        rule(&[DONE], RUBY_CALL, DONE),
        rule(&[DONE], r"^\s*\S+:\d+:in\s", HEAD),
        rule(&[PLAIN, HEAD, BODY, GAP], RUBY_CALL, BODY),
        rule(&[HEAD, BODY], r"^\s+\.\.\. \d+ levels\.\.\.", BODY),
        behind_log(r"^(?:[A-Z]\w*::)*[A-Z]\w*(?:Error|Exception)\b", HEAD),
        blank(&[HEAD, GAP]),
    ],
};

/// HEAD: a panic whose message follows, BODY: message and trace, GAP: blank.
const RUST: Table = Table {
    first: &[
        (r"^thread '.*'(?: \(\d+\))? panicked at \S+:\d+:\d+:\s*$", HEAD),
        (r"^thread '.*'(?: \(\d+\))? panicked at ", BODY),
        (r"^(?:Error|error): ", BODY),
    ],
    next: &[
        rule(&[HEAD], r"", BODY),
        rule(
            &[PLAIN, BODY, GAP],
            r"^(?i:stack backtrace:)|^note: (?:run with|some details|.*backtrace)|^Caused by:|^Location:|^\s+\d+: \S|^\s+at \S+:\d+",
            BODY,
        ),
        rule(&[BODY], r"^\s+\S", BODY),
        blank(&[BODY, GAP]),
    ],
};

/// Lines of logs.
static LOG_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)\b(?:trace|debug|info|information|notice|warn|warning|error|err|severe|fatal|critical|crit|alert|emerg)\b|\d\d:\d\d:\d\d",
    )
    .ok()
});

/// The rules of one language.
pub struct Traces {
    first: Vec<(Regex, State)>,
    next: Vec<(Regex, &'static Rule)>,
}

impl Traces {
    /// Of this language.
    pub fn of(language: Language) -> Traces {
        let table = match language {
            Language::Java => &JAVA,
            Language::Python => &PYTHON,
            Language::Go => &GO,
            Language::Ruby => &RUBY,
            Language::Rust => &RUST,
        };
        // That all of them are regular expressions, a test sees.
        let first = table.first.iter().filter_map(|(pattern, to)| Some((Regex::new(pattern).ok()?, *to)));
        let next = table.next.iter().filter_map(|rule| Some((Regex::new(rule.pattern).ok()?, rule)));
        Traces { first: first.collect(), next: next.collect() }
    }
}

impl Rules for Traces {
    fn step(&self, open: Option<(State, &[u8])>, line: &[u8]) -> Step {
        if let Some((state, text)) = open {
            for (pattern, rule) in &self.next {
                if rule.from.contains(&state) && pattern.is_match(line) && (!rule.after_log || is_log_line(text)) {
                    return if rule.perhaps { Step::Perhaps(rule.to) } else { Step::Joins(rule.to) };
                }
            }
        }
        let known = self.first.iter().find(|(pattern, _)| pattern.is_match(line));
        Step::Begins(known.map_or(PLAIN, |(_, state)| *state))
    }
}

fn is_log_line(text: &[u8]) -> bool {
    !text.contains(&b'\n') && LOG_LINE.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_are_regular_expressions() {
        for table in [&JAVA, &PYTHON, &GO, &RUBY, &RUST] {
            for pattern in
                table.first.iter().map(|(pattern, _)| pattern).chain(table.next.iter().map(|rule| &rule.pattern))
            {
                Regex::new(pattern).unwrap();
            }
        }
        assert!(LOG_LINE.is_some());
    }
}

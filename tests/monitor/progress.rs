//! The line that tells how far a finite input is read, on a terminal that others
//! print on too.

use crate::screen::Screen;
use crate::support::Folder;

/// Twenty megabytes of lines.
fn data() -> Folder {
    let folder = Folder::new();
    folder.file("data", format!("{}\n", "x".repeat(999)).repeat(20_000));
    folder
}

/// Hands bytes on, four megabytes a second.
const SLOWLY: &str = "{ while IFS= read -r -N 200000 x; do printf %s \"$x\"; sleep 0.05; done; printf %s \"$x\"; }";

#[test]
fn a_line_shows_bytes_rate_and_time_left_and_goes() {
    for source in ["stdin < data", "tail data --available-now", "dir spool --available-now"] {
        let folder = data();
        // A file that has just been written may not be whole.
        let spool = "mkdir spool; ln data spool; touch -d '1 hour ago' data";
        let line = format!("{spool}; sstream-source {source} --batch 1h | {SLOWLY} > out; grep -c x out; echo over");
        let mut screen = Screen::start(&folder, 100, 20, &line);
        // Not the first MiB.
        screen.until_shows("MiB of 19.07 MiB, ");
        let text = screen.until_shows("MiB/s, ");
        let line = text.lines().find(|line| line.contains(" left")).unwrap();
        assert!(line.contains("MiB of 19.07 MiB, ") && line.contains("MiB/s, "), "{source}: {text}");
        let text = screen.until_shows("\nover");
        assert!(text.contains("20000\n") && !text.contains(" left"), "{source}: {text}");
    }
}

#[test]
fn what_a_later_stage_prints_goes_over_the_line() {
    let mut screen = Screen::start(
        &data(),
        100,
        50,
        &format!("clear; sstream-source stdin --batch 100ms < data | {SLOWLY} | sstream-reduce count; echo over"),
    );
    screen.until_shows(" left");
    let text = screen.until_shows("\nover");
    let printed = text.split_once("\nover").unwrap().0;
    let is_print_form = |line: &str| {
        let line = line.trim_end();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_time = line.strip_prefix("Time: ").and_then(|rest| rest.strip_suffix(" ms")).is_some_and(is_number);
        line.is_empty() || line == "-".repeat(43) || is_time || is_number(line)
    };
    let odd: Vec<&str> = printed.lines().filter(|line| !is_print_form(line)).collect();
    assert!(odd.is_empty(), "{odd:?} in\n{text}");
}

#[test]
fn nobody_who_does_not_look_gets_it() {
    for (redirected, quiet) in [("2> err", ""), ("", "--quiet")] {
        let folder = data();
        let line = format!(
            "clear; sstream-source stdin --batch 1h {quiet} < data {redirected} | {SLOWLY} > out & \
             sleep 2; echo half; wait; echo over"
        );
        // In the background by itself it would not draw either: a shell without
        // job control leaves it in the foreground.
        let mut screen = Screen::start(&folder, 100, 20, &format!("bash -c '{}'", line.replace('\'', "'\\''")));
        let half = screen.until_shows("half\n");
        assert!(!half.contains(" left"), "{half}");
        screen.until_shows("over\n");
        assert_eq!(folder.read("err"), "");
    }
}

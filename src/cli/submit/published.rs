//! How an application is found by `sstream ps`, `sstream-top` and the page: the driver publishes its batches itself,
//! as every stage does; it is told where, and what the head is.

use std::ffi::OsString;

use super::plan::{Clock, Plan};
use crate::frame::Head;
use crate::monitor::{publish, runtime};

/// What the driver is told.
///
/// # Errors
/// The directory that stages publish into cannot be used.
pub fn place(plan: &Plan) -> Result<[OsString; 3], runtime::RuntimeError> {
    let directory = runtime::directory();
    runtime::ensure(&directory)?;
    Ok(["--publish".into(), directory.into(), head(plan).into()])
}

/// The head of what is published, but for what only the driver knows.
fn head(plan: &Plan) -> String {
    let mut head = Head::new(plan.interval_ms());
    head.stages.clone_from(&plan.shown);
    head.set_pipeline();
    if plan.clock != Clock::Wall {
        head.set_virtual_clock();
    }
    publish::name_run(&mut head);
    let mut line = Vec::new();
    head.write(&mut line);
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::walk;
    use super::*;

    /// The stages that a line is shown as.
    fn shown(line: &str) -> serde_json::Value {
        let head: serde_json::Value = serde_json::from_str(&head(&walk::plan(line, false).unwrap())).unwrap();
        assert!(head["pipeline"].is_string(), "{head}");
        head["stages"].clone()
    }

    #[test]
    fn a_line_is_shown_as_its_sources_and_the_rest() {
        for (line, stages) in [
            (
                "sstream source tcp h:1 | sstream-filter 'a b' | sstream-sink null",
                r#"["source tcp h:1","filter 'a b' | sink null"]"#,
            ),
            ("sstream-source tcp h:1", r#"["source tcp h:1","sink print"]"#),
            (
                "sstream-source tcp h:1 | sstream-join - <(sstream-source tcp h:2 | sstream-map .) | sstream-sink null",
                r#"[["source tcp h:1"],["source tcp h:2"],"join - '<(…)' | sink null"]"#,
            ),
            (
                "sstream-union <(sstream-source tcp h:1) <(sstream-source tcp h:2) | sstream-sink null",
                r#"[["source tcp h:1"],["source tcp h:2"],"union '<(…)' '<(…)' | sink null"]"#,
            ),
        ] {
            assert_eq!(shown(line).to_string(), stages, "{line}");
        }
    }
}

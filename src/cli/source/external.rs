//! Kinds that are programs on PATH, as git has them.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::SourceTool;
use crate::cli::ToolError;
use crate::cli::connector::known::{self, Role};
use crate::source::kinds::exec::find_program;

/// The command of a kind that is not built in: `sstream-source-KIND ARGS`.
pub fn command(words: &[OsString]) -> Result<Vec<OsString>, ToolError> {
    let (kind, arguments) = words.split_first().ok_or_else(|| unknown(""))?;
    let name = kind.to_string_lossy();
    let program = OsString::from(format!("sstream-source-{name}"));
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_plain || find_program(&program).is_none() {
        return Err(unknown(&name));
    }
    Ok(std::iter::once(program).chain(arguments.iter().cloned()).collect())
}

fn unknown(kind: &str) -> ToolError {
    let command = SourceTool::command();
    let mut built_in: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    built_in.extend(known::kinds(Role::Source).map(|(kind, _)| kind));
    let near = built_in.iter().map(|name| (distance(kind, name), name)).min().filter(|(far, _)| *far <= 2);
    let advice = match near {
        Some((_, name)) => format!("did you mean {name}?"),
        None => format!("the kinds are {}", built_in.join(", ")),
    };
    ToolError::Usage(format!("{kind}: there is no such kind of source, and no sstream-source-{kind} on PATH: {advice}"))
}

/// How many letters must be changed, put in, left out, or swapped with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = rows[i][j] + usize::from(a[i] != b[j]);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested() {
        for (kind, says) in [
            ("tpc", "did you mean tcp?"),
            ("lisen", "did you mean listen?"),
            ("quue", "did you mean queue?"),
            ("carrier-pigeon", "the kinds are stdin, tcp"),
            ("../tcp", "the kinds are"),
        ] {
            let message = command(&[kind.into(), "x".into()]).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn distances() {
        for (a, b, want) in [("", "abc", 3), ("tcp", "tcp", 0), ("tpc", "tcp", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), want);
            assert_eq!(distance(b, a), want);
        }
    }
}

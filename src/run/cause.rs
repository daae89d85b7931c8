//! Why a pipeline ended: which of its stages' exit codes is the one that counts.
//!
//! Under pipefail a shell gives the code of the last stage that failed. That is
//! seldom the reason: when the second of four stages is killed, it has 137, the
//! ones behind it were cut off (3), and the one before it found nobody to write
//! to (141, as SIGPIPE gives). So:
//!
//! - 141 is never a reason: the reader had gone, for a reason of its own.
//! - 2, 4 and 5 of a stage of sstream, and 126 and 127 of any command, are the
//!   reason wherever they stand: the same command would fail again. But for a 2 behind
//!   a stage that was killed: without its head a stream seems to have another interval.
//! - Otherwise it is the first stage that failed.
//! - Numbers of foreign commands mean something else (grep's 1, wget's 4): such a
//!   failure counts as 1, the world failed.

use std::fmt;

/// What a shell gives for a command that its reader left: 128 and SIGPIPE.
const READER_GONE: u8 = 141;

/// What it gives for one that SIGTERM has ended; tools of the family end well.
const TERMINATED: u8 = 143;

/// A command of the pipeline, as far as its text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The command's name, without its directory.
    pub name: String,
    /// A tool of this family, whose exit codes are known.
    pub is_ours: bool,
}

impl Stage {
    /// The stage that runs these words: a tool of the family may stand behind
    /// others, as in `nice sstream-filter ERROR`.
    pub fn of(words: &[String]) -> Stage {
        let name = |word: &String| word.rsplit('/').next().unwrap_or_default().to_owned();
        let is_ours = |name: &String| name == "sstream" || name.starts_with("sstream-");
        match words.iter().map(name).find(is_ours) {
            Some(name) => Stage { name, is_ours: true },
            None => Stage { name: words.first().map(name).unwrap_or_default(), is_ours: false },
        }
    }
}

/// How a pipeline ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was done.
    Done,
    /// Whoever reads its output has gone: quiet, as SIGPIPE would be.
    ReaderGone,
    /// It failed.
    Failed(Cause),
}

impl Outcome {
    /// The exit code to pass on.
    pub fn code(&self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::ReaderGone => READER_GONE,
            Outcome::Failed(cause) => cause.code,
        }
    }
}

/// The stage that failed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its place, from 1, of how many; none where the shell told one code only.
    place: Option<(usize, usize)>,
    /// The command's name, where it is known.
    name: Option<String>,
    /// What it ended with.
    ended_with: u8,
    /// The exit code to pass on.
    pub code: u8,
}

impl Cause {
    /// Whether the same pipeline would fail again.
    pub fn is_final(&self) -> bool {
        is_final(self.code)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place, &self.name) {
            (Some((place, of)), Some(name)) => write!(f, "command {place} of {of}, {name},")?,
            (Some((place, of)), None) => write!(f, "command {place} of {of}")?,
            (None, Some(name)) => f.write_str(name)?,
            (None, None) => f.write_str("the pipeline")?,
        }
        match self.ended_with {
            126 => f.write_str(" cannot be run (exit code 126)"),
            127 => f.write_str(" was not found (exit code 127)"),
            code @ 129..=192 => match signal_hook::low_level::signal_name(i32::from(code - 128)) {
                Some(name) => write!(f, " was ended by {name} (exit code {code})"),
                None => write!(f, " was ended by signal {}", code - 128),
            },
            code => write!(f, " ended with exit code {code}{}", meaning(self.code, code)),
        }
    }
}

/// What a tool of the family says with an exit code.
fn meaning(passed_on: u8, code: u8) -> &'static str {
    match code {
        _ if passed_on != code => "",
        1 => ", the world failed",
        2 => ", wrong usage",
        3 => ", input cut off or malformed",
        4 => ", a bad record",
        5 => ", checkpoint damaged or another pipeline's",
        _ => "",
    }
}

/// Whether a command that ended so would do it again.
fn is_final(code: u8) -> bool {
    matches!(code, 2 | 4 | 5 | 126 | 127)
}

/// How a pipeline ended whose stages ended with `codes`; `stages` are what its
/// text says, or nothing. When it `was_stopped` SIGTERM went to the first commands,
/// and what foreign ones ended with says nothing.
pub fn outcome(codes: &[u8], stages: &[Stage], was_stopped: bool) -> Outcome {
    let stages = if stages.len() == codes.len() { stages } else { &[] };
    let is_foreign = |place: usize| stages.get(place).is_some_and(|stage| !stage.is_ours);
    // A script alone, or a last command of the user's own, passes on what it had.
    let is_translated = |place: usize| is_foreign(place) && place + 1 < codes.len();
    let passed_on = |place: usize, code: u8| match code {
        126.. => code,
        _ if is_translated(place) => 1,
        _ => code,
    };
    let failures = || {
        codes.iter().enumerate().filter_map(|(place, code)| {
            let is_expected = was_stopped && (*code == TERMINATED || place == 0 && is_foreign(0));
            (*code != 0 && *code != READER_GONE && !is_expected).then_some((place, *code))
        })
    };
    let last = codes.last().copied().unwrap_or(0);
    // Behind a stage that was killed before its head, an interval may not fit that
    // was never told.
    let killed = failures().find(|(_, code)| (129..=192).contains(code)).map_or(codes.len(), |(place, _)| place);
    let is_doubtful = |place: usize, code: u8| code == 2 && place > killed;
    let decided = failures().find(|(place, code)| is_final(passed_on(*place, *code)) && !is_doubtful(*place, *code));
    match decided.or_else(|| failures().next()) {
        None if last == READER_GONE && !was_stopped => Outcome::ReaderGone,
        None => Outcome::Done,
        Some((place, code)) => Outcome::Failed(Cause {
            place: (codes.len() > 1).then_some((place + 1, codes.len())),
            name: stages.get(place).map(|stage| stage.name.clone()),
            ended_with: code,
            code: passed_on(place, code),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(names: &str) -> Vec<Stage> {
        names.split_whitespace().map(|name| Stage::of(&[name.to_owned()])).collect()
    }

    #[test]
    fn the_code_that_counts() {
        let ours = "sstream-source sstream-filter sstream-state sstream-sink";
        for (names, codes, passed_on, says) in [
            (ours, &[0, 0, 0, 0][..], 0, ""),
            (ours, &[141, 137, 3, 3], 137, "command 2 of 4, sstream-filter, was ended by SIGKILL (exit code 137)"),
            (ours, &[137, 3, 3, 3], 137, "command 1 of 4"),
            (ours, &[141, 141, 141, 137], 137, "command 4 of 4"),
            (ours, &[0, 3, 3, 3], 3, "command 2 of 4, sstream-filter, ended with exit code 3, input cut off"),
            (ours, &[141, 141, 1, 1], 1, "command 3 of 4, sstream-state, ended with exit code 1, the world failed"),
            (ours, &[0, 4, 4, 4], 4, "command 2 of 4"),
            (ours, &[137, 0, 2, 2], 137, "command 1 of 4"),
            (ours, &[141, 2, 137, 3], 2, "command 2 of 4"),
            (ours, &[1, 141, 5, 5], 5, "command 3 of 4"),
            // A first command of which nobody reads the end.
            ("curl sstream-filter", &[23, 4], 4, "sstream-filter, ended with exit code 4, a bad record"),
            ("nc sstream-filter", &[1, 0], 1, "command 1 of 2, nc, ended with exit code 1"),
            ("wget sstream-filter", &[4, 0], 1, "command 1 of 2, wget, ended with exit code 4"),
            ("sstream-source grep sstream-sink", &[0, 2, 0], 1, "grep"),
            ("sstream-source nosuch", &[141, 127], 127, "nosuch, was not found"),
            ("nosuch sstream-filter", &[127, 0], 127, "nosuch, was not found"),
            // As with `| head -1`.
            (ours, &[141, 141, 141, 0], 0, ""),
            (ours, &[141, 141, 141, 141], 141, ""),
            // A script: one code, and it is passed on.
            ("./pipeline.sh", &[4], 4, "./pipeline.sh ended"),
            ("sstream-source script", &[0, 5], 5, "script"),
            ("", &[141, 4, 2], 4, "command 2 of 3 ended"),
            ("", &[7], 7, "the pipeline ended with exit code 7"),
        ] {
            let outcome = outcome(codes, &stages(names), false);
            assert_eq!(outcome.code(), passed_on, "{names}: {codes:?}");
            if let Outcome::Failed(cause) = outcome {
                let says = says.replace("./pipeline.sh", "pipeline.sh");
                assert!(cause.to_string().contains(&says), "{codes:?}: {cause}");
            }
        }
    }

    #[test]
    fn what_a_stop_does_to_foreign_commands_is_no_failure() {
        for (names, codes, passed_on) in [
            ("nc sstream-filter", &[143, 0][..], 0),
            ("nc sstream-filter", &[1, 0], 0),
            ("nc sstream-filter", &[143, 4], 4),
            ("sstream-source sstream-filter", &[1, 1], 1),
            ("./pipeline.sh", &[143], 0),
            ("", &[143, 0, 0], 0),
            ("", &[143, 0, 4], 4),
            ("sstream-source sstream-filter", &[141, 141], 0),
        ] {
            assert_eq!(outcome(codes, &stages(names), true).code(), passed_on, "{names}: {codes:?}");
        }
    }

    #[test]
    fn a_tool_behind_another_command_is_found() {
        let of = |line: &str| Stage::of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of("nice -n 5 /usr/bin/sstream-filter x"), Stage { name: "sstream-filter".into(), is_ours: true });
        assert_eq!(of("/bin/nc -l 1"), Stage { name: "nc".into(), is_ours: false });
    }
}

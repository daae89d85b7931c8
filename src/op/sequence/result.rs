//! What comes out of a match.

use super::define::array_of;
use super::matcher::{Found, Matcher};
use crate::expr::Program;
use crate::op::{OpError, Out};

/// What `--select` sees beside the names of the pattern.
pub const VARIABLES: [&str; 3] = ["key", "start", "end"];

/// The variables of `--select` for a pattern of these names.
pub fn select_variables(names: &[String]) -> Vec<&str> {
    VARIABLES.into_iter().chain(names.iter().map(String::as_str)).collect()
}

/// What is made of a match.
pub enum Answer {
    /// `{"key","start","end","match":{NAME:[…]}}`
    Plain,
    /// Each result of a program that was made with [`select_variables`]; it sees the plain answer
    /// as its record.
    Select(Program),
}

/// A match, to be given.
pub(super) struct Matched<'m> {
    pub found: Found,
    /// As it was written; empty if there is none.
    pub key: &'m [u8],
    pub names: &'m [String],
    /// Whether records have times.
    pub has_time: bool,
}

impl Answer {
    /// Whether it is the plain one, which has its end as its time.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Answer::Plain)
    }

    pub(super) fn give(&mut self, matched: &Matched<'_>, matcher: &Matcher, out: &mut Out<'_>) -> Result<(), OpError> {
        let Matched { found, key, names, has_time } = matched;
        let of_name: Vec<Vec<u8>> = (0..names.len())
            .map(|name| array_of(name, Some(found.last), &matcher.buffer, &matcher.rules.automaton.places))
            .collect();
        let mut plain = vec![b'{'];
        if !key.is_empty() {
            plain.extend_from_slice(b"\"key\":");
            plain.extend_from_slice(key);
            plain.push(b',');
        }
        if *has_time {
            plain.extend_from_slice(format!("\"start\":{},\"end\":{},", found.start, found.end).as_bytes());
        }
        plain.extend_from_slice(b"\"match\":{");
        let mut comma = "";
        for (name, records) in names.iter().zip(&of_name).filter(|(_, records)| records.len() > 2) {
            plain.extend_from_slice(format!("{comma}\"{name}\":").as_bytes());
            plain.extend_from_slice(records);
            comma = ",";
        }
        plain.push(b'}');
        if found.is_timeout {
            plain.extend_from_slice(b",\"timeout\":true");
        }
        plain.push(b'}');
        let Answer::Select(program) = self else {
            out.record(&plain);
            return Ok(());
        };
        let [start, end] = [found.start, found.end].map(|ms| ms.to_string().into_bytes());
        let key: &[u8] = if key.is_empty() { b"null" } else { key };
        let mut variables: Vec<&[u8]> = vec![key, &start, &end];
        variables.extend(of_name.iter().map(Vec::as_slice));
        let mut results = Vec::new();
        let ran = program.run(&plain, &variables, &mut |result| results.push(result.to_vec()));
        match ran {
            Ok(()) => results.iter().for_each(|result| out.record(result)),
            Err(error) => out.bad_record(&plain, &format!("--select: {error}"))?,
        }
        Ok(())
    }
}

//! What comes out of a match.

use std::io::Write as _;

use super::define::array_of;
use super::matcher::{Found, Matcher};
use super::order::Order;
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

impl Matched<'_> {
    /// Writes the plain answer; `of_name` are the records of each name.
    fn write(&self, of_name: &[Vec<u8>], to: &mut Vec<u8>) {
        to.push(b'{');
        if !self.key.is_empty() {
            to.extend_from_slice(b"\"key\":");
            to.extend_from_slice(self.key);
            to.push(b',');
        }
        if self.has_time {
            // Writing to memory does not fail.
            let _ = write!(to, "\"start\":{},\"end\":{},", self.found.start, self.found.end);
        }
        to.extend_from_slice(b"\"match\":{");
        let mut comma: &[u8] = b"\"";
        for (name, records) in self.names.iter().zip(of_name).filter(|(_, records)| records.len() > 2) {
            to.extend_from_slice(comma);
            to.extend_from_slice(name.as_bytes());
            to.extend_from_slice(b"\":");
            to.extend_from_slice(records);
            comma = b",\"";
        }
        to.push(b'}');
        if self.found.is_timeout {
            to.extend_from_slice(b",\"timeout\":true");
        }
        to.push(b'}');
    }
}

impl Answer {
    /// Whether it is the plain one, which has its end as its time.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Answer::Plain)
    }

    pub(super) fn give(
        &mut self,
        matched: &Matched<'_>,
        matcher: &Matcher,
        order: &mut Order,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let Matched { found, key, names, .. } = matched;
        let of_name: Vec<Vec<u8>> = (0..names.len())
            .map(|name| array_of(name, Some(found.last), &matcher.buffer, &matcher.rules.automaton.places))
            .collect();
        let Answer::Select(program) = self else {
            order.begin(out.buffer());
            matched.write(&of_name, out.buffer());
            out.finish_record();
            return Ok(());
        };
        let mut plain = Vec::new();
        matched.write(&of_name, &mut plain);
        let [start, end] = [found.start, found.end].map(|ms| ms.to_string().into_bytes());
        let key: &[u8] = if key.is_empty() { b"null" } else { key };
        let mut variables: Vec<&[u8]> = vec![key, &start, &end];
        variables.extend(of_name.iter().map(Vec::as_slice));
        let mut results = Vec::new();
        let ran = program.run(&plain, &variables, &mut |result| results.push(result.to_vec()));
        match ran {
            Ok(()) => results.iter().for_each(|result| {
                order.begin(out.buffer());
                out.record(result);
            }),
            Err(error) => order.bad_record(&plain, &format!("--select: {error}"), out)?,
        }
        Ok(())
    }
}

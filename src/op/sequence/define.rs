//! What the names of a pattern mean: `--define NAME=EXPR`.

use super::buffer::{Buffer, LinkId};
use crate::expr::{ExprError, Program, truthy};

/// What a name means. A name without a definition is any record.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    name: String,
    program: Option<Program>,
    /// The names whose records the program sees as variables, in its order.
    sees: Vec<usize>,
}

impl Definition {
    /// Reads the definition of a name; `names` are those of the pattern.
    ///
    /// # Errors
    /// It is no program.
    pub fn parse(name: &str, source: &str, names: &[String]) -> Result<Definition, ExprError> {
        let sees: Vec<usize> = (0..names.len()).filter(|name| mentions(source, &names[*name])).collect();
        let variables: Vec<&str> = sees.iter().map(|name| names[*name].as_str()).collect();
        Ok(Definition { name: name.to_owned(), program: Some(Program::parse(source, &variables)?), sees })
    }

    /// Whether it looks at what was taken before.
    pub fn looks_back(&self) -> bool {
        !self.sees.is_empty()
    }

    /// Whether `record` is one, behind what was taken up to `before`.
    ///
    /// # Errors
    /// The program fails on the record; which one did is part of the reason.
    pub fn fits(
        &mut self,
        record: &[u8],
        before: Option<LinkId>,
        buffer: &Buffer,
        name_of: &[usize],
    ) -> Result<bool, String> {
        let Some(program) = &mut self.program else { return Ok(true) };
        let taken: Vec<Vec<u8>> = self.sees.iter().map(|name| array_of(*name, before, buffer, name_of)).collect();
        let variables: Vec<&[u8]> = taken.iter().map(Vec::as_slice).collect();
        let mut answer = None;
        let ran = program.run(record, &variables, &mut |result| {
            answer.get_or_insert(truthy(result));
        });
        ran.map_err(|error| format!("--define {}: {error}", self.name))?;
        Ok(answer.unwrap_or(false))
    }
}

/// Whether a program mentions `$name`.
fn mentions(source: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    source
        .match_indices('$')
        .any(|(at, _)| source[at + 1..].strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_part)))
}

/// The records taken at a name, as an array.
pub fn array_of(name: usize, last: Option<LinkId>, buffer: &Buffer, name_of: &[usize]) -> Vec<u8> {
    let chain = last.into_iter().flat_map(|last| buffer.chain(last));
    let records: Vec<_> =
        chain.filter(|link| name_of[link.place as usize] == name).map(|link| buffer.record(link.record)).collect();
    let mut array = Vec::with_capacity(2 + records.iter().map(|record| record.bytes.len() + 1).sum::<usize>());
    array.push(b'[');
    for record in records.iter().rev() {
        array.extend_from_slice(&record.bytes);
        array.push(b',');
    }
    if array.len() > 1 {
        array.pop();
    }
    array.push(b']');
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_mentioned_is_seen() {
        let names = ["a", "ab", "b"].map(str::to_owned);
        let sees = |source| Definition::parse("a", source, &names).unwrap().sees;
        assert_eq!(sees(".x > $ab[0].x"), [1]);
        assert_eq!(sees("$a|length > 2 and .b"), [0]);
        assert!(sees(".a").is_empty());
        assert!(Definition::parse("a", "$c", &names).is_err());
    }
}

//! The object that is made of a line, and the pieces that a line is taken apart into.

use crate::record::number::{push_integer, push_number_or_string};
use crate::record::push_string;

/// Writes the members of an object, canonical JSON.
#[derive(Debug)]
pub struct Fields<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Fields<'o> {
    /// Begins an object behind what is in `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Fields<'o> {
        out.push(b'{');
        Fields { out, is_empty: true }
    }

    fn begin(&mut self) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
    }

    fn name(&mut self, name: &str) {
        self.begin();
        push_string(name.as_bytes(), self.out);
        self.out.push(b':');
    }

    /// A member whose key and value are JSON.
    pub fn push_member(&mut self, key: &[u8], value: &[u8]) {
        self.begin();
        self.out.extend_from_slice(key);
        self.out.push(b':');
        self.out.extend_from_slice(value);
    }

    /// A member whose value is JSON.
    pub fn raw(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(value);
    }

    /// A string.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_string(text.as_bytes(), self.out);
    }

    /// A string, or null where logs write a dash for nothing.
    pub fn text_or_dash(&mut self, name: &str, text: &str) {
        if text == "-" { self.raw(name, b"null") } else { self.text(name, text) }
    }

    /// A number.
    pub fn integer(&mut self, name: &str, number: i64) {
        self.name(name);
        push_integer(number, self.out);
    }

    /// A number as it stands there, or a string if it is none.
    pub fn number_or_text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_number_or_string(text.as_bytes(), self.out);
    }

    /// An object within.
    pub fn object(
        &mut self,
        name: &str,
        members: impl FnOnce(&mut Fields<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        self.name(name);
        let mut inside = Fields::new(self.out);
        members(&mut inside)?;
        inside.close();
        Ok(())
    }

    /// Ends the object.
    pub fn close(self) {
        self.out.push(b'}');
    }
}

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub struct Rest<'t>(pub &'t str);

impl<'t> Rest<'t> {
    /// What comes before the next `end`, which is passed too.
    #[inline]
    pub fn until(&mut self, end: &str) -> Option<&'t str> {
        let at = memchr::memmem::find(self.0.as_bytes(), end.as_bytes())?;
        let text = &self.0[..at];
        self.0 = &self.0[at + end.len()..];
        Some(text)
    }

    /// The next word, and the spaces behind it; the last one ends with the line.
    #[inline]
    pub fn word(&mut self) -> Option<&'t str> {
        let end = memchr::memchr(b' ', self.0.as_bytes()).unwrap_or(self.0.len());
        let word = &self.0[..end];
        self.0 = self.0[end..].trim_start_matches(' ');
        (!word.is_empty()).then_some(word)
    }

    /// Passes `prefix`, if it is next.
    #[inline]
    pub fn pass(&mut self, prefix: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(prefix)?;
        Some(())
    }
}

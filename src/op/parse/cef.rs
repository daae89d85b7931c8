//! ArcSight's common event format, by itself or behind a syslog header.

use super::Form;
use super::fields::Fields;

/// `CEF:VERSION|VENDOR|PRODUCT|DEVICE VERSION|ID|NAME|SEVERITY|key=value key=value`.
#[derive(Debug, Default)]
pub struct Cef;

const HEAD: [&str; 7] = ["version", "vendor", "product", "device_version", "id", "name", "severity"];

impl Form for Cef {
    fn parse(&mut self, text: &str, _: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let bad = || "not in the common event format: CEF:0|VENDOR|PRODUCT|VERSION|ID|NAME|SEVERITY|…".to_owned();
        let start = text.find("CEF:").ok_or_else(bad)?;
        let header = text[..start].trim();
        if !header.is_empty() {
            fields.text("header", header);
        }
        let mut rest = &text[start + 4..];
        for name in HEAD {
            let end = unescaped(rest, '|').ok_or_else(bad)?;
            let value = clean(&rest[..end]);
            match name {
                "version" | "severity" => fields.number_or_text(name, &value),
                _ => fields.text(name, &value),
            }
            rest = &rest[end + 1..];
        }
        fields.object("extension", |members| {
            extension(rest.trim(), members);
            Ok(())
        })
    }

    fn is_loose(&self) -> bool {
        true
    }
}

/// Where `wanted` stands with no backslash before it.
fn unescaped(text: &str, wanted: char) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == wanted {
            return Some(at);
        }
    }
    None
}

fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => clean.push('\n'),
                Some('r') => clean.push('\r'),
                Some(escaped) => clean.push(escaped),
                None => clean.push('\\'),
            },
            character => clean.push(character),
        }
    }
    clean
}

/// A value goes up to the word before the next `=`, since spaces in it are not escaped.
fn extension(mut rest: &str, members: &mut Fields<'_>) {
    while let Some(equals) = unescaped(rest, '=') {
        let key = rest[..equals].trim();
        let behind = &rest[equals + 1..];
        let end = match unescaped(behind, '=') {
            Some(next) => behind[..next].trim_end().rfind(' ').unwrap_or(0),
            None => behind.len(),
        };
        members.number_or_text(key, &clean(behind[..end].trim()));
        rest = behind[end..].trim_start();
    }
}

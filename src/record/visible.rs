//! Text that is shown to people, without what a terminal would obey.

use std::borrow::Cow;

/// Whether the character that begins at `at` is a control code, but for tab and newline: below
/// 0x20, DEL, or one of those from 0x80 on, which UTF-8 writes in two bytes.
fn is_control(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'\t' | b'\n' => false,
        0xc2 => matches!(bytes.get(at + 1), Some(0x80..=0x9f)),
        byte => byte < 0x20 || byte == 0x7f,
    }
}

/// Appends text with its control codes as `\u00xx`, which they may be in JSON too.
pub fn push_visible(bytes: &[u8], out: &mut Vec<u8>) {
    let mut shown = 0;
    for at in 0..bytes.len() {
        if is_control(bytes, at) {
            let (code, length) = if bytes[at] == 0xc2 { (bytes[at + 1], 2) } else { (bytes[at], 1) };
            out.extend_from_slice(&bytes[shown..at]);
            out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
            shown = at + length;
        }
    }
    out.extend_from_slice(&bytes[shown..]);
}

/// Text as [`push_visible`] writes it.
pub fn visible(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if !(0..bytes.len()).any(|at| is_control(bytes, at)) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(bytes.len() + 16);
    push_visible(bytes, &mut out);
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_are_written_out_and_nothing_else() {
        for (text, shown) in [
            ("a\tb\n\u{e9}\u{a0}\u{2028}", "a\tb\n\u{e9}\u{a0}\u{2028}"),
            ("\u{1b}[31mred\u{1b}]0;x\u{7}", "\\u001b[31mred\\u001b]0;x\\u0007"),
            ("\u{9b}31m\u{7f}\r", "\\u009b31m\\u007f\\u000d"),
        ] {
            assert_eq!(visible(text), shown);
        }
        // What is no UTF-8, or was cut off, goes through as it is.
        let mut out = Vec::new();
        push_visible(b"\xff\xc2", &mut out);
        assert_eq!(out, b"\xff\xc2");
    }
}

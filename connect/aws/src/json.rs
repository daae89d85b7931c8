//! Answers of AWS: JSON objects, in canonical form.

use sstream::connect::record::{Kind, field, kind, push_string, text};

/// A member that is a string.
pub fn string(object: &[u8], name: &str) -> Option<String> {
    let value = field(object, name.as_bytes())?;
    (kind(value) == Some(Kind::String)).then(|| String::from_utf8_lossy(&text(value)).into_owned())
}

/// A member that is a number.
pub fn number(object: &[u8], name: &str) -> Option<f64> {
    std::str::from_utf8(field(object, name.as_bytes())?).ok()?.parse().ok()
}

/// An object of these members, of which the values are JSON.
pub fn object(members: &[(&str, &str)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_string(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_there_and_back() {
        let text = object(&[("StreamName", &quoted("a\"b")), ("Limit", "10")]);
        assert_eq!(text, r#"{"StreamName":"a\"b","Limit":10}"#);
        assert_eq!(string(text.as_bytes(), "StreamName").as_deref(), Some("a\"b"));
        assert_eq!(number(text.as_bytes(), "Limit"), Some(10.0));
        assert_eq!((string(text.as_bytes(), "Limit"), number(text.as_bytes(), "None")), (None, None));
    }
}

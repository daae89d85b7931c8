//! Records as documents: JSON to BSON, straight.

use sstream::connect::TimeForm;
use sstream::connect::record::{Kind, elements, kind as kind_of, members, unescape};

use super::{close, extended, kind, number, open, push_head, push_text};

/// Which fields are dates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    is_date: bool,
    below: Vec<(String, Dates)>,
}

impl Dates {
    /// Of these fields; one in another as `a.b`, in the elements of arrays too.
    pub fn of(fields: &[String]) -> Dates {
        let mut dates = Dates::default();
        for field in fields {
            let mut at = &mut dates;
            for name in field.split('.') {
                let place = at.below.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                    at.below.push((name.to_owned(), Dates::default()));
                    at.below.len() - 1
                });
                at = &mut at.below[place].1;
            }
            at.is_date = true;
        }
        dates
    }

    /// Those in a field of this name.
    fn below(&self, name: &[u8]) -> Option<&Dates> {
        self.below.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, dates)| dates)
    }
}

/// Writes JSON as BSON.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// Which fields are dates.
    pub dates: Dates,
    /// Whether an object as `{"$oid":"…"}` is a value of that type.
    pub is_extended: bool,
}

impl Encoder {
    /// Appends the elements of an object but for the one of the name `but`.
    ///
    /// # Errors
    /// Why it is no document.
    pub fn push_elements(&self, object: &[u8], but: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), String> {
        self.push_members(object, but, Some(&self.dates), out)
    }

    /// Appends an element with a value that is no field of the record; its type.
    ///
    /// # Errors
    /// Why the value is none.
    pub fn push_element(&self, name: &str, value: &[u8], out: &mut Vec<u8>) -> Result<u8, String> {
        self.push_named(name.as_bytes(), value, None, out)
    }

    /// Appends an element with the name and the value of a field of the record, one in another as `a.b`; its type.
    ///
    /// # Errors
    /// Why the value is none.
    pub fn push_field(&self, path: &str, value: &[u8], out: &mut Vec<u8>) -> Result<u8, String> {
        let dates = path.split('.').try_fold(&self.dates, |dates, name| dates.below(name.as_bytes()));
        self.push_named(path.as_bytes(), value, dates, out)
    }

    fn push_members(
        &self,
        object: &[u8],
        but: Option<&[u8]>,
        dates: Option<&Dates>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        for (key, value) in members(object) {
            let name = unescape(key);
            if but == Some(&name) {
                continue;
            }
            if name.contains(&0) {
                return Err(format!("the name {} has a zero in it, and BSON has none such", shown(key)));
            }
            self.push_named(&name, value, dates.and_then(|dates| dates.below(&name)), out)?;
        }
        Ok(())
    }

    fn push_named(&self, name: &[u8], value: &[u8], dates: Option<&Dates>, out: &mut Vec<u8>) -> Result<u8, String> {
        let at = out.len();
        // The type is known when the value is written.
        push_head(0, name, out);
        let kind = self.push_value(value, dates, out).map_err(|reason| match dates {
            Some(dates) if dates.is_date => format!("--date {}: {reason}", String::from_utf8_lossy(name)),
            _ => reason,
        })?;
        out[at] = kind;
        Ok(kind)
    }

    fn push_value(&self, value: &[u8], dates: Option<&Dates>, out: &mut Vec<u8>) -> Result<u8, String> {
        let is_date = dates.is_some_and(|dates| dates.is_date);
        let type_of = kind_of(value);
        match type_of {
            None | Some(Kind::Null) => Ok(kind::NULL),
            Some(Kind::Array) => {
                let begin = open(out);
                for (place, element) in elements(value).enumerate() {
                    let at = out.len();
                    push_head(0, place.to_string().as_bytes(), out);
                    out[at] = self.push_value(element, dates, out)?;
                }
                close(begin, out);
                Ok(kind::ARRAY)
            }
            Some(Kind::Object) => {
                if self.is_extended
                    && let Some(kind) = extended::push(value, out)?
                {
                    return Ok(kind);
                }
                if is_date {
                    return Err(no_time(value));
                }
                let begin = open(out);
                self.push_members(value, None, dates, out)?;
                close(begin, out);
                Ok(kind::DOCUMENT)
            }
            Some(_) if is_date => push_date(value, out),
            Some(Kind::True | Kind::False) => {
                out.push(u8::from(type_of == Some(Kind::True)));
                Ok(kind::BOOLEAN)
            }
            Some(Kind::Number) => number::push(&String::from_utf8_lossy(value), out),
            Some(Kind::String) => {
                push_text(&unescape(value), out);
                Ok(kind::STRING)
            }
        }
    }
}

/// Appends a date: ms since 1970, of a number of these or of RFC 3339.
///
/// # Errors
/// It is neither.
pub(super) fn push_date(value: &[u8], out: &mut Vec<u8>) -> Result<u8, String> {
    let ms = TimeForm::default().read(value).map_err(|_| no_time(value))?;
    out.extend_from_slice(&ms.to_le_bytes());
    Ok(kind::DATE)
}

fn no_time(value: &[u8]) -> String {
    format!("{} is no time: RFC 3339 or ms since 1970 are wanted", shown(value))
}

/// As much of a value as a message has room for.
pub(super) fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn written(encoder: &Encoder, object: &str) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let begin = open(&mut out);
        encoder.push_elements(object.as_bytes(), Some(b"_id"), &mut out)?;
        close(begin, &mut out);
        Ok(out)
    }

    #[test]
    fn json_comes_back_as_it_was() {
        let object = r#"{"a":1,"b":"é\n\"","c":[true,false,null,[],{}],"d":{"e":1.5,"$f":-9000000000},"":""}"#;
        let bytes = written(&Encoder::default(), object).unwrap();
        assert_eq!(String::from_utf8(read::json(&bytes).unwrap()).unwrap(), object);
        // From the specification.
        let hello = written(&Encoder::default(), r#"{"_id":7,"hello":"world"}"#).unwrap();
        assert_eq!(hello, b"\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00");
    }

    #[test]
    fn dates_are_fields_that_were_told() {
        let encoder = Encoder { dates: Dates::of(&["at".into(), "a.b.at".into(), "a.c".into()]), is_extended: false };
        let object = r#"{"at":"1970-01-01T00:00:01Z","a":{"b":[{"at":2000},{"x":1}],"c":[3000,null]},"b":"at"}"#;
        let bytes = written(&encoder, object).unwrap();
        assert_eq!(
            String::from_utf8(read::json(&bytes).unwrap()).unwrap(),
            r#"{"at":{"$date":1000},"a":{"b":[{"at":{"$date":2000}},{"x":1}],"c":[{"$date":3000},null]},"b":"at"}"#
        );
        for (wrong, says) in [
            (r#"{"at":"soon"}"#, "--date at: \"soon\" is no time"),
            (r#"{"at":true}"#, "true is no time"),
            (r#"{"a":{"c":{"d":1}}}"#, "--date c: {\"d\":1} is no time"),
        ] {
            let error = written(&encoder, wrong).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let mut out = Vec::new();
        assert_eq!(encoder.push_field("a.c", b"5", &mut out), Ok(kind::DATE));
        assert_eq!(encoder.push_field("a", b"5", &mut out), Ok(kind::INT32));
        assert_eq!(encoder.push_element("at", b"5", &mut out), Ok(kind::INT32));
        assert!(written(&encoder, r#"{"a\u0000":1}"#).unwrap_err().contains("a zero"));
    }
}

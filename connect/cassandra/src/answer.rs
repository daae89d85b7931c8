//! What a server refuses, and what that means.

use sstream_tables::Fault;

use crate::frame::Body;

/// What became of a request that writes rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are there.
    Done,
    /// They may be there or not, and will be when they are sent again.
    Again(String),
    /// One of them will never be there, for what is in it.
    Refused(String),
    /// The server does not know the statement, or no more.
    Unprepared,
    /// Nothing will be taken before somebody does something.
    Hopeless(String),
}

/// An ERROR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: i32,
    words: String,
}

const PROTOCOL: i32 = 0x000A;
const BAD_CREDENTIALS: i32 = 0x0100;
const SYNTAX: i32 = 0x2000;
const UNAUTHORIZED: i32 = 0x2100;
const INVALID: i32 = 0x2200;
const CONFIG: i32 = 0x2300;
const FUNCTION: i32 = 0x1400;
const UNPREPARED: i32 = 0x2500;

/// What to do about a login.
pub const LOGIN: &str = "see --user and --password-file";

impl Refusal {
    /// Reads an ERROR.
    pub fn read(body: &[u8]) -> Refusal {
        let mut body = Body(body);
        let code = body.int().unwrap_or(0);
        let words: String = body.string().unwrap_or_default().chars().take(1000).collect();
        Refusal { code, words: if words.is_empty() { format!("error {code:#06x}") } else { words } }
    }

    /// What it means for whoever wants in, or has something prepared or made.
    pub fn fault(self) -> Fault {
        match self.code {
            BAD_CREDENTIALS | UNAUTHORIZED => Fault::Hopeless(format!("{}: {LOGIN}", self.words)),
            PROTOCOL | SYNTAX | INVALID | CONFIG | FUNCTION => Fault::Hopeless(self.words),
            // A server that starts, stops, has too much to do or has none beside it.
            _ => Fault::Away(self.words),
        }
    }

    /// What it means for rows.
    pub fn verdict(self) -> Verdict {
        match self.code {
            INVALID | FUNCTION => Verdict::Refused(self.words),
            UNPREPARED => Verdict::Unprepared,
            _ => match self.fault() {
                Fault::Away(words) => Verdict::Again(words),
                Fault::Hopeless(words) | Fault::Again(words) | Fault::Refused(words) | Fault::Columns(words) => {
                    Verdict::Hopeless(words)
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::push_string;

    fn of(code: i32) -> Refusal {
        let mut body = code.to_be_bytes().to_vec();
        push_string("as told", &mut body);
        Refusal::read(&body)
    }

    #[test]
    fn codes() {
        let words = || "as told".to_owned();
        // Server error, unavailable, overloaded, bootstrapping, write timeout, write failure, one that is new.
        for passing in [0, 0x1000, 0x1001, 0x1002, 0x1100, 0x1500, 0x1999] {
            assert_eq!(of(passing).verdict(), Verdict::Again(words()));
            assert_eq!(of(passing).fault(), Fault::Away(words()));
        }
        assert_eq!(of(INVALID).verdict(), Verdict::Refused(words()));
        assert_eq!(of(INVALID).fault(), Fault::Hopeless(words()));
        assert_eq!(of(UNPREPARED).verdict(), Verdict::Unprepared);
        assert_eq!(of(UNAUTHORIZED).verdict(), Verdict::Hopeless(format!("as told: {LOGIN}")));
        assert_eq!(of(PROTOCOL).verdict(), Verdict::Hopeless(words()));
        assert_eq!(Refusal::read(b"").words, "error 0x0000");
    }
}

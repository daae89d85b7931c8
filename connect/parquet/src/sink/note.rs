//! What a commit says: `files ID.TIME` or `rows ID.TIME LENGTH`.

use sstream::connect::BatchTime;

/// What a batch's commit has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The group is complete, and its files are shown.
    Files {
        /// `ID.TIME`.
        group: String,
    },
    /// The group goes on.
    Rows {
        /// `ID.TIME`.
        group: String,
        /// So many bytes of its file of rows count.
        length: u64,
    },
}

impl Note {
    /// Reads a note again; nothing if it is none.
    pub fn parse(note: &[u8]) -> Option<Note> {
        let text = std::str::from_utf8(note).ok()?;
        let words: Vec<&str> = text.split(' ').collect();
        // It becomes a name in the folder, and nothing else.
        let name = |group: &str| {
            let is_name = group.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
            is_name.then(|| group.to_owned())
        };
        match words.as_slice() {
            ["files", group] => Some(Note::Files { group: name(group)? }),
            ["rows", group, length] => Some(Note::Rows { group: name(group)?, length: length.parse().ok()? }),
            _ => None,
        }
    }

    /// Its bytes.
    pub fn text(&self) -> String {
        match self {
            Note::Files { group } => format!("files {group}"),
            Note::Rows { group, length } => format!("rows {group} {length}"),
        }
    }

    /// The time of the group's first batch.
    pub fn start(group: &str) -> Option<BatchTime> {
        Some(BatchTime(group.rsplit('.').next()?.parse().ok()?))
    }
}

/// The list of a group's files.
pub fn list_name(group: &str) -> String {
    format!("{group}.files")
}

/// The list that has decided by itself, with so much of the rows.
pub fn closed_name(group: &str, length: u64) -> String {
    format!("{group}.{length}.closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_back() {
        for note in [
            Note::Files { group: "0123abcd.1000".to_owned() },
            Note::Rows { group: "0123abcd.1000".to_owned(), length: 17 },
        ] {
            assert_eq!(Note::parse(note.text().as_bytes()), Some(note));
        }
        assert_eq!(Note::start("0123.1000"), Some(BatchTime(1000)));
        for other in ["", "files", "files ../x", "rows a x", "/a\0/b", "rows a.1 2 3"] {
            assert_eq!(Note::parse(other.as_bytes()), None, "{other}");
        }
    }
}

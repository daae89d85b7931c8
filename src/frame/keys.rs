//! What a head says of the pipeline beyond its stages: keys that stages read, and that
//! whoever does not know them passes on.
//!
//! | key | what it is |
//! |---|---|
//! | `name` | what the source is called; behind a join `a+b` |
//! | `checkpoint` | the checkpoint's directory, absolute; a path that is not UTF-8 as `file://` with `%XX` for such bytes |
//! | `run` | a random number of this start; behind a join `4f0c+99ab` |
//! | `resume` | the batch time after which all begin, in ms since the epoch |
//! | `time` | the EXPR of the records' own time, where a stage gives them one, as an event-time window does |
//! | `watermark` | `true` where the ends carry a watermark, once there is one |
//! | `clock` | `virtual` where batch times are no moments |
//! | `pipeline` | a random id, by which those who watch put its stages together |

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{BatchTime, Head};

/// The keys of a head.
pub mod key {
    /// What the source is called.
    pub const NAME: &str = "name";
    /// The checkpoint's directory.
    pub const CHECKPOINT: &str = "checkpoint";
    /// This start of the checkpoint's pipeline.
    pub const RUN: &str = "run";
    /// After which batch all begin.
    pub const RESUME: &str = "resume";
    /// The records' own time, as an EXPR.
    pub const TIME: &str = "time";
    /// Whether ends carry a watermark.
    pub const WATERMARK: &str = "watermark";
    /// Whether batch times are moments.
    pub const CLOCK: &str = "clock";
    /// The pipeline, for those who watch it.
    pub const PIPELINE: &str = "pipeline";
}

/// What begins an absolute path that is not UTF-8.
const URL: &str = "file://";

/// An absolute path as text: as itself, or as a URL where it is not UTF-8.
pub fn path_text(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut text = URL.to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => text.push(char::from(*byte)),
            // Writing to a string does not fail.
            byte => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

/// The path that [`path_text`] made a text of.
pub fn text_path(text: &str) -> PathBuf {
    let Some(url) = text.strip_prefix(URL) else { return PathBuf::from(text) };
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(escaped) if *byte == b'%' => {
                bytes.push(escaped);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

impl Head {
    /// What the source is called, if it was given a name.
    pub fn name(&self) -> Option<&str> {
        self.text(key::NAME)
    }

    /// Says what the source is called.
    pub fn set_name(&mut self, name: &str) {
        self.other.insert(key::NAME.into(), name.into());
    }

    /// The directory of the stream's checkpoint, if it has one.
    pub fn checkpoint(&self) -> Option<PathBuf> {
        self.text(key::CHECKPOINT).map(text_path)
    }

    /// Which start of the checkpoint's pipeline this is.
    pub fn run(&self) -> Option<&str> {
        self.text(key::RUN)
    }

    /// The EXPR of the records' own time, if a stage before said so.
    pub fn time(&self) -> Option<&str> {
        self.text(key::TIME)
    }

    /// Says where records bear their time: what comes behind need not be told.
    pub fn set_time(&mut self, source: &str) {
        self.other.insert(key::TIME.into(), source.into());
    }

    /// Whether a stage before makes a watermark.
    pub fn has_watermark(&self) -> bool {
        self.other.get(key::WATERMARK).and_then(Value::as_bool) == Some(true)
    }

    /// Says that ends carry a watermark.
    pub fn set_watermark(&mut self) {
        self.other.insert(key::WATERMARK.into(), true.into());
    }

    /// The time after which all begin that take part in the checkpoint.
    pub fn resume(&self) -> Option<BatchTime> {
        self.other.get(key::RESUME)?.as_u64().map(BatchTime)
    }

    /// Takes out what belongs to one run of a pipeline and its checkpoint: a saved stream
    /// that is read once more is none of it.
    pub fn forget_run(&mut self) {
        for key in [key::CHECKPOINT, key::RUN, key::RESUME] {
            self.other.shift_remove(key);
        }
    }

    /// The pipeline's id, for those who watch.
    pub fn pipeline(&self) -> Option<&str> {
        self.text(key::PIPELINE)
    }

    /// Gives the pipeline an id of its own.
    pub fn set_pipeline(&mut self) {
        self.other.insert(key::PIPELINE.into(), random_id().into());
    }

    /// Says that batch times are no moments: whoever looks at delays must not
    /// compare them with a clock.
    pub fn set_virtual_clock(&mut self) {
        self.other.insert(key::CLOCK.into(), "virtual".into());
    }

    /// Whether batch times are no moments.
    pub fn has_virtual_clock(&self) -> bool {
        self.text(key::CLOCK) == Some("virtual")
    }

    /// A text key of the head.
    fn text(&self, key: &str) -> Option<&str> {
        self.other.get(key).and_then(Value::as_str)
    }
}

/// 64 random bits, as a pipeline's id.
fn random_id() -> String {
    let mut bytes = [0; 8];
    // Without random numbers all pipelines look like one, which harms nothing.
    let _ = crate::os::random(&mut bytes);
    format!("{:016x}", u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_any_bytes_are_texts() {
        for bytes in [&b"/plain path%20"[..], b"/c\xe9 %41/\xff", "/caf\u{e9}".as_bytes()] {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(text_path(&path_text(&path)), path, "{}", path_text(&path));
        }
        assert_eq!(path_text(Path::new("/caf\u{e9}")), "/caf\u{e9}");
        assert_eq!(path_text(&PathBuf::from(OsString::from_vec(b"/c\xe9 x".to_vec()))), "file:///c%E9%20x");
    }
}

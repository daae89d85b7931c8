//! A file beside a stream, as pairs to join with or a model to predict by, which is read again
//! when it changes: at the beginning of each batch its metadata are looked at.
//!
//! A new content is taken whole or not at all. A file that does not parse, that
//! changes while it is read or that is not there leaves what was read before
//! in its place, with a warning. A file written in place can still be caught
//! with only its first lines there, which nobody can tell from a short file: to be
//! safe write the new content to another name and rename it.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::clock::Clock;
use crate::console::Console;
use crate::op::beside::Beside;
use crate::source::SourceError;
use crate::source::engine::stop::StopRules;
use crate::source::kinds::until_stop::read_to_end;

/// What the content of a file is; the path is for messages.
pub type Parse<T> = dyn Fn(&Path, &[u8]) -> Result<T, SourceError>;

/// The file, and what was read from it.
pub struct FileBeside<T> {
    path: PathBuf,
    parse: Box<Parse<T>>,
    console: Console,
    read: Rc<T>,
    /// Of the content that was read last, taken or not; none of a pipe, which
    /// can be read once.
    stamp: Option<Stamp>,
    /// The file is gone, and that was told.
    is_gone: bool,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            file: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl<T> FileBeside<T> {
    /// Reads the file for the first time, when there is nothing to fall back to. A pipe is
    /// read until its writers have gone, or `stop` says that it is enough.
    pub fn open(
        path: &Path,
        parse: Box<Parse<T>>,
        console: Console,
        clock: &dyn Clock,
        stop: StopRules,
    ) -> Result<FileBeside<T>, SourceError> {
        let failed = |error| SourceError::read(path.display().to_string(), error);
        let (stamp, content) = match path.metadata().map_err(failed)?.is_file() {
            true => read(path).map_err(failed)?,
            false => (None, read_to_end(path, clock, stop).map_err(failed)?.1),
        };
        let read = Rc::new(parse(path, &content)?);
        Ok(FileBeside { path: path.to_owned(), parse, console, read, stamp, is_gone: false })
    }

    /// Takes the new content if there is one.
    fn refresh(&mut self, known: Stamp) -> Result<(), SourceError> {
        let failed = |error| SourceError::read(self.path.display().to_string(), error);
        let now = std::fs::metadata(&self.path).map_err(failed)?;
        if Stamp::of(&now) == known {
            return Ok(());
        }
        let (stamp, content) = read(&self.path).map_err(failed)?;
        // Changed while it was read: the next batch looks again.
        if stamp.is_some_and(|stamp| stamp != Stamp::default()) {
            self.stamp = stamp;
            self.read = Rc::new((self.parse)(&self.path, &content)?);
            self.console.info(&format!("{}: read again", self.path.display()));
        }
        Ok(())
    }
}

impl<T> Beside<T> for FileBeside<T> {
    fn current(&mut self) -> Rc<T> {
        if let Some(known) = self.stamp {
            match self.refresh(known) {
                Ok(()) => self.is_gone = false,
                // Not again for each batch.
                Err(SourceError::Read { .. }) if self.is_gone => {}
                Err(error) => {
                    self.is_gone = matches!(error, SourceError::Read { .. });
                    self.console.warn(&format!(
                        "{error}: going on with what was read before; to replace the file write another one and rename it"
                    ));
                }
            }
        }
        self.read.clone()
    }
}

/// The content and its stamp: none of what is no regular file, and one that
/// equals no other if the file changed meanwhile.
fn read(path: &Path) -> io::Result<(Option<Stamp>, Vec<u8>)> {
    let mut file = File::open(path)?;
    let before = file.metadata()?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    if !before.is_file() {
        return Ok((None, content));
    }
    let stamp = Stamp::of(&before);
    let is_stable = Stamp::of(&file.metadata()?) == stamp && content.len() as u64 == stamp.length;
    Ok((Some(if is_stable { stamp } else { Stamp::default() }), content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::testing::ManualClock;
    use crate::console::Level;
    use crate::op::lookup::Table;
    use crate::signal::StopSignal;
    use crate::source::pairs;

    fn open(path: &Path) -> Result<FileBeside<Table>, SourceError> {
        let stop = StopRules::signals(StopSignal::manual().unwrap().0);
        FileBeside::open(path, Box::new(pairs::parse), Console::new("test", Level::Error), &ManualClock::at(0), stop)
    }

    struct Fixture {
        folder: tempfile::TempDir,
        pairs: FileBeside<Table>,
    }

    impl Fixture {
        fn new(content: &str) -> Fixture {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("pairs");
            std::fs::write(&path, content).unwrap();
            let pairs = open(&path).unwrap();
            Fixture { folder, pairs }
        }

        fn replace(&self, content: &str) {
            let new = self.folder.path().join("new");
            std::fs::write(&new, content).unwrap();
            std::fs::rename(new, self.folder.path().join("pairs")).unwrap();
        }

        /// The values of "a", after each change.
        fn values(&mut self) -> String {
            let table = self.pairs.current();
            let values = table.values(b"\"a\"", &mut Vec::new());
            values.iter().map(|value| String::from_utf8_lossy(value)).collect::<Vec<_>>().join(" ")
        }
    }

    #[test]
    fn a_replaced_file_is_read_again_and_a_bad_one_is_not_taken() {
        let mut file = Fixture::new("[\"a\", 1]\n\n[\"a\",2]");
        assert_eq!(file.values(), "1 2");
        file.replace("[\"a\",3]\n");
        assert_eq!(file.values(), "3");
        for bad in ["[\"a\",4]\n[\"b\",", "[\"a\",4]\n7\n"] {
            file.replace(bad);
            assert_eq!(file.values(), "3", "{bad}");
        }
        std::fs::remove_file(file.folder.path().join("pairs")).unwrap();
        assert_eq!(file.values(), "3");
        file.replace("[\"a\",5]\n");
        assert_eq!(file.values(), "5");
        file.replace("");
        assert_eq!(file.values(), "");
    }

    #[test]
    fn what_is_not_read_again_is_shared() {
        let mut file = Fixture::new("[1,1]\n");
        assert!(Rc::ptr_eq(&file.pairs.current(), &file.pairs.current()));
    }

    #[test]
    fn a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs");
        std::fs::write(&path, "[1,2]\n[1,2,3]\n").unwrap();
        let error = open(&path).err().unwrap();
        assert!(error.to_string().contains("pairs, line 2: expected a pair"), "{error}");
    }
}

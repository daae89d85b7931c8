//! What tells one file from another, whatever it is called.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::OFlags;

use super::packed::Unpacked;
use crate::source::kinds::packing::Packing;

/// What the system says of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The number of the file on its disk. It may be another file's when this one is gone.
    pub inode: u64,
    /// When it was made, in ns since the epoch, 0 where the file system does not keep that.
    pub born_ns: u64,
    /// When its content was changed last, in ns since the epoch.
    pub modified_ns: u64,
    /// Bytes.
    pub size: u64,
}

impl Stamp {
    /// Of a file that is there.
    pub fn of(metadata: &Metadata) -> Stamp {
        let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        let modified_ns = metadata.mtime().wrapping_mul(1_000_000_000).wrapping_add(metadata.mtime_nsec());
        Stamp {
            inode: metadata.ino(),
            born_ns: born.map_or(0, |born| born.as_nanos() as u64),
            modified_ns: modified_ns.max(0).cast_unsigned(),
            size: metadata.len(),
        }
    }

    /// Of an open file.
    pub fn of_file(file: &File) -> io::Result<Stamp> {
        Ok(Stamp::of(&file.metadata()?))
    }

    /// Whether both are one file, which may have been written or renamed between.
    pub fn is_same_file(&self, other: &Stamp) -> bool {
        self.inode == other.inode && (self.born_ns == other.born_ns || self.born_ns == 0 || other.born_ns == 0)
    }
}

/// Opens a regular file to be read. What has no end is refused: a FIFO that has taken
/// a file's name would be waited for without end.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
    }
}

/// When a file was last written, renamed or given other rights, since the epoch.
pub fn last_touched(metadata: &Metadata) -> Duration {
    let since = |seconds: i64, ns: i64| Duration::new(seconds.max(0).cast_unsigned(), ns.max(0) as u32);
    since(metadata.mtime(), metadata.mtime_nsec()).max(since(metadata.ctime(), metadata.ctime_nsec()))
}

/// A file's device and its number there: what no two files have at one time.
pub type Inode = (u64, u64);

/// The inode of a file that is there. Devices may have other numbers after the system
/// was started again, so these are not kept.
pub fn inode(metadata: &Metadata) -> Inode {
    (metadata.dev(), metadata.ino())
}

/// A checksum of a file's first bytes: an inode may be another file's now, and a
/// file that was truncated keeps its inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many bytes, at most [`Fingerprint::MOST`].
    pub length: u32,
    /// Their CRC-32.
    pub crc: u32,
}

impl Fingerprint {
    /// More bytes than this are not looked at.
    pub const MOST: usize = 1024;

    /// Of what a file holds, unpacked if its name says that it is packed.
    pub fn of_content(path: &Path, file: &File) -> io::Result<Fingerprint> {
        let Some(packing) = Packing::of(path) else { return Fingerprint::of(file) };
        let mut bytes = [0; Fingerprint::MOST];
        Ok(Fingerprint::of_bytes(first_unpacked(file, packing, &mut bytes)?))
    }

    /// Whether what a file holds, unpacked if its name says that it is packed, begins as this one did.
    pub fn matches_content(self, path: &Path, file: &File) -> io::Result<bool> {
        let Some(packing) = Packing::of(path) else { return self.matches(file) };
        let mut bytes = [0; Fingerprint::MOST];
        let bytes = first_unpacked(file, packing, &mut bytes)?;
        Ok(bytes.get(..self.length as usize).map(Fingerprint::of_bytes) == Some(self))
    }

    /// Of what a file holds now.
    pub fn of(file: &File) -> io::Result<Fingerprint> {
        let mut bytes = [0; Fingerprint::MOST];
        Ok(Fingerprint::of_bytes(first_bytes(file, &mut bytes)?))
    }

    /// Of a file that begins with these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Fingerprint {
        Fingerprint { length: bytes.len() as u32, crc: crc32fast::hash(bytes) }
    }

    /// Whether a file begins as this one did.
    pub fn matches(self, file: &File) -> io::Result<bool> {
        Ok(self.grown(file)?.is_some())
    }

    /// The fingerprint of a file that begins as this one did and may have grown;
    /// `None` if it begins otherwise.
    pub fn grown(self, file: &File) -> io::Result<Option<Fingerprint>> {
        let mut bytes = [0; Fingerprint::MOST];
        let bytes = first_bytes(file, &mut bytes)?;
        let begins = bytes.get(..self.length as usize).map(Fingerprint::of_bytes);
        Ok((begins == Some(self)).then(|| Fingerprint::of_bytes(bytes)))
    }
}

/// Whether both files begin with the same bytes, as far as the shorter one goes and
/// somebody looks; false if only the second is empty.
pub fn begin_alike(one: &File, other: &File) -> io::Result<bool> {
    let (mut one_bytes, mut other_bytes) = ([0; Fingerprint::MOST], [0; Fingerprint::MOST]);
    let (one, other) = (first_bytes(one, &mut one_bytes)?, first_bytes(other, &mut other_bytes)?);
    let length = one.len().min(other.len());
    Ok(one[..length] == other[..length] && (length > 0 || one.is_empty()))
}

fn first_bytes<'b>(file: &File, bytes: &'b mut [u8; Fingerprint::MOST]) -> io::Result<&'b [u8]> {
    first(bytes, |buffer, from| file.read_at(buffer, from))
}

fn first_unpacked<'b>(file: &File, packing: Packing, bytes: &'b mut [u8; Fingerprint::MOST]) -> io::Result<&'b [u8]> {
    let mut content = Unpacked::open(file, packing)?;
    first(bytes, |buffer, from| content.read_at(buffer, from))
}

fn first(
    bytes: &mut [u8; Fingerprint::MOST],
    mut read_at: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
) -> io::Result<&[u8]> {
    let mut length = 0;
    while length < bytes.len() {
        match read_at(&mut bytes[length..], length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&bytes[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_grows_with_its_file_and_is_of_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let open = |content: &str| {
            std::fs::write(&path, content).unwrap();
            File::open(&path).unwrap()
        };
        let empty = Fingerprint::of(&open("")).unwrap();
        assert_eq!(empty.length, 0);
        let small = empty.grown(&open("one\n")).unwrap().unwrap();
        assert_eq!(small.length, 4);
        let long = "one\n".repeat(1000);
        let whole = small.grown(&open(&long)).unwrap().unwrap();
        assert_eq!(whole.length, 1024);
        assert!(whole.matches(&open(&format!("{long}more"))).unwrap());
        assert!(!whole.matches(&open("one\n")).unwrap());
        assert!(!small.matches(&open("two\nthree\n")).unwrap());
    }

    #[test]
    fn a_renamed_file_is_the_same_and_a_new_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let stamp = |name: &str| Stamp::of(&std::fs::metadata(path(name)).unwrap());
        std::fs::write(path("a"), "1").unwrap();
        std::fs::write(path("b"), "1").unwrap();
        let before = stamp("a");
        std::fs::rename(path("a"), path("c")).unwrap();
        assert_eq!(stamp("c"), before);
        assert!(!stamp("b").is_same_file(&before));
    }
}

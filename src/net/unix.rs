//! Where a server's Unix socket is: made in the place of one that was left behind, and removed
//! at the end.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The file of a socket, to be removed if it is still the same one.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    /// Listens at `path` by `bind`. A socket there that nobody listens on any more, left by a
    /// process that was killed, is removed first.
    ///
    /// # Errors
    /// Somebody listens there, there is a file that is no socket, or the system refuses.
    pub fn bind<L>(path: &Path, bind: impl Fn() -> io::Result<L>) -> io::Result<(SocketFile, L)> {
        let listener = match bind() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(path)?;
                bind()?
            }
            bound => bound?,
        };
        Ok((SocketFile { path: path.to_owned(), identity: identity(path)? }, listener))
    }
}

fn remove_stale(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is no socket: give another PATH",
        ));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

/// Device and inode.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            // What cannot be removed is found stale by the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

//! The directory that stages publish into, and that `sstream-top`, `sstream-ui`
//! and `sstream ps` look at: `$XDG_RUNTIME_DIR/sstream`, under systemd
//! `$RUNTIME_DIRECTORY`, else `/run/user/UID/sstream`, else `/tmp/sstream-UID`.
//!
//! What stands there tells command lines and, on request, records; so the
//! directory must belong to this user and be closed to all others.

use std::fmt;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::error::describe;
use crate::error::{Exit, Failure};

/// Why the directory cannot be used.
#[derive(Debug)]
pub enum RuntimeError {
    /// It cannot be made or looked at.
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Others could have put something there, or could look into it.
    Unsafe {
        /// The directory.
        path: PathBuf,
    },
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuntimeError::Io { path, error } => write!(f, "{}: {}", path.display(), describe(error)),
            RuntimeError::Unsafe { path } => write!(
                f,
                "{}: belongs to another user, or others can write to it: remove it, or set XDG_RUNTIME_DIR",
                path.display()
            ),
        }
    }
}

impl std::error::Error for RuntimeError {}

impl Failure for RuntimeError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

/// The directory for this process, which may not exist.
pub fn directory() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("XDG_RUNTIME_DIR") {
        return PathBuf::from(path).join("sstream");
    }
    if let Some(paths) = variable("RUNTIME_DIRECTORY") {
        // systemd gives several with colons between them.
        return std::env::split_paths(&paths).next().unwrap_or_default();
    }
    let user = rustix::process::geteuid().as_raw();
    let of_login = PathBuf::from(format!("/run/user/{user}"));
    if of_login.is_dir() { of_login.join("sstream") } else { PathBuf::from(format!("/tmp/sstream-{user}")) }
}

/// Makes the directory if it is not there, with nobody else allowed in.
pub fn ensure(path: &Path) -> Result<(), RuntimeError> {
    let failed = |error| RuntimeError::Io { path: path.to_owned(), error };
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    check(path)
}

/// Checks that the directory is this user's and that nobody else can write to
/// it. A symbolic link is refused: in /tmp anybody can make one.
pub fn check(path: &Path) -> Result<(), RuntimeError> {
    let metadata = path.symlink_metadata().map_err(|error| RuntimeError::Io { path: path.to_owned(), error })?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || !is_ours || metadata.mode() & 0o022 != 0 {
        return Err(RuntimeError::Unsafe { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_directory_is_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("sstream");
        ensure(&path).unwrap();
        ensure(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn an_open_directory_and_a_link_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        let (open, link) = (parent.path().join("open"), parent.path().join("link"));
        std::fs::create_dir(&open).unwrap();
        std::os::unix::fs::symlink(parent.path(), &link).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(ensure(&open), Err(RuntimeError::Unsafe { .. })));
        assert!(matches!(ensure(&link), Err(RuntimeError::Unsafe { .. })));
    }
}

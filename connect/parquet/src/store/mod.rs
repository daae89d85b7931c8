//! Files: those that are being written, those that are shown, and rows that wait for their file.
//!
//! Everything under way is in one folder, `DIR/.sstream-PREFIX`, which readers of Parquet pass over for its name:
//!
//! | file | what |
//! |---|---|
//! | `ID.schema` | the columns that were found in records, as a file of Parquet without rows |
//! | `ID.TIME.N.tmp` | a file of Parquet that nobody sees yet |
//! | `ID.TIME.files` | which of them belongs where; a commit has decided, or will, that they are shown |
//! | `ID.TIME.closed` | the same, decided by itself: the stream was over, and no commit came any more |
//! | `ID.TIME.rows` | the rows of batches whose file is not complete (`--every`) |
//! | `ID.TIME.dir` | a directory in Spark's layout that nobody sees yet |
//! | `ID.TIME.dir.old` | one that made place for it |
//!
//! `ID` is the checkpoint's, or `run` without one; `TIME` the first batch of what is in the file. All files have one
//! filesystem, so that a rename shows them. The folder is locked as long as a sink writes there.

pub mod directory;
pub mod files;
pub mod held;
pub mod staging;

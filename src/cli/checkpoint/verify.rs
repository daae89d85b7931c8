//! `sstream-checkpoint verify`.

use std::path::Path;
use std::sync::Arc;

use super::moment;
use super::print::Printer;
use crate::checkpoint::Error;
use crate::checkpoint::job::Layout;
use crate::checkpoint::storage::{Disk, Storage, absolute};
use crate::checkpoint::verify::{What, verify as check};
use crate::cli::ToolError;
use crate::duration::show_size;
use crate::error::{Exit, Failure as _};

/// Checks all files, and prints a line for each.
pub fn verify(dir: &Path) -> Result<(), ToolError> {
    let layout = Layout::new(&absolute(dir)?);
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let mut printer = Printer::new();
    let (mut damaged, mut unreadable) = (0_u64, 0_u64);
    check(&storage, &layout, &mut |finding| {
        let path = finding.path.strip_prefix(layout.dir()).unwrap_or(&finding.path);
        let shown = if path.as_os_str().is_empty() { ".".into() } else { path.display().to_string() };
        let line = match finding.what {
            What::Fine { entries: 1, bytes } => format!("ok       {shown}: {}", show_size(bytes)),
            What::Fine { entries, bytes } => format!("ok       {shown}: {entries} entries, {}", show_size(bytes)),
            What::Torn { entries, bytes } => format!(
                "torn     {shown}: {entries} entries, then {bytes} bytes that a crash left, or that are being \
                 written: nobody has used them, the next start cuts them off"
            ),
            What::Unused => format!("unused   {shown}: a crash left it before it held anything"),
            What::LeftOver => format!("leftover {shown}: a crash left it, nobody reads it"),
            What::Resumes(time_ms) => format!("ok       all fits together: resumes after {}", moment::show(time_ms)),
            // Whether all fits together cannot be told while a file is damaged, which has its line.
            What::Wrong(_) if path.as_os_str().is_empty() && damaged + unreadable > 0 => return,
            What::Wrong(error) => {
                match error.exit() {
                    Exit::World => unreadable += 1,
                    _ => damaged += 1,
                }
                match error {
                    Error::Damaged { offset, what, .. } => format!("DAMAGED  {shown}: at byte {offset}: {what}"),
                    error => format!("DAMAGED  {shown}: {error}"),
                }
            }
        };
        printer.line(&line);
    })?;
    printer.finish()?;
    let shown = layout.dir().display();
    match (damaged, unreadable) {
        (0, 0) => Ok(()),
        (0, n) => {
            Err(ToolError::Command { message: format!("{shown}: {n} could not be read: see above"), exit: Exit::World })
        }
        (n, _) => Err(ToolError::Command {
            message: format!("{shown}: {n} damaged: see above: restore the checkpoint from a copy, or begin a new one"),
            exit: Exit::Checkpoint,
        }),
    }
}

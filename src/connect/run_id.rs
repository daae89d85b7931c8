//! Who writes, where no checkpoint says it.

/// Set for the sinks that a Spark cluster runs: a task that is tried again is the same writer. The underscore says that it
/// is nobody else's business.
const VARIABLE: &str = "_SSTREAM_WRITER";

/// An id for a run that has no checkpoint: no other run has it, unless it is the same work that is tried again on a Spark
/// cluster. It is for keys of what is written.
///
/// ```
/// use sstream::connect::run_id;
///
/// let key = |run: &str, place: u64| format!("{run}-{place}");
/// let run = run_id();
/// assert_ne!(key(&run, 1), key(&run_id(), 1));
/// ```
pub fn run_id() -> String {
    std::env::var(VARIABLE).ok().filter(|id| !id.is_empty()).unwrap_or_else(|| {
        let mut bytes = [0u8; 16];
        // Without chance two runs of one process number may have the same id, where the one before was killed.
        let _ = crate::os::random(&mut bytes);
        format!("run-{}-{:032x}", std::process::id(), u128::from_le_bytes(bytes))
    })
}

//! Metrics of one running stage, by HTTP and in a file.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Format, Subject, render};
use crate::frame::{Close, End, Head};
use crate::monitor::view::View;
use crate::net::http::{self, Guard};

/// A file of metrics is written this often at most, but for its last time.
const BETWEEN_FILES: Duration = Duration::from_secs(1);

/// What the stage knows, for the server's thread too; nothing before the head.
type Shared = Arc<Mutex<Option<View>>>;

/// Counts for one stage and those before it.
#[derive(Default)]
pub struct StageMetrics {
    shared: Shared,
    file: Option<PathBuf>,
    last_file: Option<Instant>,
}

impl StageMetrics {
    /// Metrics that nobody reads yet.
    pub fn new() -> StageMetrics {
        StageMetrics::default()
    }

    /// Writes them to this file, at most once a second and at the end.
    pub fn write_to(&mut self, path: PathBuf) {
        self.file = Some(path);
    }

    /// Serves them at `/metrics`, in a thread of its own.
    pub fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let shared = self.shared.clone();
        let guard = Guard::for_address(listener.local_addr()?, Vec::new());
        let answer = move |request: &mut http::Request| match request.uri().path() {
            "/metrics" => {
                let format = Format::accepted(http::header(request, "accept"));
                let view = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let subjects: Vec<Subject<'_>> = view.iter().map(Subject::of_stage).collect();
                http::text(format.content_type(), render(&subjects, format))
            }
            _ => http::not_found("metrics are at /metrics"),
        };
        std::thread::Builder::new().name("metrics".into()).spawn(move || http::serve(listener, guard, answer))?;
        Ok(())
    }

    pub(in crate::monitor) fn head(&mut self, head: &Head) {
        *self.lock() = Some(View::new(head, 0));
    }

    pub(in crate::monitor) fn end(&mut self, end: &End) -> io::Result<()> {
        if let Some(view) = &mut *self.lock() {
            view.end(end);
        }
        if self.last_file.is_none_or(|last| last.elapsed() >= BETWEEN_FILES) { self.write_file() } else { Ok(()) }
    }

    pub(in crate::monitor) fn close(&mut self, close: &Close) -> io::Result<()> {
        if let Some(view) = &mut *self.lock() {
            view.close(close);
        }
        self.write_file()
    }

    /// Replaces the file as a whole, so that a collector never sees half of it.
    fn write_file(&mut self) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        self.last_file = Some(Instant::now());
        let text = match &*self.shared.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(view) => render(&[Subject::of_stage(view)], Format::Prometheus),
            None => String::new(),
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(".".as_ref());
        let mut builder = tempfile::Builder::new();
        // The collector reads only *.prom, and as another user.
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        let mut file = builder.prefix(".sstream-").suffix(".new").permissions(permissions).tempfile_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<View>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! A page over the newest batches: `sstream-sink serve`.
//!
//! The first records of each batch are kept, as JSON, as long as the history goes back. A thread of its own
//! serves them: the page, `/latest.json`, `/batches.json`, and each new batch as a server-sent event
//! (`/events`) or a WebSocket's message (`/ws`). The stage never waits for who looks on: one that
//! is slower than the history is long is told how many batches it missed.
//!
//! | part | what |
//! |---|---|
//! | [`history`] | the newest batches, bounded in number and bytes: pure |
//! | [`follow`] | the history between the stage's thread and those who follow it |
//! | [`site`] | what is at which path, and events |
//! | [`websocket`] | frames of a WebSocket, as far as a server needs them |

mod follow;
mod history;
mod site;
mod websocket;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::oneshot;

use crate::flow::{OutletError, Waited};
use crate::frame::{BatchTime, Block};
use crate::net::http::{self, Guard};
use crate::signal::StopSignal;
use crate::sink::Sink;
use follow::Board;
pub use history::Limits;
use history::{History, Open};
use site::Site;

/// At the end, those who look on are waited for so long, until they have the last batch.
const AT_THE_END: Duration = Duration::from_secs(2);

/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(10);

/// The sink.
pub struct Serve {
    open: Open,
    board: Arc<Board>,
    /// After the end of the stream it goes on until it is asked to stop.
    stays: Option<StopSignal>,
    waited: Waited,
    /// The thread that serves, and what ends it when it is dropped.
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Serve {
    /// Serves on `listener`, which listens, under this title.
    ///
    /// # Errors
    /// There are no more threads or descriptors.
    pub fn new(listener: TcpListener, guard: Guard, title: &str, limits: Limits, waited: Waited) -> io::Result<Serve> {
        let board = Arc::new(Board::new(limits));
        let site = Site::new(title, board.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (ender, end) = oneshot::channel();
        let answer = move |request: &mut http::Request| site.answer(request);
        let thread = std::thread::Builder::new().name("serve".into()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    // It gives back only where the listener is none, and that was one.
                    _ = http::serve_in_runtime(listener, guard, answer) => {}
                    _ = end => {}
                }
            });
        })?;
        Ok(Serve { open: Open::new(limits), board, stays: None, waited, thread: Some((ender, thread)) })
    }

    /// After the end of the stream it goes on until it is asked to stop.
    pub fn staying(self, stop: StopSignal) -> Serve {
        Serve { stays: Some(stop), ..self }
    }

    /// Listens, and where.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen(host: &str, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind((host, port))?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
}

impl Sink for Serve {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.open.push(block);
        Ok(())
    }

    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        let batch = self.open.end(time, records);
        self.board.change(|history| history.push(time, batch));
        Ok(())
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        self.board.change(History::end);
        let (board, stays, thread) = (&self.board, self.stays.as_ref(), self.thread.take());
        self.waited.during(|| {
            if let Some(stop) = stays.filter(|_| complete) {
                // Readable from the first signal on; a wait that fails is none.
                let _ = poll(&mut [PollFd::from_borrowed_fd(stop.wake(), PollFlags::IN)], None);
            }
            let since = Instant::now();
            while board.followers() > 0 && since.elapsed() < AT_THE_END {
                std::thread::sleep(LOOK);
            }
            // What it is about to write, it writes.
            if let Some((ender, thread)) = thread {
                drop(ender);
                let _ = thread.join();
            }
        });
        Ok(())
    }
}

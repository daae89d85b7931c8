//! Listens on a unix stream socket, for many clients at once.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use crate::error::describe;
use crate::net::unix::SocketFile;
use crate::source::kinds::receive::allowance::ClientLimits;
use crate::source::kinds::receive::clients::Clients;
use crate::source::kinds::receive::connection::Stream;
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};
use crate::source::{ByteSource, Got, SourceError, Torn};

/// How long to wait when no client can be taken in.
const FULL: Duration = Duration::from_millis(200);

/// The source, and the socket file that goes with it.
pub struct Unix {
    receiver: Receiver,
    /// Removed when the source is dropped.
    _file: SocketFile,
}

/// Listens at `path`. A socket there that nobody listens on any more, left by a
/// process that was killed, is removed first.
pub fn open(path: &Path, limits: ClientLimits, around: &Surroundings) -> Result<Unix, SourceError> {
    let name = format!("unix {}", path.display());
    let mut file = None;
    let receiver = Receiver::start(&name, around, async |outbox| {
        let (made, listener) = SocketFile::bind(path, || UnixListener::bind(path))?;
        file = Some(made);
        outbox.console.info(&format!("{name}: listening"));
        let clients = Clients::new(limits, &name, &outbox);
        tokio::spawn(accept(listener, clients, name.clone(), outbox));
        Ok(())
    })?;
    let file = file.ok_or_else(|| SourceError::read(&name, io::ErrorKind::NotFound.into()))?;
    Ok(Unix { receiver, _file: file })
}

/// There is no keepalive here: the system knows when a process of its own is gone.
async fn accept(listener: UnixListener, clients: Clients, name: String, outbox: Outbox) {
    let mut count = 0u64;
    let mut welcome = |stream, place| {
        count += 1;
        clients.welcome(Stream::Unix(stream), &count.to_string(), place);
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = outbox.stopped() => break,
            accepted = async { (clients.place().await, listener.accept().await) } => accepted,
        };
        match accepted {
            (Some(place), Ok((stream, _))) => welcome(stream, place),
            (_, Ok(_)) => return,
            (_, Err(error)) => {
                outbox.console.warn(&format!("{name}: cannot take a client in: {}", describe(&error)));
                outbox.pause(FULL).await;
            }
        }
    }
    // Those who are at the door have come before the stop.
    let Ok(listener) = listener.into_std() else { return };
    while let Some(place) = clients.place().await
        && let Ok((stream, _)) = listener.accept()
    {
        // One that cannot be read now has sent nothing that could be lost.
        let Ok(stream) = stream.set_nonblocking(true).and_then(|()| UnixStream::from_std(stream)) else { continue };
        welcome(stream, place);
    }
}

impl ByteSource for Unix {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        self.receiver.read(buffer, timeout)
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        self.receiver.read_held(buffer)
    }

    fn torn(&mut self) -> Option<Torn> {
        self.receiver.torn()
    }
}

//! Listens on a TCP port, as `nc -lk`, for many clients at once.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::error::describe;
use crate::source::SourceError;
use crate::source::kinds::receive::address::Address;
use crate::source::kinds::receive::connection::{Connection, Over, Stream};
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};

/// How long to wait when no client can be taken in, as when there are no more
/// descriptors.
const FULL: Duration = Duration::from_millis(200);

/// Listens at once, so that clients that come before the first batch wait.
pub fn open(address: &Address, around: &Surroundings) -> Result<Receiver, SourceError> {
    let name = format!("listen {address}");
    Receiver::start(&name, around, async |outbox| {
        let listener = TcpListener::bind((address.host.as_str(), address.port)).await?;
        let at = listener.local_addr()?;
        // Port 0 is any port: only this message says which.
        let message = format!("{name}: listening on {at}");
        if address.port == 0 {
            outbox.console.warn(&message)
        } else {
            outbox.console.info(&message)
        }
        tokio::spawn(accept(listener, name.clone(), outbox));
        Ok(())
    })
}

async fn accept(listener: TcpListener, name: String, outbox: Outbox) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = outbox.stopped() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => welcome(Stream::Tcp(stream), format!("{name}: client {peer}"), &outbox),
            Err(error) => {
                outbox.console.warn(&format!("{name}: cannot take a client in: {}", describe(&error)));
                outbox.pause(FULL).await;
            }
        }
    }
    // Those who are at the door have come before the stop.
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, peer)) = listener.accept() {
        // One that cannot be read now has sent nothing that could be lost.
        let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) else { continue };
        welcome(Stream::Tcp(stream), format!("{name}: client {peer}"), &outbox);
    }
}

/// Reads one client, beside all others.
pub fn welcome(stream: Stream, name: String, outbox: &Outbox) {
    let outbox = outbox.clone();
    tokio::spawn(async move {
        outbox.console.info(&format!("{name}: connected"));
        let mut connection = Connection::new(stream, &name, outbox.max_line);
        match connection.forward(&outbox).await {
            Ok(Over::End) => outbox.console.info(&format!("{name}: gone")),
            Ok(Over::Stop) => connection.forward_held(&outbox).await,
            Err(error) => outbox.console.warn(&format!("{name}: lost: {}", describe(&error))),
        }
    });
}

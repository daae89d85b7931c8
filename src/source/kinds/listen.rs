//! Listens on a TCP port, as `nc -lk`, for many clients at once.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use crate::error::describe;
use crate::net::address::Address;
use crate::os;
use crate::source::SourceError;
use crate::source::kinds::receive::allowance::ClientLimits;
use crate::source::kinds::receive::clients::Clients;
use crate::source::kinds::receive::connection::Stream;
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};

/// How long to wait when no client can be taken in, as when there are no more
/// descriptors.
const FULL: Duration = Duration::from_millis(200);

/// Listens at once, so that clients that come before the first batch wait.
pub fn open(address: &Address, limits: ClientLimits, around: &Surroundings) -> Result<Receiver, SourceError> {
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
        let clients = Clients::new(limits, &name, &outbox);
        tokio::spawn(accept(listener, clients, name.clone(), outbox));
        Ok(())
    })
}

async fn accept(listener: TcpListener, clients: Clients, name: String, outbox: Outbox) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = outbox.stopped() => break,
            accepted = async { (clients.place().await, listener.accept().await) } => accepted,
        };
        match accepted {
            (Some(place), Ok((stream, peer))) => welcome(&clients, stream, peer, place),
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
        && let Ok((stream, peer)) = listener.accept()
    {
        // One that cannot be read now has sent nothing that could be lost.
        let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) else { continue };
        welcome(&clients, stream, peer, place);
    }
}

fn welcome(clients: &Clients, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
    os::keep_alive(&stream);
    clients.welcome(Stream::Tcp(stream), &peer.to_string(), place);
}

//! Receives datagrams, each of one line or several. UDP does not make a sender
//! wait: what comes while the pipeline is busy and the kernel's buffer is full
//! is lost.

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::error::describe;
use crate::net::address::Address;
use crate::record::forms::Coding;
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};
use crate::source::{Client, SourceError};

/// The longest datagram.
const LONGEST: usize = 64 << 10;

/// Datagrams are collected up to so many bytes before they are given on.
const CHUNK: usize = 192 << 10;

/// The most that is taken at a stop: more than a socket holds by default, so
/// that a sender who goes on does not keep the source from stopping.
const HELD: usize = 4 << 20;

/// Receives at `address`.
pub fn open(address: &Address, around: &Surroundings) -> Result<Receiver, SourceError> {
    let name = format!("udp {address}");
    Receiver::start(&name, around, async |outbox| {
        let socket = UdpSocket::bind((address.host.as_str(), address.port)).await?;
        let message = format!("{name}: receiving on {}", socket.local_addr()?);
        if address.port == 0 {
            outbox.console.warn(&message)
        } else {
            outbox.console.info(&message)
        }
        tokio::spawn(receive(socket, name.clone(), outbox));
        Ok(())
    })
}

async fn receive(socket: UdpSocket, name: String, outbox: Outbox) {
    let Outbox { tells_clients, coding, .. } = outbox;
    let mut datagrams = Datagrams { socket, buffer: vec![0; LONGEST], tells_clients, coding, next: None };
    loop {
        let ready = tokio::select! {
            biased;
            () = outbox.stopped() => break,
            ready = datagrams.readable() => ready,
        };
        let Some(place) = outbox.place().await else { return };
        match ready.and_then(|()| datagrams.collect()) {
            Ok((client, lines)) => place.give(client, lines),
            Err(error) => outbox.console.warn(&format!("{name}: {}", describe(&error))),
        }
    }
    let mut taken = 0;
    while taken < HELD {
        let Some(place) = outbox.place().await else { return };
        match datagrams.collect() {
            Ok((client, lines)) if !lines.is_empty() => {
                taken += lines.len();
                place.give(client, lines);
            }
            _ => return,
        }
    }
}

struct Datagrams {
    socket: UdpSocket,
    buffer: Vec<u8>,
    /// Whether those of several senders are kept apart.
    tells_clients: bool,
    coding: Coding,
    /// A datagram of another sender than those before it.
    next: Option<(SocketAddr, Vec<u8>)>,
}

impl Datagrams {
    async fn readable(&self) -> io::Result<()> {
        if self.next.is_some() { Ok(()) } else { self.socket.readable().await }
    }

    /// The lines of the datagrams that are here, of one sender where they are kept apart; a datagram's
    /// end ends a line.
    fn collect(&mut self) -> io::Result<(Option<Client>, Vec<u8>)> {
        let mut lines = Vec::new();
        let mut sender = None;
        if let Some((from, datagram)) = self.next.take() {
            sender = Some(from);
            push_lines(&datagram, self.coding, &mut lines);
        }
        while lines.len() < CHUNK {
            match self.socket.try_recv_from(&mut self.buffer) {
                Ok((length, from)) => {
                    let datagram = &self.buffer[..length];
                    if self.tells_clients && sender.is_some_and(|sender| sender != from) {
                        self.next = Some((from, datagram.to_vec()));
                        break;
                    }
                    sender = Some(from);
                    push_lines(datagram, self.coding, &mut lines);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What was received is given first; the error comes again.
                Err(_) if !lines.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        let client = sender.filter(|_| self.tells_clients).map(|sender| sender.to_string().into());
        Ok((client, lines))
    }
}

fn push_lines(datagram: &[u8], coding: Coding, lines: &mut Vec<u8>) {
    let whole = coding.whole(datagram, 0);
    lines.extend_from_slice(&datagram[..whole]);
    if whole < datagram.len() {
        let mut last = datagram[whole..].to_vec();
        coding.close(&mut last);
        lines.extend(last);
    }
}

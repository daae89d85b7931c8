//! How a connection begins: 64 bytes from each end, then a handshake of the mechanism that both name.

use super::args::Security;
use super::command::{self, SocketKind};
use super::curve::{self, Boxes};
use super::error::Broken;
use super::link::Link;

/// The version that we speak. Subscriptions are messages in it, which later ones understand too.
const VERSION: [u8; 2] = [3, 0];

/// What is agreed with the other end.
pub struct Agreed {
    /// It answers pings (version 3.1).
    pub answers_pings: bool,
    /// What messages are shut in.
    pub boxes: Option<Boxes>,
}

/// Greets, and finds out who the other end is.
///
/// # Errors
/// How that came to nothing.
pub async fn greet(link: &mut Link, kind: SocketKind, security: &Security) -> Result<Agreed, Broken> {
    link.out().extend(greeting(security));
    link.flush().await?;
    let theirs = link.bytes::<64>().await?;
    if theirs[0] != 0xFF || theirs[9] & 1 == 0 || theirs[10] < VERSION[0] {
        return Err(Broken::Refused("it speaks no ZMTP 3, which ZeroMQ has since its version 4".to_owned()));
    }
    let answers_pings = (theirs[10], theirs[11]) >= (3, 1);
    let (wanted, ours) = (trimmed(&theirs[12..32]), security.name().as_bytes());
    if wanted != ours {
        let wanted = String::from_utf8_lossy(wanted).into_owned();
        return Err(Broken::Refused(format!("it wants the mechanism {wanted}, and we have {}", security.name())));
    }
    let boxes = match security {
        Security::Null => {
            let mut ready = Vec::new();
            command::push("READY", &command::metadata(kind), &mut ready);
            link.push_command(&ready);
            link.flush().await?;
            command::check_metadata(kind, command::expect("READY", &link.command().await?)?)?;
            None
        }
        Security::CurveClient { own, server } => Some(curve::client(link, kind, own, server).await?),
        Security::CurveServer { own, clients } => Some(curve::server(link, kind, own, clients.as_deref()).await?),
    };
    Ok(Agreed { answers_pings, boxes })
}

fn greeting(security: &Security) -> [u8; 64] {
    let mut bytes = [0; 64];
    (bytes[0], bytes[8], bytes[9]) = (0xFF, 1, 0x7F);
    bytes[10..12].copy_from_slice(&VERSION);
    let name = security.name().as_bytes();
    bytes[12..12 + name.len()].copy_from_slice(name);
    bytes[32] = u8::from(security.is_server());
    bytes
}

fn trimmed(padded: &[u8]) -> &[u8] {
    &padded[..padded.iter().position(|byte| *byte == 0).unwrap_or(padded.len())]
}

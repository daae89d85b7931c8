//! Commands: what sockets say to each other, a name and what belongs to it.

use super::error::Broken;

/// A socket's type, as far as we speak with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketKind {
    /// Gives each message to all that have subscribed.
    Pub,
    /// Subscribes.
    Sub,
    /// Gives each message to one of its peers.
    Push,
    /// Takes them.
    Pull,
}

impl SocketKind {
    /// As the protocol spells it.
    pub fn name(self) -> &'static str {
        match self {
            SocketKind::Pub => "PUB",
            SocketKind::Sub => "SUB",
            SocketKind::Push => "PUSH",
            SocketKind::Pull => "PULL",
        }
    }

    /// The types that it speaks with.
    pub fn partners(self) -> &'static [&'static str] {
        match self {
            SocketKind::Pub => &["SUB", "XSUB"],
            SocketKind::Sub => &["PUB", "XPUB"],
            SocketKind::Push => &["PULL"],
            SocketKind::Pull => &["PUSH"],
        }
    }
}

/// Appends a command's name and what belongs to it.
pub fn push(name: &str, rest: &[u8], out: &mut Vec<u8>) {
    out.push(name.len() as u8);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(rest);
}

/// A command's name, and what belongs to it.
///
/// # Errors
/// It is none.
pub fn split(body: &[u8]) -> Result<(&[u8], &[u8]), Broken> {
    let none = || Broken::passing("what came is no ZMTP: a command with no name");
    let (&length, rest) = body.split_first().ok_or_else(none)?;
    rest.split_at_checked(usize::from(length)).ok_or_else(none)
}

/// What belongs to the command that is awaited.
///
/// # Errors
/// It is another one, or the other end refuses us.
pub fn expect<'b>(name: &str, body: &'b [u8]) -> Result<&'b [u8], Broken> {
    match split(body)? {
        (found, rest) if found == name.as_bytes() => Ok(rest),
        (b"ERROR", reason) => {
            let reason = String::from_utf8_lossy(reason.get(1..).unwrap_or_default()).into_owned();
            Err(Broken::Passing(format!("it refuses us: {}", visible(&reason))))
        }
        (found, _) => {
            let found = visible(&String::from_utf8_lossy(found));
            Err(Broken::Passing(format!("what came is no ZMTP: {found} in the place of {name}")))
        }
    }
}

/// A stranger's words, without what a terminal would obey.
fn visible(text: &str) -> String {
    text.chars().take(80).map(|char| if char.is_control() { '?' } else { char }).collect()
}

/// What a socket says of itself.
pub fn metadata(kind: SocketKind) -> Vec<u8> {
    let (mut out, name) = (Vec::new(), kind.name());
    push("Socket-Type", &(name.len() as u32).to_be_bytes(), &mut out);
    out.extend_from_slice(name.as_bytes());
    out
}

/// Whether the other end is one to speak with, by what it says of itself.
///
/// # Errors
/// It is another one, or says nothing that can be read.
pub fn check_metadata(ours: SocketKind, mut metadata: &[u8]) -> Result<(), Broken> {
    let none = || Broken::passing("what came is no ZMTP: a property that ends too soon");
    while !metadata.is_empty() {
        let (name, rest) = split(metadata)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(none)?;
        let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(none)?;
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            return match ours.partners().iter().any(|partner| partner.as_bytes() == value) {
                true => Ok(()),
                false => {
                    let theirs = visible(&String::from_utf8_lossy(value));
                    Err(Broken::Refused(format!("it is a {theirs}, and we are {}", ours.name())))
                }
            };
        }
        metadata = rest;
    }
    Err(Broken::passing("it does not say which type of socket it is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_find_each_other() {
        for (one, other) in [(SocketKind::Pub, SocketKind::Sub), (SocketKind::Push, SocketKind::Pull)] {
            assert_eq!(check_metadata(one, &metadata(other)), Ok(()));
            assert_eq!(check_metadata(other, &metadata(one)), Ok(()));
            let refused = check_metadata(one, &metadata(one)).unwrap_err();
            assert!(refused.to_string().contains(&format!("it is a {0}, and we are {0}", one.name())), "{refused}");
        }
        for cut in 0..metadata(SocketKind::Sub).len() {
            assert!(check_metadata(SocketKind::Pub, &metadata(SocketKind::Sub)[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn a_refusal_has_the_peers_words() {
        let mut body = Vec::new();
        push("ERROR", b"\x03400", &mut body);
        assert_eq!(expect("READY", &body), Err(Broken::passing("it refuses us: 400")));
        assert!(expect("READY", b"").is_err() && expect("READY", &[9, 1]).is_err());
    }
}

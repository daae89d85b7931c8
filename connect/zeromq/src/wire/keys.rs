//! Keys of CURVE, as text and in files.
//!
//! Text is Z85, 40 characters for 32 bytes. A file holds a key alone, or is a certificate as libzmq's
//! own tools write it, with lines `public-key = "…"` and `secret-key = "…"`.

use std::path::Path;

use crypto_box::{PublicKey, SecretKey};
use sstream::connect::{Secret, ToolError};

use super::error::ZeromqError;

const DIGITS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// A secret key, with the public one.
#[derive(Clone)]
pub struct KeyPair {
    /// What others may know.
    pub public: PublicKey,
    /// What nobody may know.
    pub secret: SecretKey,
}

impl From<[u8; 32]> for KeyPair {
    fn from(secret: [u8; 32]) -> Self {
        let secret = SecretKey::from_bytes(secret);
        KeyPair { public: secret.public_key(), secret }
    }
}

impl KeyPair {
    /// One that nobody else has.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn random() -> Result<KeyPair, ZeromqError> {
        Ok(KeyPair::from(random()?))
    }

    /// Of the secret key in a file.
    ///
    /// # Errors
    /// Wrong usage: the file cannot be read, or has none.
    pub fn read(option: &str, path: &Path) -> Result<KeyPair, ToolError> {
        read(option, path, "secret-key").map(KeyPair::from)
    }
}

/// The public key in a file.
///
/// # Errors
/// Wrong usage: the file cannot be read, or has none.
pub fn read_public(option: &str, path: &Path) -> Result<PublicKey, ToolError> {
    read(option, path, "public-key").map(PublicKey::from)
}

/// The public keys in a file, one a line.
///
/// # Errors
/// Wrong usage: the file cannot be read, or a line is none.
pub fn read_all(option: &str, path: &Path) -> Result<Vec<PublicKey>, ToolError> {
    let lines = Secret::read_lines(option, path)?;
    let key = |line: &Secret| decode(line.reveal().trim()).map(PublicKey::from);
    let keys: Option<Vec<PublicKey>> = lines.iter().map(key).collect();
    keys.ok_or_else(|| wrong(option, path, "a line of it is no key of 40 characters of Z85"))
}

/// Bytes by chance.
///
/// # Errors
/// The system has none.
pub fn random<const N: usize>() -> Result<[u8; N], ZeromqError> {
    let (mut bytes, mut filled) = ([0; N], 0);
    while filled < N {
        let more = rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty());
        filled += more.map_err(|error| ZeromqError::system(&error.into()))?;
    }
    Ok(bytes)
}

fn read(option: &str, path: &Path, name: &str) -> Result<[u8; 32], ToolError> {
    let lines = Secret::read_lines(option, path)?;
    if let [line] = lines.as_slice()
        && let Some(key) = decode(line.reveal().trim())
    {
        return Ok(key);
    }
    let named = lines.iter().find_map(|line| {
        let (found, value) = line.reveal().split_once('=')?;
        (found.trim() == name).then(|| decode(value.trim().trim_matches('"')))
    });
    match named {
        Some(Some(key)) => Ok(key),
        _ => {
            Err(wrong(option, path, &format!("it is to hold a key of 40 characters of Z85, or a line {name} = \"…\"")))
        }
    }
}

fn wrong(option: &str, path: &Path, why: &str) -> ToolError {
    ToolError::Usage(format!("{option}: {}: {why}", path.display()))
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 40] = text.as_bytes().try_into().ok()?;
    let mut key = [0; 32];
    for (digits, bytes) in digits.chunks(5).zip(key.chunks_mut(4)) {
        let mut number = 0u64;
        for digit in digits {
            number = number * 85 + DIGITS.iter().position(|other| other == digit)? as u64;
        }
        bytes.copy_from_slice(&u32::try_from(number).ok()?.to_be_bytes());
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that the protocol's documents have as an example.
    #[test]
    fn keys_are_z85() {
        let key = decode("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7").unwrap();
        assert_eq!(key[..4], [0x54, 0xFC, 0xBA, 0x24]);
        let pair = KeyPair::from(decode("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6").unwrap());
        assert_eq!(pair.public.as_bytes(), &key);
        for wrong in ["", "rq", "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%####", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf\""]
        {
            assert!(decode(wrong).is_none(), "{wrong}");
        }
    }
}

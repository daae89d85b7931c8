//! SCRAM-SHA-256 (RFC 5802, 7677): a login in which neither the password goes over the line, nor what would do in its
//! place, and in which the server shows that it knows it too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::{Digest as _, Sha256};
use sstream::connect::Secret;

/// The header of a login without channel binding.
const HEADER: &str = "n,,";

/// A server may ask for so many rounds at most.
const MOST_ROUNDS: u32 = 1_000_000;

/// A login under way.
pub struct Scram {
    password: String,
    /// The client's first message, without its header.
    first: String,
    nonce: String,
    /// What the server has to say in the end.
    expected: Option<Secret>,
}

impl Scram {
    /// Begins one, with a nonce that nobody has had before.
    ///
    /// # Errors
    /// The password has characters that none may have.
    pub fn new(user: &str, password: &Secret) -> Result<Scram, String> {
        let mut bytes = [0u8; 24];
        getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|error| format!("no random numbers: {error}"))?;
        Scram::with_nonce(user, password, STANDARD.encode(bytes))
    }

    fn with_nonce(user: &str, password: &Secret, nonce: String) -> Result<Scram, String> {
        let password = stringprep::saslprep(password.reveal())
            .map_err(|_| "the password has characters that none may have (SASLprep)".to_owned())?
            .into_owned();
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Ok(Scram { password, first: format!("n={user},r={nonce}"), nonce, expected: None })
    }

    /// The first message.
    pub fn first(&self) -> String {
        format!("{HEADER}{}", self.first)
    }

    /// What answers the server's first message.
    ///
    /// # Errors
    /// That is none.
    pub fn proof(&mut self, challenge: &str) -> Result<String, String> {
        let part = |name: &str| challenge.split(',').find_map(|part| part.strip_prefix(name));
        let wrong = || "the server's challenge is none of SCRAM-SHA-256".to_owned();
        let nonce = part("r=").filter(|nonce| nonce.starts_with(&self.nonce)).ok_or_else(wrong)?;
        let salt = part("s=").and_then(|salt| STANDARD.decode(salt).ok()).ok_or_else(wrong)?;
        let rounds = part("i=").and_then(|rounds| rounds.parse::<u32>().ok()).ok_or_else(wrong)?;
        if !(1..=MOST_ROUNDS).contains(&rounds) {
            return Err(wrong());
        }
        let salted = salted(self.password.as_bytes(), &salt, rounds);
        let client_key = mac(&salted, b"Client Key");
        let last = format!("c={},r={nonce}", STANDARD.encode(HEADER));
        let message = format!("{},{challenge},{last}", self.first);
        let signature = mac(&Sha256::digest(client_key), message.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
        let server = mac(&mac(&salted, b"Server Key"), message.as_bytes());
        self.expected = Some(Secret::from(format!("v={}", STANDARD.encode(server))));
        Ok(format!("{last},p={}", STANDARD.encode(proof)))
    }

    /// Whether the server's last message shows that it knows the password too.
    pub fn is_server(&self, message: &str) -> bool {
        self.expected.as_ref().is_some_and(|expected| expected.is(message.as_bytes()))
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // Keys have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// PBKDF2 of one block.
fn salted(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(password) else { return [0; 32] };
    let mut next = mac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut sum = next;
    for _ in 1..rounds {
        let mut mac = keyed.clone();
        mac.update(&next);
        next = mac.finalize().into_bytes().into();
        sum.iter_mut().zip(next).for_each(|(sum, next)| *sum ^= next);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    #[test]
    fn the_login_of_the_standard() {
        let password = Secret::from("pencil".to_owned());
        let mut scram = Scram::with_nonce("user", &password, "rOprNGfwEbeRWgbNEkqO".to_owned()).unwrap();
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".to_owned();
        assert_eq!(
            scram.proof(&challenge).unwrap(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(scram.is_server("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_server("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="));
        for wrong in [
            challenge.replace("rOpr", "other"),
            challenge.replace("4096", "0"),
            challenge.replace("4096", "9999999"),
            "e=no".to_owned(),
        ] {
            assert!(scram.proof(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_and_passwords_may_have_any_characters() {
        let scram = Scram::with_nonce("a=b,c", &Secret::from("pa\u{a0}ss".to_owned()), "r".to_owned()).unwrap();
        assert_eq!((scram.first().as_str(), scram.password.as_str()), ("n,,n=a=3Db=2Cc,r=r", "pa ss"));
        assert!(Scram::new("a", &Secret::from("\u{7}".to_owned())).is_err());
        let one = Scram::new("a", &Secret::from("b".to_owned())).unwrap();
        assert_ne!(one.first(), Scram::new("a", &Secret::from("b".to_owned())).unwrap().first());
    }
}

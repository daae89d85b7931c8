//! Who may send: bearer tokens, and users with passwords, from files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sstream::connect::Secret;

/// Who may send. With neither tokens nor users: everybody.
#[derive(Clone, Debug, Default)]
pub struct Doorkeeper {
    /// Each of these may be the token.
    pub tokens: Vec<Secret>,
    /// `user:password`.
    pub users: Vec<Secret>,
}

impl Doorkeeper {
    /// Whether anybody is asked.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.users.is_empty()
    }

    /// Who sends, by the Authorization header: a user's name, or nothing of one with a token.
    /// `None` is refused.
    pub fn admits(&self, authorization: &str) -> Option<Option<String>> {
        if self.is_open() {
            return Some(None);
        }
        let (scheme, words) = authorization.split_once(' ')?;
        let words = words.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return is_any(&self.tokens, words.as_bytes()).then_some(None);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = STANDARD.decode(words).ok()?;
        let user = pair.split(|byte| *byte == b':').next().map(String::from_utf8_lossy)?;
        is_any(&self.users, &pair).then(|| Some(user.into_owned()))
    }

    /// What the header WWW-Authenticate says.
    pub fn challenge(&self) -> &'static str {
        match (self.tokens.is_empty(), self.users.is_empty()) {
            (false, false) => "Bearer realm=\"sstream\", Basic realm=\"sstream\", charset=\"UTF-8\"",
            (false, true) => "Bearer realm=\"sstream\"",
            _ => "Basic realm=\"sstream\", charset=\"UTF-8\"",
        }
    }
}

/// Whether one of them is it; all are looked at.
fn is_any(secrets: &[Secret], words: &[u8]) -> bool {
    secrets.iter().fold(false, |found, secret| found | secret.is(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(name: &str, text: &str) -> Vec<Secret> {
        let path = std::env::temp_dir().join(format!("sstream-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let secrets = Secret::read_lines("--x", &path).unwrap();
        std::fs::remove_file(&path).unwrap();
        secrets
    }

    #[test]
    fn who_may_send() {
        let door = Doorkeeper {
            tokens: secrets("tokens", "# old\none\n\n# new\ntwo\n"),
            users: secrets("users", "ann:a:b\nbob:c\n"),
        };
        for (header, admitted) in [
            ("Bearer one", Some(None)),
            ("bearer  two ", Some(None)),
            ("Bearer three", None),
            ("Bearer", None),
            ("", None),
            ("Basic YW5uOmE6Yg==", Some(Some("ann"))),
            ("Basic Ym9iOmE6Yg==", None),
            ("Basic !", None),
            // A password is no token.
            ("Bearer ann:a:b", None),
            ("Digest one", None),
        ] {
            assert_eq!(door.admits(header), admitted.map(|user: Option<&str>| user.map(str::to_owned)), "{header}");
        }
        assert_eq!(Doorkeeper::default().admits(""), Some(None));
    }
}

//! Signatures of AWS, version 4.
//!
//! A request's method, path, headers and body become a canonical text; the date, the region, the service
//! and that text's hash are signed with a key that is derived from the secret and is good for one day,
//! region and service.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use sstream::connect::Secret;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs, and for what.
#[derive(Clone, Debug)]
pub struct Signer<'s> {
    /// The access key's ID, which is no secret.
    pub key_id: &'s str,
    /// The access key.
    pub secret: &'s Secret,
    /// As `eu-central-1`.
    pub region: &'s str,
    /// As `kinesis`.
    pub service: &'s str,
}

/// A request, as far as it is signed.
#[derive(Clone, Debug)]
pub struct Signed<'r> {
    /// POST, or another.
    pub method: &'r str,
    /// The path, encoded as it is sent.
    pub path: &'r str,
    /// Names in lower case, and values.
    pub headers: &'r [(&'r str, &'r str)],
    /// The body.
    pub body: &'r [u8],
    /// When, as `20150830T123600Z`, which is among the headers too.
    pub date: &'r str,
}

impl Signer<'_> {
    /// The value of the header Authorization.
    pub fn authorization(&self, request: &Signed<'_>) -> String {
        let Signed { method, path, headers, body, date } = request;
        let mut headers = headers.to_vec();
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{}", hex(&Sha256::digest(body)));

        let day = date.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let signature = hex(&mac(&self.key(day), &to_sign));
        let key_id = self.key_id;
        format!("{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    /// The key of a day.
    fn key(&self, day: &str) -> Vec<u8> {
        let secret = format!("AWS4{}", self.secret.reveal());
        [day, self.region, self.service, "aws4_request"].iter().fold(secret.into_bytes(), |key, part| mac(&key, part))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(method: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        let secret = Secret::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
        let signer = Signer { key_id: "AKIDEXAMPLE", secret: &secret, region: "us-east-1", service: "service" };
        let mut all = vec![("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        all.extend_from_slice(headers);
        let request = Signed { method, path: "/", headers: &all, body, date: "20150830T123600Z" };
        signer.authorization(&request)
    }

    /// The suite of examples that AWS has published for this version.
    #[test]
    fn the_published_examples() {
        for (method, headers, body, signed, expected) in [
            ("GET", &[][..], "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", &[], "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "POST",
                &[("my-header1", "value1")],
                "",
                "host;my-header1;x-amz-date",
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "POST",
                &[("content-type", "application/x-www-form-urlencoded")],
                "Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            let is = signature(method, headers, body.as_bytes());
            let should = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={signed}, Signature={expected}"
            );
            assert_eq!(is, should, "{method} {headers:?}");
        }
    }

    /// The example of the documentation.
    #[test]
    fn the_key_of_a_day() {
        let secret = Secret::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
        let signer = Signer { key_id: "", secret: &secret, region: "us-east-1", service: "iam" };
        assert_eq!(hex(&signer.key("20120215")), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }
}

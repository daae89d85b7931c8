//! `mqtt://HOST[:PORT]` and `mqtts://HOST[:PORT]`, as an argument.

use std::fmt;
use std::str::FromStr;

use sstream::connect::Address;

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    /// The host and port.
    pub address: Address,
    /// Whether TLS is spoken there.
    pub tls: bool,
}

impl FromStr for BrokerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<BrokerAddress, String> {
        let (tls, rest) = match (text.strip_prefix("mqtt://"), text.strip_prefix("mqtts://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            (None, None) => {
                return Err("a broker's address is as mqtt://localhost:1883, or mqtts:// with TLS".to_owned());
            }
        };
        let rest = rest.trim_end_matches('/');
        if rest.contains('@') {
            return Err("a password in an address is seen by everybody: give --user-file FILE".to_owned());
        }
        let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let address = match has_port {
            true => rest.parse()?,
            false => format!("{rest}:{}", if tls { 8883 } else { 1883 }).parse()?,
        };
        Ok(BrokerAddress { address, tls })
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "mqtts" } else { "mqtt" }, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("mqtt://h", "mqtt://h:1883"),
            ("mqtts://h/", "mqtts://h:8883"),
            ("mqtt://h:5", "mqtt://h:5"),
            ("mqtt://[::1]:5", "mqtt://[::1]:5"),
        ] {
            assert_eq!(text.parse::<BrokerAddress>().unwrap().to_string(), shown);
        }
        for (text, says) in [("h:1883", "mqtt://"), ("mqtt://a:b@h", "--user-file"), ("mqtt://", "which host")] {
            let error = text.parse::<BrokerAddress>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}

//! Tokens: the part of an address by which one person leaves one list, and which nobody makes without the home's key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::standing::List;

/// 256 bits, as many as HMAC-SHA256 can use (RFC 2104, 3).
pub type Key = [u8; 32];

/// The token of a person and a list: 43 letters of base64url, of HMAC-SHA256. It names neither of the two.
pub fn token(key: &Key, list: List, address: &str) -> String {
    URL_SAFE_NO_PAD.encode(signed(key, list, address).finalize().into_bytes())
}

/// Who leaves what by a token, among these addresses; None if it is nobody's. Each comparison takes the same time, however
/// much of the token is right.
pub fn whose<'a>(key: &Key, token: &str, addresses: impl IntoIterator<Item = &'a str>) -> Option<(List, &'a str)> {
    let given = URL_SAFE_NO_PAD.decode(token).ok()?;
    let mut found = None;
    for address in addresses {
        for list in List::ALL {
            if signed(key, list, address).verify_slice(&given).is_ok() {
                found = Some((list, address));
            }
        }
    }
    found
}

fn signed(key: &Key, list: List, address: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(b"tidings leave\0");
    mac.update(list.word().as_bytes());
    mac.update(b"\0");
    mac.update(address.to_lowercase().as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_persons_for_one_list_under_one_key() {
        let (key, other) = ([7; 32], [8; 32]);
        let people = ["ana@lab.example", "ben@lab.example"];
        let token = token(&key, List::Alert, "Ben@lab.example");
        assert_eq!(token.len(), 43);
        assert_eq!(whose(&key, &token, people), Some((List::Alert, "ben@lab.example")));
        assert_eq!(whose(&other, &token, people), None);
        assert_eq!(whose(&key, &token, ["ana@lab.example"]), None);
        assert_eq!(whose(&key, &token[..42], people), None);
        assert_eq!(whose(&key, "", people), None);
        assert_eq!(whose(&key, "no token \u{1f511}", people), None);
    }
}

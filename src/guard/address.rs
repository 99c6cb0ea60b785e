//! What may be asked: public addresses over HTTP, so that no feed leads us behind the lab's firewall.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

use crate::config::Block;

/// Why a URL may not be asked whatever its host: only http and https, and no user name or password in it.
pub fn url_refusal(url: &Url) -> Option<&'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        Some("only http and https addresses are asked")
    } else if !url.username().is_empty() || url.password().is_some() {
        // Credentials would go to whoever wrote the redirect, and into every log on the way.
        Some("an address with a user name or password in it is not asked; take that part out")
    } else {
        None
    }
}

/// Why an IP address may not be asked: what sort of address it is. None: it is public (global unicast), or `allow` names
/// it.
pub fn refusal(address: IpAddr, allow: &[Block]) -> Option<&'static str> {
    if allow.iter().any(|block| block.contains(address)) {
        return None;
    }
    match address {
        IpAddr::V4(address) => refusal_v4(address),
        IpAddr::V6(address) => refusal_v6(address),
    }
}

/// What the IANA IPv4 Special-Purpose Address Registry (RFC 6890) does not call globally reachable.
fn refusal_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "an unspecified address",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private address",
        [100, 64..=127, ..] => "a carrier's shared address",
        [127, ..] => "a loopback address",
        [169, 254, ..] => "a link-local address",
        // Two addresses in it are globally reachable (PCP and TURN anycast, RFC 7723 and 8155); neither serves feeds.
        [192, 0, 0, _] => "an address kept for protocols",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "a documentation address",
        // Deprecated by RFC 7526; where it still leads is anybody's guess.
        [192, 88, 99, _] => "a 6to4 relay",
        [198, 18..=19, ..] => "a benchmarking address",
        [224..=239, ..] => "a multicast address",
        [255, 255, 255, 255] => "the broadcast address",
        [240..=255, ..] => "a reserved address",
        _ => return None,
    })
}

/// IPv6 is refused unless it lies in 2000::/3, the only block given out as global unicast (RFC 4291, 2.4), or carries an
/// IPv4 address that may be asked; what the IANA IPv6 registry takes out of 2000::/3 is refused as well.
fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    Some(match (a, b) {
        (0, 0) => match (c, d, e, f, g, h) {
            (0, 0, 0, 0, 0, 0) => "an unspecified address",
            (0, 0, 0, 0, 0, 1) => "a loopback address",
            // IPv4-mapped: the system dials the IPv4 address.
            (0, 0, 0, 0xffff, ..) => return refusal_v4(embedded(g, h)),
            // IPv4-compatible and IPv4-translated addresses have no use left (RFC 4291, 2.5.5.1; RFC 6144).
            _ => "a reserved address",
        },
        // NAT64 (RFC 6052): how a network without IPv4 reaches a public IPv4 address. Its local form, 64:ff9b:1::/48
        // (RFC 8215), leads into the network's own space.
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => return refusal_v4(embedded(g, h)),
        (0x64, 0xff9b) => "a local NAT64 address",
        (0xfc00..=0xfdff, _) => "a private address",
        (0xfe80..=0xfebf, _) => "a link-local address",
        (0xfec0..=0xfeff, _) => "a site-local address",
        (0xff00..=0xffff, _) => "a multicast address",
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => "a documentation address",
        // Teredo, benchmarking, ORCHID and other protocols (RFC 2928); nothing in it serves feeds.
        (0x2001, 0..=0x01ff) => "an address kept for protocols",
        // 6to4 (RFC 3056) carries its IPv4 address in the next 32 bits.
        (0x2002, _) => return refusal_v4(embedded(b, c)),
        (0x2000..=0x3fff, _) => return None,
        _ => "a reserved address",
    })
}

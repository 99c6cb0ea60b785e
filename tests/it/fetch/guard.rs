//! The guard: what may be asked, and that no feed leads us behind the firewall.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use tidings::config::Block;
use tidings::guard::address::{refusal, url_refusal};
use tidings::item::FaultKind;
use url::Url;

use super::{carry, fault, network, page, web};
use crate::support::server::{Reply, Server};

fn refused(address: impl Into<IpAddr>) -> bool {
    refusal(address.into(), &[]).is_some()
}

#[track_caller]
fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

#[test]
fn public_addresses_may_be_asked() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.114.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:200::",
        "2001:4860:4860::8888",
        "2a00:1450:4001:80b::200e",
        "2400:cb00::",
        "3fff:1000::",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ] {
        assert_eq!(refusal(address(text), &[]), None, "{text}");
    }
}

#[test]
fn addresses_that_are_not_public_may_not_be_asked() {
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:0:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "2002:c0a8:101::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(refused(address(text)), "{text}");
    }
}

#[test]
fn only_plain_http_addresses_are_asked() {
    for (text, open) in [
        ("http://example.org/", true),
        ("https://example.org:8443/feed?x=1", true),
        ("ftp://example.org/", false),
        ("file:///etc/passwd", false),
        ("gopher://127.0.0.1:6379/_", false),
        ("data:text/xml,<rss/>", false),
        ("http://user@example.org/", false),
        ("http://:word@example.org/", false),
        ("https://user:word@example.org/", false),
    ] {
        assert_eq!(url_refusal(&Url::parse(text).expect("a URL")).is_none(), open, "{text}");
    }
}

#[test]
fn a_block_is_read_with_or_without_prefix_and_a_mistake_is_named() {
    assert_eq!("10.0.0.0/8".parse(), Ok(Block { address: address("10.0.0.0"), prefix: 8 }));
    assert_eq!("127.0.0.1".parse(), Ok(Block { address: address("127.0.0.1"), prefix: 32 }));
    assert_eq!("::1".parse(), Ok(Block { address: address("::1"), prefix: 128 }));
    assert_eq!("0.0.0.0/0".parse(), Ok(Block { address: address("0.0.0.0"), prefix: 0 }));
    for (text, remedy) in [
        ("10.1.2.3/8", "`10.0.0.0/8` or `10.1.2.3/32`"),
        ("fd00::1/8", "`fd00::/8` or `fd00::1/128`"),
        ("10.0.0.0/33", "0 to 32"),
        ("10.0.0.0/", "0 to 32"),
        ("::/-1", "0 to 128"),
        ("localhost", "like `10.0.0.0/8`"),
        ("", "like `10.0.0.0/8`"),
    ] {
        let error = text.parse::<Block>().expect_err(text);
        assert!(error.contains(remedy), "{error}");
    }
}

fn v4_block() -> impl Strategy<Value = (Block, u32)> {
    (any::<u32>(), 0..=32u8).prop_map(|(bits, prefix)| {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        (Block { address: Ipv4Addr::from(bits & mask).into(), prefix }, mask)
    })
}

proptest! {
    #[test]
    fn an_ipv4_address_is_judged_alike_in_every_ipv6_dress(bits: u32, rest: u64, subnet: u16) {
        let plain = Ipv4Addr::from(bits);
        let [high, low] = [(bits >> 16) as u16, bits as u16];
        let mapped = plain.to_ipv6_mapped();
        let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low);
        let six_to_four = Ipv6Addr::from((0x2002_u128 << 112) | (u128::from(bits) << 80) | (u128::from(subnet) << 64) | u128::from(rest));
        for dress in [mapped, nat64, six_to_four] {
            prop_assert_eq!(refused(dress), refused(plain), "{} as {}", plain, dress);
        }
    }

    #[test]
    fn outside_2000_3_only_addresses_that_carry_ipv4_are_open(bits: u128) {
        let address = Ipv6Addr::from(bits);
        let carries = address.to_ipv4_mapped().is_some() || address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
        if bits >> 125 != 1 && !carries {
            prop_assert!(refused(address), "{}", address);
        }
    }

    #[test]
    fn a_block_holds_what_shares_its_prefix_and_nothing_else((block, mask) in v4_block(), other: u32) {
        let IpAddr::V4(first) = block.address else { unreachable!("made of IPv4") };
        let inside = Ipv4Addr::from(first.to_bits() | (other & !mask));
        prop_assert!(block.contains(inside.into()));
        prop_assert!(block.contains(inside.to_ipv6_mapped().into()));
        prop_assert_eq!(block.contains(Ipv4Addr::from(other).into()), other & mask == first.to_bits());
        prop_assert!(!block.contains("2001:db8::1".parse().expect("an address")));
        let text = format!("{}/{}", block.address, block.prefix);
        prop_assert_eq!(text.parse(), Ok(block.clone()));
        prop_assert_eq!(refusal(inside.into(), &[block]), None, "what is allowed is open");
    }
}

#[tokio::test]
async fn loopback_is_not_asked_in_any_spelling_unless_it_is_allowed() {
    let server = Server::start(|_| Reply::whole("200 OK", &[], "x"));
    let mut closed = network();
    closed.allow.clear();
    let web = web(&closed);
    let port = server.address().port();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1]",
        "[::127.0.0.1]",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "[::]",
        "127.0.0.1.",
        "\u{ff11}27.0.0.1",
    ] {
        let url = Url::parse(&format!("http://{host}:{port}/feed")).expect("a URL");
        let answer = carry(&web, &url).await;
        assert_eq!(answer.as_ref().err().map(|fault| fault.kind), Some(FaultKind::Forbidden), "{host}: {answer:?}");
    }
    assert_eq!(server.log().len(), 0);
}

#[tokio::test]
async fn a_name_may_lead_to_an_allowed_address() {
    let server = Server::start(|_| Reply::whole("200 OK", &[], "x"));
    let url = Url::parse(&format!("http://localhost:{}/feed", server.address().port())).expect("a URL");
    page(carry(&web(&network()), &url).await);
}

#[tokio::test]
async fn a_redirect_may_not_lead_behind_the_firewall() {
    let other = Server::start(|_| Reply::whole("200 OK", &[], "canary"));
    let port = other.address().port();
    let targets = [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://127.0.0.2:{port}/"),
        "http://10.0.0.1/".to_owned(),
        "http://[fd00:ec2::254]/latest/".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "https://127.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1:6379/_".to_owned(),
        "http://user:word@example.org/".to_owned(),
    ];
    let web = web(&network());
    for target in targets {
        let location = format!("location: {target}");
        let server = Server::start(move |_| Reply::head("302 Found", &[&location]));
        let answer = carry(&web, &server.url("/feed")).await;
        assert_eq!(answer.as_ref().err().map(|fault| fault.kind), Some(FaultKind::Forbidden), "{target}: {answer:?}");
    }
    assert_eq!(other.log().len(), 0);
}

#[tokio::test]
async fn what_one_source_line_opened_stays_closed_to_anothers_redirect() {
    // Both at once and after each other: an open connection of the one must not serve the other.
    let inside = Server::start_at([127, 0, 0, 2].into(), |_| Reply::whole("200 OK", &[], "x"));
    let target = inside.url("/feed");
    let location = format!("location: {target}");
    let outside = Server::start(move |_| Reply::head("302 Found", &[&location]));
    let web = web(&network());
    page(carry(&web, &target).await);
    fault(carry(&web, &outside.url("/feed")).await, FaultKind::Forbidden);
    assert_eq!(inside.log().len(), 1);
}

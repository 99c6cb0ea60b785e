//! Whose program is at the other end of a connection on this machine, as the kernel's tables of sockets tell (proc(5)).

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;

#[cfg(target_os = "linux")]
use {
    netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload},
    netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags},
    netlink_packet_sock_diag::{AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage},
    netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG},
};

/// The inode of a socket that its program has closed; its user is then told as 0, whoever it was.
const NOBODYS: u32 = 0;

/// Whether it is a program of the user who serves. Where the kernel has no such tables, any program on this machine counts.
pub(super) fn is_ours(peer: SocketAddr, here: SocketAddr) -> bool {
    if !peer.ip().to_canonical().is_loopback() {
        return false;
    }
    let Ok(me) = fs::metadata("/proc/self").map(|process| process.uid()) else { return true };
    // Asked for one socket the kernel answers at once; to print all takes it milliseconds. Some have only the print.
    asked(peer, here).or_else(|| printed(peer, here)) == Some(me)
}

/// The user of the socket that is bound to `from` and connected to `to`, as sock_diag(7) tells.
#[cfg(target_os = "linux")]
fn asked(from: SocketAddr, to: SocketAddr) -> Option<u32> {
    let [from, to] = [from, to].map(canonical);
    let request = InetRequest {
        family: if from.0.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::ESTABLISHED,
        socket_id: SocketId {
            source_address: from.0,
            source_port: from.1,
            destination_address: to.0,
            destination_port: to.1,
            interface_id: 0,
            // None is known.
            cookie: [0xff; 8],
        },
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut sent = vec![0; message.buffer_len()];
    message.serialize(&mut sent);
    let socket = Socket::new(NETLINK_SOCK_DIAG).ok()?;
    socket.send_to(&sent, &netlink_sys::SocketAddr::new(0, 0), 0).ok()?;
    let (received, _) = socket.recv_from_full().ok()?;
    let NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(answer)) =
        NetlinkMessage::<SockDiagMessage>::deserialize(&received).ok()?.payload
    else {
        return None;
    };
    let found = answer.header;
    // Where none is connected the kernel names one that listens.
    let is_it = (found.socket_id.destination_address.to_canonical(), found.socket_id.destination_port) == to;
    (is_it && found.inode != NOBODYS).then_some(found.uid)
}

#[cfg(not(target_os = "linux"))]
fn asked(_: SocketAddr, _: SocketAddr) -> Option<u32> {
    None
}

/// Likewise, as proc(5) tells.
fn printed(from: SocketAddr, to: SocketAddr) -> Option<u32> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    tables.iter().flatten().find_map(|table| owner(table, from, to))
}

/// In a table.
fn owner(table: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let is_it = place(words.next()?)? == canonical(from) && place(words.next()?)? == canonical(to);
        // Between them: the state, the queues, the timer and the retransmits; then the timeout.
        let (user, inode) = is_it.then(|| (words.nth(4), words.nth(1)))?;
        (inode?.parse() != Ok(NOBODYS)).then(|| user?.parse().ok()).flatten()
    })
}

/// `0100007F:1F90`: an address as words of 32 bits in the machine's order, and a port.
fn place(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(at)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some((address.to_canonical(), port))
}

fn canonical(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use tokio::net::TcpSocket;

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_table_names_the_user_of_the_other_end() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:20DA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n\
             1: 0100007F:C350 0100007F:20DA 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0\n\
             2: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:20DA 01 0:0 00:0 0 1001 0 3 1 0\n\
             3: 0100007F:C353 0100007F:20DA 06 00000000:00000000 03:000012C0 00000000     0        0 0 3 0\n";
        let here = "127.0.0.1:8410".parse().unwrap();
        let user = |from: &str| owner(table, from.parse().unwrap(), here);
        assert_eq!(user("127.0.0.1:50000"), Some(1000));
        assert_eq!(user("127.0.0.1:50001"), Some(1001));
        assert_eq!(user("127.0.0.1:50002"), None);
        assert_eq!(user("127.0.0.1:50003"), None, "closed: nobody's, and not root's");
    }

    #[tokio::test]
    async fn a_connection_of_our_own_is_ours_until_it_is_closed() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let here = listener.local_addr().unwrap();
            let socket = if here.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let client = socket.unwrap().connect(here).await.unwrap();
            let (_served, from) = listener.accept().unwrap();
            assert!(is_ours(from, here), "{from}");
            let both = [asked(from, here), printed(from, here)];
            assert!(both.iter().flatten().next().is_some() && both[0].is_none_or(|_| both[0] == both[1]), "{both:?}");
            drop(client);
            assert_eq!([asked(from, here), printed(from, here)], [None, None], "{from}");
            assert!(!is_ours(from, here), "{from}");
        }
        assert!(!is_ours("203.0.113.9:50000".parse().unwrap(), "127.0.0.1:8410".parse().unwrap()));
    }
}

//! Whose program is at the other end of a connection on this machine, as the kernel's tables of sockets tell (proc(5)).

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;

/// Whether it is a program of the user who serves. Where the kernel has no such tables, any program on this machine counts.
pub(super) fn is_ours(peer: SocketAddr, here: SocketAddr) -> bool {
    if !peer.ip().to_canonical().is_loopback() {
        return false;
    }
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let Ok(me) = fs::metadata("/proc/self").map(|process| process.uid()) else { return true };
    tables.iter().flatten().find_map(|table| owner(table, peer, here)) == Some(me)
}

/// The user of the socket that is bound to `from` and connected to `to`.
fn owner(table: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let is_it = place(words.next()?)? == canonical(from) && place(words.next()?)? == canonical(to);
        // Between them: the state, the queues, the timer and the retransmits.
        is_it.then(|| words.nth(4)?.parse().ok()).flatten()
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
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_table_names_the_user_of_the_other_end() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:20DA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n\
             1: 0100007F:C350 0100007F:20DA 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0\n\
             2: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:20DA 01 0:0 00:0 0 1001 0 3 1 0\n";
        let here = "127.0.0.1:8410".parse().unwrap();
        let user = |from: &str| owner(table, from.parse().unwrap(), here);
        assert_eq!(user("127.0.0.1:50000"), Some(1000));
        assert_eq!(user("127.0.0.1:50001"), Some(1001));
        assert_eq!(user("127.0.0.1:50002"), None);
    }

    #[test]
    fn a_connection_of_our_own_is_ours() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        client.block_on(async {
            let connected = tokio::net::TcpSocket::new_v4().unwrap().connect(here).await.unwrap();
            assert!(is_ours(connected.local_addr().unwrap(), here));
        });
        assert!(!is_ours("203.0.113.9:50000".parse().unwrap(), here));
    }
}

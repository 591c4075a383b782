//! Whether hubs answer: a connection is opened and closed again, and nothing is said on it.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// Whether anybody answers at one of these multiaddresses. An address that no plain connection can be opened to, as one of
/// QUIC, counts as answered: nothing can be said of it.
pub(super) fn answers(addresses: &[String]) -> bool {
    addresses.iter().any(|address| {
        let Some((host, port)) = tcp(address) else { return true };
        let found = (host, port).to_socket_addrs().into_iter().flatten();
        found.take(TRIED).any(|at| TcpStream::connect_timeout(&at, PATIENCE).is_ok())
    })
}

/// Where a multiaddress of this machine listens, if it is one of an IP address and TCP.
pub(super) fn socket_of(address: &str) -> Option<SocketAddr> {
    let (host, port) = tcp(address)?;
    Some(SocketAddr::new(host.parse::<IpAddr>().ok()?, port))
}

/// Host and port of `/ip4|ip6|dns|dns4|dns6/HOST/tcp/PORT`, whatever follows.
fn tcp(address: &str) -> Option<(&str, u16)> {
    let mut parts = address.strip_prefix('/')?.split('/');
    let (kind, host, transport, port) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = matches!(kind, "ip4" | "ip6" | "dns" | "dns4" | "dns6") && transport == "tcp";
    if known { Some((host, port.parse().ok()?)) } else { None }
}

/// How long one address may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many addresses of one name are tried.
const TRIED: usize = 3;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::{answers, socket_of, tcp};

    #[test]
    fn a_multiaddress_of_tcp_has_a_host_and_a_port_and_others_have_none() {
        let cases = [
            ("/ip4/192.0.2.7/tcp/4800", Some(("192.0.2.7", 4_800))),
            ("/dns4/hub.example.org/tcp/443/p2p/12D3", Some(("hub.example.org", 443))),
            ("/ip6/::1/tcp/0", Some(("::1", 0))),
            ("/ip4/192.0.2.7/udp/4800/quic-v1", None),
            ("/ip4/192.0.2.7/tcp/65536", None),
            ("/ip4/192.0.2.7/tcp", None),
            ("192.0.2.7:4800", None),
            ("", None),
        ];
        for (address, want) in cases {
            assert_eq!(tcp(address), want, "{address}");
        }
        assert_eq!(socket_of("/dns4/hub.example.org/tcp/443"), None, "a name is no address of this machine");
    }

    #[test]
    fn a_hub_answers_while_somebody_listens_and_one_answer_of_several_is_enough() {
        let listening = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = format!("/ip4/127.0.0.1/tcp/{}", listening.local_addr().unwrap().port());
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = format!("/ip4/127.0.0.1/tcp/{}", gone.local_addr().unwrap().port());
        drop(gone);
        assert!(answers(std::slice::from_ref(&here)));
        assert!(!answers(std::slice::from_ref(&silent)));
        assert!(answers(&[silent, here]));
    }
}

//! Who called: the peer of the connection, or whom a trusted proxy names.

use std::net::IpAddr;

use axum::{extract::Request, http::HeaderMap};
use ipnet::IpNet;

use super::serve::Peer;

/// The address of who sent a request. A proxy appends the address of its peer to `X-Forwarded-For`: read from its end, the first that is no
/// trusted proxy's is the caller's, and what stands before it the caller may have made up.
pub(super) fn address(trusted: &[IpNet], request: &Request) -> IpAddr {
    let peer = peer(request);
    if !is_trusted(trusted, peer) {
        return peer;
    }
    let mut caller = peer;
    for named in forwarded_for(request.headers()) {
        let Some(address) = named else { break };
        caller = address;
        if !is_trusted(trusted, address) {
            break;
        }
    }
    caller
}

/// Whether a trusted proxy says that the caller came by HTTPS.
pub(super) fn came_by_https(trusted: &[IpNet], request: &Request) -> bool {
    let named = request.headers().get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    is_trusted(trusted, peer(request))
        && named.and_then(|list| list.rsplit(',').next()).is_some_and(|it| it.trim().eq_ignore_ascii_case("https"))
}

fn peer(request: &Request) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    request.extensions().get::<Peer>().map_or(unknown, |peer| peer.0.ip().to_canonical())
}

fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The addresses of `X-Forwarded-For`, the last first; none where something else stands.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lists: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    lists.into_iter().rev().flat_map(|list| list.to_str().unwrap_or("unreadable").rsplit(',')).map(|named| read(named.trim()))
}

/// An address, which some proxies give with a port.
fn read(named: &str) -> Option<IpAddr> {
    let address = named.parse::<IpAddr>().ok().or_else(|| named.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()));
    address.or_else(|| named.strip_prefix('[')?.strip_suffix(']')?.parse().ok()).map(|address| address.to_canonical())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn caller(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Peer((peer.parse::<IpAddr>().unwrap(), 1).into()));
        for list in forwarded {
            request.headers_mut().append("x-forwarded-for", list.parse().unwrap());
        }
        address(&trusted, &request).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_appended_is_believed() {
        assert_eq!(caller("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(caller("10.1.1.1", &[]), "10.1.1.1");
        assert_eq!(caller("10.1.1.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller("10.1.1.1", &["made-up, 203.0.113.5, 198.51.100.1, 10.2.2.2"]), "198.51.100.1");
        assert_eq!(caller("::1", &["203.0.113.5", "198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(caller("::ffff:10.1.1.1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(caller("10.1.1.1", &["198.51.100.1, what"]), "10.1.1.1");
    }
}

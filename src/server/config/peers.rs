//! What the server expects of the programs that speak to it: how slow they may be, and which of them speak for others.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use super::setting_error::SettingError;

/// Reads a list of networks, or single addresses, separated by commas.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, SettingError> {
    let each = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    each.map(|one| {
        let network = one.parse::<IpNet>().ok().or_else(|| one.parse::<IpAddr>().ok().map(IpNet::from));
        let sentence =
            || format!("REELGRAPH_TRUSTED_PROXIES: {one:?} is no network; give addresses or networks, like 127.0.0.1,10.0.0.0/8");
        network.ok_or_else(|| SettingError(sentence()))
    })
    .collect()
}

/// How slow a caller may be before it is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// Between two requests, or before the first: without a byte.
    pub idle: Duration,
    /// How long a request's body may be waited for until it has brought [`body_bytes`](Self::body_bytes); then it begins anew.
    pub body: Duration,
    /// What it has to bring in that time, in bytes.
    pub body_bytes: u64,
    /// How long a caller may take none of an answer. A browser that pauses a clip does; it asks again for the rest when it plays on.
    pub answer: Duration,
}

impl Default for Patience {
    /// A body of less than 1 KiB/s for a minute is cut.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(60),
            body_bytes: 60 * 1024,
            answer: Duration::from_secs(60),
        }
    }
}

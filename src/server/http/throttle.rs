//! Wrong tokens, slowed down: per address, and in all.
//!
//! Of each address that showed a wrong token there is one time: that at which its mistakes are forgotten. Each mistake moves it on by a step,
//! and an address whose time is too far away is not heard, whatever it shows. Many addresses together have a time of their own; once that is
//! too far, those that were wrong before are not heard. Who made no mistake always is.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The mistakes that are heard one after the other, and how long until one of them is forgotten.
#[derive(Debug, Clone, Copy)]
struct Limit {
    burst: u32,
    step: Duration,
}

impl Limit {
    /// How long until the next try is heard, of those whose mistakes are forgotten at `forgotten`.
    fn wait(self, forgotten: Instant, now: Instant) -> Option<Duration> {
        let wait = forgotten.saturating_duration_since(now).saturating_sub(self.step * (self.burst - 1));
        (!wait.is_zero()).then_some(wait)
    }
}

/// Of one address: ten, then one each six seconds.
const ONE: Limit = Limit { burst: 10, step: Duration::from_secs(6) };
/// Of all together.
const ALL: Limit = Limit { burst: 100, step: Duration::from_millis(600) };
/// Addresses that are remembered at most.
const REMEMBERED: usize = 10_000;

/// Who was wrong lately.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<Mistakes>);

#[derive(Debug, Default)]
struct Mistakes {
    by_address: HashMap<IpAddr, Instant>,
    all: Option<Instant>,
}

impl Throttle {
    /// Asks whether what `address` shows `is_right`, unless it was wrong too often: then after how long it may try again.
    pub(super) fn attempt(&self, address: IpAddr, is_right: impl FnOnce() -> bool) -> Result<bool, Duration> {
        self.attempt_at(address, is_right, Instant::now())
    }

    fn attempt_at(&self, address: IpAddr, is_right: impl FnOnce() -> bool, now: Instant) -> Result<bool, Duration> {
        let address = network(address);
        // Whoever panicked while holding it left whole times.
        let mut mistakes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(forgotten) = mistakes.by_address.get(&address).copied().filter(|at| *at > now) {
            let all = mistakes.all.and_then(|all| ALL.wait(all, now));
            if let Some(wait) = ONE.wait(forgotten, now).max(all) {
                return Err(wait);
            }
        }
        let is_right = is_right();
        if !is_right {
            mistakes.remember(address, now);
        }
        Ok(is_right)
    }
}

impl Mistakes {
    fn remember(&mut self, address: IpAddr, now: Instant) {
        self.all = Some(self.all.unwrap_or(now).max(now) + ALL.step);
        if self.by_address.len() >= REMEMBERED {
            self.by_address.retain(|_, forgotten| *forgotten > now);
        }
        if self.by_address.len() >= REMEMBERED
            && let Some(soonest) = self.by_address.iter().min_by_key(|(_, forgotten)| **forgotten).map(|(address, _)| *address)
        {
            self.by_address.remove(&soonest);
        }
        let forgotten = self.by_address.entry(address).or_insert(now);
        *forgotten = (*forgotten).max(now) + ONE.step;
    }
}

/// What one caller has for itself: an address of version 4, or the 64 bits of version 6 that a line is given whole.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ten_wrong_ones_are_heard_then_one_each_six_seconds() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let wrong = |seconds: u64| throttle.attempt_at(address("192.0.2.1"), || false, now + Duration::from_secs(seconds));
        for _ in 0..10 {
            assert_eq!(wrong(0), Ok(false));
        }
        assert_eq!(wrong(0), Err(Duration::from_secs(6)));
        assert_eq!(wrong(5), Err(Duration::from_secs(1)));
        assert_eq!((wrong(6), wrong(6)), (Ok(false), Err(Duration::from_secs(6))));
        // The right one is not heard either: it would be the way to find it.
        assert!(throttle.attempt_at(address("192.0.2.1"), || true, now + Duration::from_secs(7)).is_err());
        assert_eq!(throttle.attempt_at(address("::ffff:192.0.2.1"), || true, now + Duration::from_secs(7)).ok(), None);
        assert_eq!(throttle.attempt_at(address("192.0.2.2"), || true, now), Ok(true));
        assert_eq!(wrong(200), Ok(false), "all is forgotten");
    }

    #[test]
    fn many_addresses_are_slowed_down_together_and_who_was_never_wrong_is_heard() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for host in 0..=ALL.burst {
            assert_eq!(throttle.attempt_at(IpAddr::V4((0xC000_0200 + host).into()), || false, now), Ok(false));
        }
        assert!(throttle.attempt_at(IpAddr::V4(0xC000_0200.into()), || true, now).is_err());
        assert_eq!(throttle.attempt_at(address("198.51.100.7"), || true, now), Ok(true));
        assert_eq!(throttle.attempt_at(address("198.51.100.7"), || true, now), Ok(true));
    }

    #[test]
    fn a_line_of_version_6_is_one_and_memory_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for host in 0..10_u128 {
            let one = IpAddr::V6((0x2001_0db8_u128 << 96 | host).into());
            assert_eq!(throttle.attempt_at(one, || false, now), Ok(false));
        }
        assert!(throttle.attempt_at(address("2001:db8::ffff"), || false, now).is_err());
        for host in 0..20_000_u32 {
            let _ = throttle.attempt_at(IpAddr::V4(host.into()), || false, now);
        }
        assert!(throttle.0.lock().unwrap().by_address.len() <= REMEMBERED);
        assert!(throttle.attempt_at(address("2001:db8::ffff"), || false, now).is_err(), "who was wrong most is remembered longest");
    }
}

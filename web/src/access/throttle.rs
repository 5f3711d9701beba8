//! How often somebody may guess: after a few wrong tries each further one must wait longer, per address and per name.
//! Both tables are bounded and forget; a name's wait stays short, so that nobody can lock another person out.

use crate::network::Network;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Tries that cost nothing but the try.
const FREE: u32 = 5;
/// Wrong tries are forgotten this long after the last.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// Longest wait of an address.
const ADDRESS_WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Longest wait for a name, whoever tries.
const NAME_WAIT_MAX: Duration = Duration::from_secs(30);
/// One-time codes tried within [`CODES_SPAN`], by whoever it is.
const CODES_MAX: usize = 5;
const CODES_SPAN: Duration = Duration::from_secs(60);
/// Rows of each table; the one that tried longest ago goes first.
const ROWS_MAX: usize = 1_024;

/// Who has been guessing.
#[derive(Clone, Debug, Default)]
pub(super) struct Throttle {
    addresses: BTreeMap<Network, Tries>,
    /// By hash of the name, so that rows have one size.
    names: BTreeMap<[u8; 32], Tries>,
    /// When codes were tried last.
    codes: VecDeque<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Instant,
}

impl Tries {
    fn wait(&self, now: Instant, longest: Duration) -> Duration {
        let over = self.count.saturating_sub(FREE);
        if over == 0 {
            return Duration::ZERO;
        }
        let wait = Duration::from_secs(1 << over.min(20)).min(longest);
        (self.last + wait).saturating_duration_since(now)
    }
}

impl Throttle {
    /// Counts a try before it is made; the wait when it is too early. A try that is too early is not counted.
    pub(super) fn try_now(&mut self, now: Instant, address: IpAddr, name: &str) -> Result<(), Duration> {
        let (network, name) = (Network::from(address), key(name));
        let by_address = self.addresses.get(&network).map(|tries| tries.wait(now, ADDRESS_WAIT_MAX));
        let by_name = self.names.get(&name).map(|tries| tries.wait(now, NAME_WAIT_MAX));
        let wait = by_address.max(by_name).unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        count(&mut self.addresses, network, now);
        count(&mut self.names, name, now);
        Ok(())
    }

    /// The same for a one-time code, which belongs to no name: few in a minute, from all addresses together.
    pub(super) fn try_code(&mut self, now: Instant, address: IpAddr) -> Result<(), Duration> {
        let network = Network::from(address);
        let by_address = self.addresses.get(&network).map(|tries| tries.wait(now, ADDRESS_WAIT_MAX));
        self.codes.retain(|tried| now.duration_since(*tried) < CODES_SPAN);
        let is_full = self.codes.len() >= CODES_MAX;
        let by_code = self.codes.front().filter(|_| is_full).map(|first| *first + CODES_SPAN - now);
        let wait = by_address.max(by_code).unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        count(&mut self.addresses, network, now);
        self.codes.push_back(now);
        Ok(())
    }

    /// The code was right: it did not count.
    pub(super) fn code_was_right(&mut self, address: IpAddr) {
        self.addresses.remove(&Network::from(address));
        self.codes.pop_back();
    }

    /// The try was right: it did not count.
    pub(super) fn was_right(&mut self, address: IpAddr, name: &str) {
        self.addresses.remove(&Network::from(address));
        self.names.remove(&key(name));
    }
}

fn key(name: &str) -> [u8; 32] {
    *blake3::hash(name.trim().to_lowercase().as_bytes()).as_bytes()
}

fn count<K: Ord + Copy>(table: &mut BTreeMap<K, Tries>, key: K, now: Instant) {
    table.retain(|_, tries| now.duration_since(tries.last) < MEMORY);
    if table.len() >= ROWS_MAX
        && !table.contains_key(&key)
        && let Some(oldest) = table.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| *key)
    {
        table.remove(&oldest);
    }
    let tries = table.entry(key).or_insert(Tries { count: 0, last: now });
    *tries = Tries { count: tries.count.saturating_add(1), last: now };
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 7));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 8));

    #[test]
    fn guessing_gets_slower_and_waiting_helps() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..=FREE {
            assert_eq!(throttle.try_now(start, HERE, "amina"), Ok(()));
        }
        assert_eq!(throttle.try_now(start, HERE, "amina"), Err(Duration::from_secs(2)));
        assert!(throttle.try_now(start, HERE, "somebody else").is_err(), "the address waits for all names");
        assert!(throttle.try_now(start, THERE, " AMINA ").is_err(), "the name waits for all addresses");
        assert_eq!(throttle.try_now(start, THERE, "somebody else"), Ok(()));
        let later = start + Duration::from_secs(2);
        assert_eq!(throttle.try_now(later, HERE, "amina"), Ok(()));
        assert_eq!(throttle.try_now(later, HERE, "amina"), Err(Duration::from_secs(4)));
    }

    #[test]
    fn a_name_never_waits_long_and_an_address_may() {
        let (mut throttle, mut now) = (Throttle::default(), Instant::now());
        for turn in 0..100u8 {
            let address = IpAddr::from([10, 0, 0, turn]);
            now += throttle.try_now(now, address, "amina").err().unwrap_or_default();
            assert!(throttle.try_now(now, address, "amina").is_ok());
        }
        let wait = throttle.try_now(now, THERE, "amina").expect_err("too early");
        assert!(wait <= NAME_WAIT_MAX, "{wait:?}");
        for turn in 0..40 {
            now += throttle.try_now(now, HERE, &format!("name {turn}")).err().unwrap_or_default();
        }
        let wait = throttle.try_now(now, HERE, "another").err().unwrap_or_default();
        assert!(NAME_WAIT_MAX < wait && wait <= ADDRESS_WAIT_MAX, "{wait:?}");
    }

    #[test]
    fn being_right_clears_the_slate_and_time_too() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        while throttle.try_now(start, HERE, "amina").is_ok() {}
        throttle.was_right(HERE, "amina");
        assert_eq!(throttle.try_now(start, HERE, "amina"), Ok(()));
        while throttle.try_now(start, HERE, "amina").is_ok() {}
        let later = start + MEMORY;
        (0..=FREE).for_each(|_| assert_eq!(throttle.try_now(later, HERE, "amina"), Ok(())));
    }

    #[test]
    fn the_tables_are_bounded() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for turn in 0..2 * ROWS_MAX {
            let [high, low] = u16::try_from(turn).expect("few").to_be_bytes();
            assert_eq!(throttle.try_now(now, IpAddr::from([10, 0, high, low]), &turn.to_string()), Ok(()));
        }
        assert_eq!((throttle.addresses.len(), throttle.names.len()), (ROWS_MAX, ROWS_MAX));
    }

    #[test]
    fn five_codes_in_a_minute_whoever_tries() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for turn in 0..5u8 {
            assert_eq!(throttle.try_code(start, IpAddr::from([10, 0, 0, turn])), Ok(()));
        }
        let soon = start + Duration::from_secs(20);
        assert_eq!(throttle.try_code(soon, HERE), Err(Duration::from_secs(40)));
        assert_eq!(throttle.try_now(soon, HERE, "amina"), Ok(()), "who has a name is not held up");
        let later = start + CODES_SPAN;
        for _ in 0..20 {
            assert_eq!(throttle.try_code(later, HERE), Ok(()));
            throttle.code_was_right(HERE);
        }
        while throttle.try_code(later, HERE).is_ok() {}
        assert_eq!(throttle.codes.len(), CODES_MAX);
        let (mut tries, mut now) = (0, later + CODES_SPAN);
        while now < later + CODES_SPAN + Duration::from_secs(600) {
            tries += u32::from(throttle.try_code(now, HERE).is_ok());
            now += Duration::from_secs(1);
        }
        assert!(tries <= 10, "{tries}: an address that goes on waits ever longer");
    }
}

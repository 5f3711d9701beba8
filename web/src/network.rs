//! Who counts as one when something is shared out: an address, or for IPv6 the /64 which a household has.

use std::net::IpAddr;

/// An address, or a household's worth of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network(u64);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(address.to_bits())),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self([a, b, c, d].iter().fold(0, |all, part| all << 16 | u64::from(*part)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn households_of_ipv6_count_as_one() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().expect("an address"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.168.1.7"), network("192.168.1.7"));
        assert_ne!(network("192.168.1.7"), network("192.168.1.8"));
    }
}

//! How much room the disk of a folder has.

use std::path::Path;

use super::StoreError;

const MIB: u64 = 1024 * 1024;
/// Free space below which readings and photos are refused, so that ledger, votes and index never meet a full disk.
pub const FREE_BYTES_STOP: u64 = 100 * MIB;
/// Free space below which somebody should look, bytes.
pub const FREE_BYTES_LOW: u64 = 500 * MIB;
/// Free space below which somebody should look, percent of the disk.
pub const FREE_PERCENT_LOW: u64 = 10;

/// Room on a disk, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What an ordinary user may still write.
    pub free: u64,
    /// Size of the file system.
    pub total: u64,
}

impl Space {
    /// Too little to go on storing.
    pub const fn is_full(self) -> bool {
        self.free < FREE_BYTES_STOP
    }

    /// Little enough to do something about it.
    pub const fn is_low(self) -> bool {
        self.free < FREE_BYTES_LOW || self.free / FREE_PERCENT_LOW < self.total / 100
    }
}

/// The disk that a folder is on.
pub fn space(dir: &Path) -> Result<Space, StoreError> {
    let stat = rustix::fs::statvfs(dir).map_err(|error| StoreError::at("look at", dir)(error.into()))?;
    let of = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    Ok(Space { free: of(stat.f_bavail), total: of(stat.f_blocks) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_or_half_a_gigabyte_is_low_and_a_tenth_of_one_is_full() {
        let of = |free: u64, total: u64| Space { free: free * MIB, total: total * MIB };
        let judged = |space: Space| (space.is_low(), space.is_full());
        assert_eq!(judged(of(20_000, 30_000)), (false, false));
        assert_eq!(judged(of(2_900, 30_000)), (true, false));
        assert_eq!(judged(of(3_100, 30_000)), (false, false));
        assert_eq!(judged(of(499, 1_000)), (true, false));
        assert_eq!(judged(of(99, 1_000)), (true, true));
        assert!(space(Path::new("/")).unwrap().total > 0);
    }
}

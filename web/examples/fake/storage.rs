//! A store of readings with some days in it.

use web::Time;
use web::view::{LostView, Picture, StoreDay, StoreDayState, StoreView};

/// Ten days of readings, one of them with damage.
pub(super) fn view(picture: &Picture) -> StoreView {
    let series = picture.assets.iter().map(|asset| asset.last.len() as u64).sum::<u64>().max(1);
    let today = picture.node.time.ms().div_euclid(86_400_000);
    let days: Vec<StoreDay> = (0..10)
        .map(|n| {
            let points = series * 8_640;
            StoreDay {
                id: Time::from_ms((today - 9 + n) * 86_400_000).to_string().chars().take(10).collect(),
                state: if n == 9 { StoreDayState::Open } else { StoreDayState::Sealed },
                bytes: points * 55 / 100,
                rows: points / 8,
                points,
                lost_chunks: u64::from(n == 4),
            }
        })
        .collect();
    let (bytes, points) = days.iter().fold((0, 0), |sum, day| (sum.0 + day.bytes, sum.1 + day.points));
    StoreView {
        rows: points / 8,
        points,
        duplicates: 12,
        lost: LostView { gaps: 1, records: 0, bytes: 2_900, chunks: 1 },
        bytes: bytes + 4_000_000,
        bytes_per_point: Some(0.55),
        wal_bytes: 4_000_000,
        written_today_bytes: 31_000_000,
        written_per_day_bytes: Some(44_000_000),
        disk_free_bytes: 21_000_000_000,
        disk_total_bytes: 31_000_000_000,
        days,
        ..StoreView::default()
    }
}

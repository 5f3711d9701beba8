//! The store of readings as the page shows it.

use web::view::{LostView, StoreDay, StoreDayState, StoreView};

use crate::core::telemetry::Losses;
use crate::shell::archivist::Figures;
use crate::shell::event::Taken;
use crate::shell::store::archive::DayFigures;
use crate::shell::store::disk::Space;
use crate::shell::store::telemetry_log::Waiting;

/// Puts together what the threads know.
pub(crate) fn view(figures: &Figures, waiting: Waiting, taken: Taken, space: Space) -> StoreView {
    let of = |sum: fn(&DayFigures) -> u64| figures.days.iter().map(sum).sum::<u64>();
    let (bytes, points) = (of(|day| day.bytes), of(|day| day.points));
    let Losses { gaps, records, bytes: lost_bytes, chunks } = figures.lost;
    #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
    let per_point = (points > 0).then(|| of_readings(&figures.days) as f64 / points as f64);
    StoreView {
        rows: of(|day| day.rows) + waiting.rows,
        points: points + waiting.points,
        duplicates: taken.counts.duplicates,
        conflicts: taken.counts.conflicts,
        late: taken.counts.late_rows,
        refused: taken.counts.refused,
        quarantined: taken.quarantined,
        lost: LostView { gaps, records, bytes: lost_bytes, chunks },
        bytes: bytes + waiting.bytes,
        bytes_per_point: per_point,
        wal_bytes: waiting.bytes,
        written_today_bytes: figures.written_today_bytes,
        written_per_day_bytes: figures.written_per_day_bytes,
        disk_free_bytes: space.free,
        disk_total_bytes: space.total,
        days: figures.days.iter().map(day).collect(),
    }
}

/// Bytes of the days whose readings are still there, their sums included.
fn of_readings(days: &[DayFigures]) -> u64 {
    days.iter().filter(|day| day.points > 0).map(|day| day.bytes).sum()
}

fn day(figures: &DayFigures) -> StoreDay {
    let state = match (figures.open, figures.seg) {
        (true, _) => StoreDayState::Open,
        (false, true) => StoreDayState::Sealed,
        (false, false) => StoreDayState::Rollups,
    };
    StoreDay {
        id: figures.day.name(),
        state,
        bytes: figures.bytes,
        rows: figures.rows,
        points: figures.points,
        lost_chunks: figures.lost.chunks,
    }
}

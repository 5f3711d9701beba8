//! What became of a machine after its alert: words and bands from which each node works survival statistics out.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::card::When;
use crate::bands::bands;
use crate::error::Invalid;

bands! {
    /// The part of an installation that was seen.
    Part {
        /// A pump of water or brine.
        Pump = "pump",
        /// A fan.
        Fan = "fan",
        /// The compressor of a chiller or heat pump.
        Compressor = "compressor",
        /// A burner.
        Burner = "burner",
        /// What moves a lift.
        LiftDrive = "lift_drive",
        /// What moves a lift's doors.
        LiftDoor = "lift_door",
        /// Another motor.
        Motor = "motor",
    }
}

bands! {
    /// What is measured of it.
    Quantity {
        /// Vibration velocity.
        Vibration = "vibration",
        /// Temperature of motor, bearing or winding.
        Temperature = "temperature",
    }
}

bands! {
    /// What was measured at the alert. Vibration is velocity, root mean square, in mm/s between the preferred steps of
    /// ISO 10816-1; temperature is in degrees Celsius. A bound belongs to the band above it.
    Sign {
        /// Less than 4.5 mm/s.
        VibrationUnder4_5 = "vibration_under_4_5",
        /// 4.5 to 7.1 mm/s.
        VibrationFrom4_5 = "vibration_4_5_7_1",
        /// 7.1 to 11.2 mm/s.
        VibrationFrom7_1 = "vibration_7_1_11_2",
        /// 11.2 to 18 mm/s.
        VibrationFrom11_2 = "vibration_11_2_18",
        /// 18 mm/s and more.
        VibrationFrom18 = "vibration_from_18",
        /// Less than 60 °C.
        TemperatureUnder60 = "temperature_under_60",
        /// 60 to 80 °C.
        TemperatureFrom60 = "temperature_60_80",
        /// 80 to 100 °C.
        TemperatureFrom80 = "temperature_80_100",
        /// 100 to 120 °C.
        TemperatureFrom100 = "temperature_100_120",
        /// 120 °C and more.
        TemperatureFrom120 = "temperature_from_120",
    }
}

bands! {
    /// How old it was, years. A bound belongs to the band above it.
    Age {
        /// Nobody knows.
        Unknown = "unknown",
        /// Less than 5.
        Under5 = "under_5",
        /// 5 to 10.
        From5 = "5_10",
        /// 10 to 15.
        From10 = "10_15",
        /// 15 to 20.
        From15 = "15_20",
        /// 20 and more.
        From20 = "from_20",
    }
}

bands! {
    /// How long it had run, hours. A bound belongs to the band above it.
    Hours {
        /// Nobody knows.
        Unknown = "unknown",
        /// Less than 2,000.
        Under2000 = "under_2000",
        /// 2,000 to 10,000.
        From2000 = "2000_10000",
        /// 10,000 to 30,000.
        From10000 = "10000_30000",
        /// 30,000 and more.
        From30000 = "from_30000",
    }
}

bands! {
    /// How long after its alert something became of it, days. A bound belongs to the band above it.
    After {
        /// Less than a week.
        Under7 = "under_7",
        /// A week to a month.
        From7 = "7_30",
        /// One to two months.
        From30 = "30_60",
        /// Two to four months.
        From60 = "60_120",
        /// Four to six months.
        From120 = "120_180",
        /// Six months to a year.
        From180 = "180_365",
        /// A year and more.
        From365 = "from_365",
    }
}

bands! {
    /// What became of it.
    Fate {
        /// It failed.
        Failed = "failed",
        /// It was replaced or overhauled before it failed: what would have become of it is not known.
        Replaced = "replaced",
        /// It still ran when it was last looked at.
        Runs = "runs",
    }
}

/// What became of a machine after its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Survival {
    /// The year of the alert, or nothing; never the month.
    pub when: When,
    /// The part.
    pub part: Part,
    /// How old it was at the alert.
    pub age: Age,
    /// How long it had run by then.
    pub hours: Hours,
    /// What was measured.
    pub sign: Sign,
    /// How long after the alert.
    pub after: After,
    /// What became of it.
    pub fate: Fate,
}

impl Survival {
    /// Checks that it names no month, and that something that did not fail was seen for a week at the least: less says
    /// nothing.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if matches!(self.when, When::Month(_)) {
            return Err(Invalid::Range { field: "month of what became of a machine", max: 0, found: 1 });
        }
        if self.fate != Fate::Failed && self.after == After::Under7 {
            return Err(Invalid::Range {
                field: "machine that was seen for less than a week",
                max: 0,
                found: 1,
            });
        }
        Ok(())
    }
}

impl Sign {
    /// The band of a vibration in µm/s.
    pub const fn of_vibration(micrometre_per_s: u64) -> Self {
        match micrometre_per_s {
            0..4_500 => Self::VibrationUnder4_5,
            4_500..7_100 => Self::VibrationFrom4_5,
            7_100..11_200 => Self::VibrationFrom7_1,
            11_200..18_000 => Self::VibrationFrom11_2,
            18_000.. => Self::VibrationFrom18,
        }
    }

    /// The band of a temperature in whole degrees Celsius, rounded down.
    pub const fn of_temperature(celsius: i64) -> Self {
        match celsius {
            ..60 => Self::TemperatureUnder60,
            60..80 => Self::TemperatureFrom60,
            80..100 => Self::TemperatureFrom80,
            100..120 => Self::TemperatureFrom100,
            120.. => Self::TemperatureFrom120,
        }
    }

    /// What is measured.
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::VibrationUnder4_5
            | Self::VibrationFrom4_5
            | Self::VibrationFrom7_1
            | Self::VibrationFrom11_2
            | Self::VibrationFrom18 => Quantity::Vibration,
            Self::TemperatureUnder60
            | Self::TemperatureFrom60
            | Self::TemperatureFrom80
            | Self::TemperatureFrom100
            | Self::TemperatureFrom120 => Quantity::Temperature,
        }
    }
}

impl Hours {
    /// The band of a number of running hours.
    pub const fn of(hours: u64) -> Self {
        match hours {
            0..2_000 => Self::Under2000,
            2_000..10_000 => Self::From2000,
            10_000..30_000 => Self::From10000,
            30_000.. => Self::From30000,
        }
    }
}

impl After {
    /// The band of a number of days.
    pub const fn of(days: u64) -> Self {
        match days {
            0..7 => Self::Under7,
            7..30 => Self::From7,
            30..60 => Self::From30,
            60..120 => Self::From60,
            120..180 => Self::From120,
            180..365 => Self::From180,
            365.. => Self::From365,
        }
    }

    /// Where it begins, days.
    pub const fn start_days(self) -> u16 {
        match self {
            Self::Under7 => 0,
            Self::From7 => 7,
            Self::From30 => 30,
            Self::From60 => 60,
            Self::From120 => 120,
            Self::From180 => 180,
            Self::From365 => 365,
        }
    }

    /// Where it ends, days; the last one does not.
    pub fn end_days(self) -> Option<u16> {
        Self::ALL.get(self as usize + 1).map(|next| next.start_days())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measure_has_its_band() {
        assert_eq!(
            [0, 4_499, 4_500, 7_100, 11_199, 18_000].map(Sign::of_vibration).map(Sign::name),
            [
                "vibration_under_4_5",
                "vibration_under_4_5",
                "vibration_4_5_7_1",
                "vibration_7_1_11_2",
                "vibration_7_1_11_2",
                "vibration_from_18"
            ]
        );
        assert_eq!(
            [-20, 59, 85, 120].map(Sign::of_temperature).map(Sign::name),
            ["temperature_under_60", "temperature_under_60", "temperature_80_100", "temperature_from_120"]
        );
        assert_eq!(
            [1_999, 2_000, 29_999, u64::MAX].map(Hours::of).map(Hours::name),
            ["under_2000", "2000_10000", "10000_30000", "from_30000"]
        );
    }

    #[test]
    fn days_without_gap_or_overlap() {
        for after in After::ALL {
            assert_eq!(After::of(u64::from(after.start_days())), *after);
            if let Some(end) = after.end_days() {
                assert_eq!(After::of(u64::from(end) - 1), *after);
            }
        }
        assert_eq!((After::From365.end_days(), After::of(u64::MAX)), (None, After::From365));
    }
}

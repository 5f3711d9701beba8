//! The words and bands of a card. A new word is a new version of the card.

use crate::bands::bands;

bands! {
    /// What was concerned.
    System {
        /// Cold water pipes.
        WaterRiser = "water_riser",
        /// Hot water.
        HotWater = "hot_water",
        /// Waste water.
        Drain = "drain",
        /// Boiler, heat pump and radiators.
        Heating = "heating",
        /// Ventilation.
        Ventilation = "ventilation",
        /// Air conditioning and chilled water.
        Cooling = "cooling",
        /// Lift.
        Elevator = "elevator",
        /// Electric installation.
        Electricity = "electricity",
        /// Solar panels and their inverter.
        Solar = "solar",
        /// A meter itself.
        Meter = "meter",
        /// Roof and façade.
        Envelope = "envelope",
    }
}

bands! {
    /// What was noticed.
    Symptom {
        /// Water or gas is lost.
        Leak = "leak",
        /// It is too hot.
        Overheating = "overheating",
        /// It is too cold.
        TooCold = "too_cold",
        /// It shakes.
        Vibration = "vibration",
        /// It is loud.
        Noise = "noise",
        /// Pressure or flow is low.
        LowPressure = "low_pressure",
        /// It uses more than before.
        HighUse = "high_use",
        /// It gives less than before.
        LowOutput = "low_output",
        /// It does not run.
        Stopped = "stopped",
        /// It is blocked.
        Blocked = "blocked",
        /// It is worn or due for service.
        Wear = "wear",
        /// Its figures are wrong or missing.
        WrongFigures = "wrong_figures",
    }
}

bands! {
    /// Why it was so.
    Cause {
        /// Nobody knows.
        Unknown = "unknown",
        /// A part is worn.
        WornPart = "worn_part",
        /// A joint or seal is worn.
        WornSeal = "worn_seal",
        /// Corrosion.
        Corrosion = "corrosion",
        /// Limescale.
        Limescale = "limescale",
        /// Dirt.
        Dirt = "dirt",
        /// A wrong setting.
        Setting = "setting",
        /// Frost.
        Frost = "frost",
        /// Damage by somebody or something.
        Damage = "damage",
        /// A fault of electricity or electronics.
        Electrical = "electrical",
        /// A mistake when it was installed.
        Installation = "installation",
    }
}

bands! {
    /// What was done.
    Remedy {
        /// A part was repaired.
        Repaired = "repaired",
        /// A part was replaced.
        PartReplaced = "part_replaced",
        /// All of it was replaced.
        UnitReplaced = "unit_replaced",
        /// It was sealed.
        Sealed = "sealed",
        /// It was cleaned.
        Cleaned = "cleaned",
        /// It was set anew.
        Adjusted = "adjusted",
        /// It was bled or refilled.
        Refilled = "refilled",
        /// It was started again.
        Restarted = "restarted",
        /// Nothing was done.
        Nothing = "nothing",
    }
}

bands! {
    /// What came of it.
    Outcome {
        /// It is solved.
        Solved = "solved",
        /// It is solved in part.
        Partly = "partly",
        /// It came back.
        CameBack = "came_back",
        /// It is not solved.
        NotSolved = "not_solved",
    }
}

bands! {
    /// How content the building was with its contractor.
    Rating {
        /// Not content.
        Poor = "poor",
        /// In between.
        Fair = "fair",
        /// Content.
        Good = "good",
    }
}

bands! {
    /// How much was lost, litres an hour. A bound belongs to the band above it.
    Flow {
        /// Less than 5.
        Under5 = "under_5",
        /// 5 to 20.
        From5 = "5_20",
        /// 20 to 100.
        From20 = "20_100",
        /// 100 and more.
        From100 = "from_100",
    }
}

bands! {
    /// What it cost, euro. A bound belongs to the band above it.
    Cost {
        /// Less than 50.
        Under50 = "under_50",
        /// 50 to 100.
        From50 = "50_100",
        /// 100 to 200.
        From100 = "100_200",
        /// 200 to 500.
        From200 = "200_500",
        /// 500 to 1,000.
        From500 = "500_1000",
        /// 1,000 to 2,000.
        From1000 = "1000_2000",
        /// 2,000 to 5,000.
        From2000 = "2000_5000",
        /// 5,000 and more.
        From5000 = "from_5000",
    }
}

bands! {
    /// How long the work took. A bound belongs to the band above it.
    Span {
        /// Less than an hour.
        Under1h = "under_1h",
        /// 1 to 2 hours.
        From1h = "1_2h",
        /// 2 to 4 hours.
        From2h = "2_4h",
        /// 4 to 8 hours.
        From4h = "4_8h",
        /// 8 hours to a day.
        From8h = "8_24h",
        /// 1 to 3 days.
        From1d = "1_3d",
        /// 3 days and more.
        From3d = "from_3d",
    }
}

impl Flow {
    /// The band of litres an hour.
    pub const fn of(litres_per_h: u64) -> Self {
        match litres_per_h {
            0..5 => Self::Under5,
            5..20 => Self::From5,
            20..100 => Self::From20,
            100.. => Self::From100,
        }
    }
}

impl Cost {
    /// The band of an amount in euro.
    pub const fn of(euro: u64) -> Self {
        match euro {
            0..50 => Self::Under50,
            50..100 => Self::From50,
            100..200 => Self::From100,
            200..500 => Self::From200,
            500..1_000 => Self::From500,
            1_000..2_000 => Self::From1000,
            2_000..5_000 => Self::From2000,
            5_000.. => Self::From5000,
        }
    }
}

impl Span {
    /// The band of a number of minutes.
    pub const fn of(minutes: u64) -> Self {
        match minutes {
            0..60 => Self::Under1h,
            60..120 => Self::From1h,
            120..240 => Self::From2h,
            240..480 => Self::From4h,
            480..1_440 => Self::From8h,
            1_440..4_320 => Self::From1d,
            4_320.. => Self::From3d,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_amount_has_its_band() {
        assert_eq!(
            [4, 5, 10, 20, 100].map(Flow::of).map(Flow::name),
            ["under_5", "5_20", "5_20", "20_100", "from_100"]
        );
        assert_eq!(
            [49, 150, 200, u64::MAX].map(Cost::of).map(Cost::name),
            ["under_50", "100_200", "200_500", "from_5000"]
        );
        assert_eq!(
            [59, 119, 120, 4_319, 4_320].map(Span::of).map(Span::name),
            ["under_1h", "1_2h", "2_4h", "1_3d", "from_3d"]
        );
    }

    #[test]
    fn names_are_read_back_and_no_other_word_is() {
        for system in System::ALL {
            assert_eq!(System::named(system.name()), Some(*system));
        }
        assert_eq!((System::named("Water_riser"), Symptom::named("leak of Mrs Peeters")), (None, None));
    }
}

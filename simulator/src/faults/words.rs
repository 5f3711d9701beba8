//! The weather in words.

use std::fmt;

use super::Weather;

impl fmt::Display for Weather {
    /// One line for a trace: only what is on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (links, crashes, clocks) = (&self.links, &self.crashes, &self.clocks);
        write!(f, "delay {}-{} ms", links.delay_ms.0, links.delay_ms.1)?;
        let strengths = [
            ("loss ‰", links.loss_per_mille),
            ("twice ‰", links.duplicate_per_mille),
            ("clog every ms", links.clog_every_ms),
            ("partition every ms", self.partitions.every_ms),
            ("one-way ‰", self.partitions.one_way_per_mille),
            ("crash every ms", crashes.every_ms),
            ("all at once ‰", crashes.all_per_mille),
            ("wiped follower ‰", crashes.wipe_per_mille),
            ("damage ‰", crashes.rot_per_mille),
            ("full disk every ms", crashes.full_every_ms),
            ("pause every ms", clocks.pause_every_ms),
            ("clock off ms", clocks.offset_ms_max),
            ("clock step every ms", clocks.step_every_ms),
            ("slow node ms", clocks.slow_ms),
            ("sync fails ‰", self.disk.sync_fails_per_mille),
            ("read fails ‰", self.disk.read_fails_per_mille),
            ("members change every ms", self.people.change_every_ms),
            ("transaction every ms", self.submit_every_ms),
            ("reading every ms", self.reading_every_ms),
            ("energy shared at pace", self.sharing.pace),
        ];
        for (name, strength) in strengths.into_iter().filter(|(_, strength)| *strength > 0) {
            write!(f, " · {name} {strength}")?;
        }
        let switches = [
            ("reorder", links.reorder),
            ("wild clocks", clocks.wild),
            ("disks reorder", self.disk_reorders),
            ("one stays down", self.one_stays_down),
            ("by bytes", self.by_bytes),
            ("lies", self.people.lie),
            ("assemblies", self.people.meet),
            ("incident cards", self.people.tell),
            ("slots of an hour", self.sharing.pace > 0 && self.sharing.hourly),
        ];
        for (name, _) in switches.into_iter().filter(|(_, is_on)| *is_on) {
            write!(f, " · {name}")?;
        }
        Ok(())
    }
}

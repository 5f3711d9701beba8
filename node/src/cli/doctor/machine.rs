//! What `doctor` finds of the machine: clock, disk, memory, heat, voltage, serial devices.

use std::path::Path;
use std::process::Command;

use super::Finding;
use crate::shell::clock::wall_ms;
use crate::shell::machine::{CLOCK_MIN_MS, Places, is_undervolted, memory_available_kib, temperature};
use crate::shell::store::disk;

const MIB: u64 = 1024 * 1024;
/// Above this a processor slows itself down, thousandths of a degree Celsius.
const HOT_MILLIDEGREES: i64 = 80_000;
/// Memory below which a node has a hard time, KiB.
const MEMORY_KIB_MIN: u64 = 200 * 1024;
/// How names of serial devices begin.
const SERIAL: [&str; 3] = ["ttyUSB", "ttyACM", "ttyAMA"];

pub(super) fn examine(data_dir: &Path) -> Vec<Finding> {
    let places = Places::default();
    vec![
        clock(),
        time_sync(),
        space(data_dir),
        disk_kind(data_dir, &places),
        memory(&places),
        heat(&places),
        voltage(&places),
        serial(Path::new("/dev")),
    ]
}

fn clock() -> Finding {
    let now = wall_ms();
    let text = protocol::UnixMs(now).to_string();
    if now >= CLOCK_MIN_MS {
        return Finding::good("clock", text);
    }
    Finding::bad("clock", format!("{text}: the clock is not set"), "Set the clock: readings carry its time.")
}

/// As systemd says; where it is not asked, nothing is known.
fn time_sync() -> Finding {
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output();
    let said = asked.ok().filter(|asked| asked.status.success()).map(|asked| asked.stdout);
    match said.as_deref() {
        Some(b"yes\n") => Finding::good("time by network", "the clock is kept by network"),
        Some(b"no\n") => Finding::notice(
            "time by network",
            "the clock is not kept by network",
            "Give the machine internet or a time server, and see `timedatectl`.",
        ),
        Some(_) | None => Finding::good("time by network", "not known here"),
    }
}

fn space(dir: &Path) -> Finding {
    let advice = "Free room, shorten how long raw readings are kept, or move to a larger disk.";
    match disk::space(dir) {
        Ok(space) => {
            let text = format!("{} of {} MiB free", space.free / MIB, space.total / MIB);
            if space.is_full() {
                Finding::bad("disk space", format!("{text}: no reading is taken"), advice)
            } else if space.is_low() {
                Finding::notice("disk space", text, advice)
            } else {
                Finding::good("disk space", text)
            }
        }
        Err(error) => Finding::bad("disk space", error.to_string(), "Look whether the disk is there."),
    }
}

/// SD cards wear out; everything else is called a disk.
fn disk_kind(dir: &Path, places: &Places) -> Finding {
    let Some(device) = device_of(dir, &places.proc) else {
        return Finding::good("disk kind", "not known here");
    };
    if device.contains("mmcblk") {
        let advice =
            "Use a card made for constant writing, take backups, and plan to replace it in some years.";
        return Finding::notice("disk kind", format!("{device} is an SD card"), advice);
    }
    Finding::good("disk kind", device)
}

/// The device of the longest mount point above a folder.
fn device_of(dir: &Path, proc: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let mounts = std::fs::read_to_string(proc.join("mounts")).ok()?;
    let above = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (device, point) = (words.next()?, words.next()?);
        dir.starts_with(point).then_some((point.len(), device))
    });
    above.max_by_key(|(len, _)| *len).map(|(_, device)| device.to_owned())
}

fn memory(places: &Places) -> Finding {
    let Some(available) = memory_available_kib(&places.proc) else {
        return Finding::good("memory", "not known here");
    };
    let text = format!("{} MiB available", available / 1024);
    if available < MEMORY_KIB_MIN {
        return Finding::notice(
            "memory",
            text,
            "Stop other programs on this machine, or use one with more memory.",
        );
    }
    Finding::good("memory", text)
}

fn heat(places: &Places) -> Finding {
    match temperature(&places.sys) {
        None => Finding::good("temperature", "not known here"),
        Some(found) if found >= HOT_MILLIDEGREES => Finding::notice(
            "temperature",
            format!("{} °C: the processor slows itself down", found / 1000),
            "Give the machine air or a heat sink.",
        ),
        Some(found) => Finding::good("temperature", format!("{} °C", found / 1000)),
    }
}

fn voltage(places: &Places) -> Finding {
    if is_undervolted(&places.sys) {
        let advice = "Use the power supply made for this machine and a short, thick cable.";
        return Finding::notice("voltage", "the power supply is too weak", advice);
    }
    Finding::good("voltage", "no complaint")
}

/// Serial devices, and whether this user may use them.
fn serial(dev: &Path) -> Finding {
    let names = std::fs::read_dir(dev).into_iter().flatten().flatten();
    let mut found: Vec<String> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| SERIAL.iter().any(|start| name.starts_with(start)))
        .collect();
    found.sort();
    let refused: Vec<&str> =
        found.iter().map(String::as_str).filter(|name| !may_use(&dev.join(name))).collect();
    if !refused.is_empty() {
        let advice = "Put the user of the node into the group dialout: adduser symbiose dialout.";
        return Finding::notice("serial devices", format!("no access to {}", refused.join(", ")), advice);
    }
    let text = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    Finding::good("serial devices", text)
}

fn may_use(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(path, Access::READ_OK | Access::WRITE_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::store::scratch::Scratch;

    #[test]
    fn an_sd_card_is_known_by_its_device() {
        let scratch = Scratch::new("doctor-mounts");
        let proc = scratch.path().join("proc");
        std::fs::create_dir_all(&proc).unwrap();
        let here = scratch.path().canonicalize().unwrap();
        let mounts = format!("/dev/sda1 / ext4 rw 0 0\n/dev/mmcblk0p2 {} ext4 rw 0 0\n", here.display());
        std::fs::write(proc.join("mounts"), mounts).unwrap();
        assert_eq!(device_of(&here, &proc).as_deref(), Some("/dev/mmcblk0p2"));
        assert_eq!(device_of(Path::new("/"), &proc).as_deref(), Some("/dev/sda1"));
        assert_eq!(device_of(&here, Path::new("/nowhere")), None);
    }

    #[test]
    fn serial_devices_are_found_by_name() {
        let scratch = Scratch::new("doctor-dev");
        for name in ["ttyUSB0", "ttyAMA0", "tty1", "null"] {
            std::fs::write(scratch.path().join(name), "").unwrap();
        }
        assert_eq!(serial(scratch.path()).detail, "ttyAMA0, ttyUSB0");
        assert_eq!(serial(Path::new("/nowhere")).detail, "none");
    }
}

//! The folder a neighbourhood lives in: who holds it, what it remembers, and how a resumed one goes on.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use protocol::SigningKey;
use rustix::fs::{FlockOperation, flock};

use crate::clock::{HiveClock, wall_ms, whole};
use crate::error::{Error, Result};
use crate::files;
use crate::layout::{FOUNDED_MS, Plan};
use crate::options::Options;
use crate::replay::Series;

/// Takes the folder for this process, or says whose it is.
pub fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let opened = File::options().create(true).read(true).write(true).truncate(false).open(&path);
    let mut file = opened.map_err(Error::file("open", &path))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let pid = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
        return Err(Error::InUse { dir: dir.to_owned(), pid });
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(Error::file("write", &path))?;
    Ok(file)
}

/// Whether a live testnet holds the folder.
pub fn is_held(dir: &Path) -> bool {
    let Ok(file) = File::options().read(true).write(true).open(dir.join("lock")) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
}

/// Removes everything a testnet leaves in its folder, and nothing that it did not make.
pub fn empty(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).map_err(Error::file("read", dir))? {
        let entry = entry.map_err(Error::file("read", dir))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let removed = if name.starts_with("CAS-S") && path.is_dir() {
            fs::remove_dir_all(&path)
        } else if ["plan.json", "net.json", "hive-time", "control.sock"].contains(&name.as_str()) {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
        removed.map_err(Error::file("remove", &path))?;
    }
    Ok(())
}

/// Takes `net.json` away: nothing is ready yet, or nothing runs any more.
pub fn remove_net(dir: &Path) -> Result<()> {
    let path = dir.join("net.json");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", &path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Hive time goes on where a resumed folder left it, never back; a record begins when its first slot does.
pub fn hive_clock(options: &Options, series: &[Series]) -> Result<HiveClock> {
    let speed = options.speed;
    let now_ms = wall_ms();
    let kept = kept_time(&options.dir);
    let begins = series.first().map(Series::starts_ms).or(options.begins_ms);
    let hive_ms = match (kept, begins) {
        // The time is kept once a second: go past what a kill -9 may have hidden.
        (Some(kept_ms), Some(_)) => kept_ms + whole(2_000.0 * speed),
        (Some(kept_ms), None) if speed == 1.0 && kept_ms <= now_ms => return Ok(HiveClock::WALL),
        (Some(kept_ms), None) => now_ms.max(kept_ms + whole(2_000.0 * speed)),
        (None, Some(begins_ms)) => begins_ms,
        (None, None) if speed == 1.0 => return Ok(HiveClock::WALL),
        (None, None) => now_ms,
    };
    Ok(HiveClock { speed, epoch_wall_ms: now_ms, epoch_hive_ms: hive_ms })
}

/// Keeps the hive's time, so that a resumed folder goes on from here.
pub fn keep_time(dir: &Path, clock: HiveClock) -> Result<()> {
    set_time(dir, clock.now_ms())
}

/// Lets a folder that does not run go on from another hive time than the one it was stopped at.
pub fn set_time(dir: &Path, hive_ms: i64) -> Result<()> {
    files::replace(&dir.join("hive-time"), hive_ms.to_string().as_bytes())
}

fn kept_time(dir: &Path) -> Option<i64> {
    fs::read_to_string(dir.join("hive-time")).ok()?.trim().parse().ok()
}

/// The plan of the options, or the folder's own when it is the same neighbourhood.
pub fn plan(options: &Options, series: &[Series], clock: HiveClock) -> Result<Plan> {
    let begins_ms = series.first().map(Series::starts_ms).or(options.begins_ms);
    let wanted = Plan {
        buildings: options.buildings,
        authorities: options.authorities,
        seed: options.seed,
        load_members: options.load_members,
        founded_ms: begins_ms.unwrap_or(FOUNDED_MS),
        in_service_ms: begins_ms.unwrap_or_else(|| clock.now_ms()),
        replay: options.replay.clone(),
        joined: 0,
    };
    let Some(kept) = Plan::load(&options.dir)? else { return Ok(wanted) };
    // What began at a time of its own goes on without naming it again.
    let founded_ms = begins_ms.unwrap_or(kept.founded_ms);
    let same = Plan { founded_ms, in_service_ms: kept.in_service_ms, joined: kept.joined, ..wanted } == kept;
    if same {
        return Ok(kept);
    }
    let Plan { buildings, authorities, seed, .. } = kept;
    let (dir, replay) =
        (options.dir.display(), kept.replay.map(|path| format!(" --replay {}", path.display())));
    let replay = replay.unwrap_or_default();
    Err(Error::Usage(format!(
        "{dir} holds a neighbourhood of --buildings {buildings} --authorities {authorities} --seed {seed}{replay}: \
         start it as it was, choose another --dir, or forget it with --reset"
    )))
}

/// Reads a key file: 64 hex digits.
pub fn read_key(path: &Path) -> Result<SigningKey> {
    let text = files::read_text(path)?;
    let digest: protocol::Digest =
        text.trim().parse().map_err(std::io::Error::other).map_err(Error::file("read", path))?;
    Ok(SigningKey::from_seed(digest.as_bytes()))
}

/// Thirty nodes need some thousand sockets here; the system's soft limit is often 1,024.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Without it, large neighbourhoods fail with a clear message when a socket is refused.
    setrlimit(Resource::Nofile, limit).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn folder(purpose: &str) -> Options {
        let dir = std::env::temp_dir().join(format!("symbiose-folder-{purpose}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Options::new(PathBuf::from("symbiose"), dir)
    }

    #[test]
    fn a_folder_belongs_to_one_testnet_at_a_time() {
        let options = folder("lock");
        let held = lock(&options.dir).unwrap();
        let refused = lock(&options.dir).unwrap_err();
        assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
        assert!(is_held(&options.dir));
        drop(held);
        assert!(!is_held(&options.dir));
        fs::remove_dir_all(&options.dir).unwrap();
    }

    #[test]
    fn a_folder_is_resumed_only_as_it_was() {
        let mut options = folder("plan");
        let first = plan(&options, &[], HiveClock::WALL).unwrap();
        first.store(&options.dir).unwrap();
        assert_eq!(plan(&options, &[], HiveClock::WALL).unwrap(), first);
        options.seed = 43;
        let refused = plan(&options, &[], HiveClock::WALL).unwrap_err().to_string();
        assert!(refused.contains("--seed 42") && refused.contains("--reset"), "{refused}");
        fs::remove_dir_all(&options.dir).unwrap();
    }

    #[test]
    fn hive_time_never_goes_back() {
        let mut options = folder("clock");
        options.speed = 900.0;
        let ahead_ms = wall_ms() + 86_400_000;
        fs::write(options.dir.join("hive-time"), ahead_ms.to_string()).unwrap();
        assert!(hive_clock(&options, &[]).unwrap().epoch_hive_ms > ahead_ms);
        options.speed = 1.0;
        assert!(hive_clock(&options, &[]).unwrap().now_ms() > ahead_ms);
        fs::remove_file(options.dir.join("hive-time")).unwrap();
        assert_eq!(hive_clock(&options, &[]).unwrap(), HiveClock::WALL);
        fs::remove_dir_all(&options.dir).unwrap();
    }

    #[test]
    fn a_reset_leaves_what_is_not_ours() {
        let options = folder("reset");
        fs::create_dir_all(options.dir.join("CAS-S1")).unwrap();
        for file in ["plan.json", "notes.txt", "CAS-S1/node.key"] {
            fs::write(options.dir.join(file), "x").unwrap();
        }
        empty(&options.dir).unwrap();
        assert!(options.dir.join("notes.txt").exists());
        assert!(!options.dir.join("plan.json").exists() && !options.dir.join("CAS-S1").exists());
        fs::remove_dir_all(&options.dir).unwrap();
    }
}

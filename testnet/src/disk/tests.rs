//! What was synced is there after every cut; what was not may be gone, torn or zeroed, and some of it is.

use super::*;

fn name(text: &str) -> &OsStr {
    OsStr::new(text)
}

/// A synced file of eight sectors of `1`.
fn with_file() -> (Disk, u64) {
    let mut disk = Disk::new();
    let file = disk.make(ROOT, name("a"), 0o600, false).unwrap();
    disk.write(file, 0, &[1; 8 * SECTOR]).unwrap();
    disk.sync_file(file).unwrap();
    disk.sync_folder(ROOT).unwrap();
    (disk, file)
}

#[test]
fn what_was_synced_outlives_every_cut() {
    for seed in 0..50 {
        let (mut disk, file) = with_file();
        assert_eq!(disk.cut(Chance::new(seed, "cut")), Taken::default());
        assert_eq!(disk.find(ROOT, name("a")).unwrap().number, file);
        assert_eq!(disk.read(file, 0, usize::MAX).unwrap(), [1; 8 * SECTOR]);
    }
}

#[test]
fn unsynced_bytes_are_kept_lost_torn_and_zeroed() {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let (mut disk, file) = with_file();
        disk.write(file, 8 * SECTOR as u64, &[2; 4 * SECTOR]).unwrap();
        assert_eq!(disk.read(file, 8 * SECTOR as u64, 1).unwrap(), [2], "the process sees what it wrote");
        disk.cut(Chance::new(seed, "cut"));
        let bytes = disk.read(file, 0, usize::MAX).unwrap();
        assert_eq!(bytes[..8 * SECTOR], [1; 8 * SECTOR], "what was synced is never touched");
        let twos = bytes.iter().filter(|byte| **byte == 2).count();
        assert_eq!(twos % SECTOR, 0);
        seen.insert((bytes.len() / SECTOR, twos / SECTOR));
    }
    for expected in [(8, 0), (12, 4), (12, 0), (10, 2)] {
        assert!(seen.contains(&expected), "{expected:?} among {seen:?}");
    }
}

#[test]
fn a_name_needs_a_sync_of_its_folder() {
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..100 {
        let (mut disk, _) = with_file();
        let file = disk.make(ROOT, name("b"), 0o600, false).unwrap();
        disk.write(file, 0, b"new").unwrap();
        disk.sync_file(file).unwrap();
        disk.rename((ROOT, name("b")), (ROOT, name("a"))).unwrap();
        disk.cut(Chance::new(seed, "cut"));
        let found = disk.find(ROOT, name("a")).unwrap();
        if found.number == file {
            kept += 1;
            assert_eq!(disk.read(file, 0, 9).unwrap(), b"new");
        } else {
            lost += 1;
            assert_eq!(found.len, 8 * SECTOR as u64, "the old one, whole");
        }
    }
    assert!(kept > 0 && lost > 0, "{kept} kept, {lost} lost");
}

#[test]
fn a_lost_shortening_takes_what_was_written_behind_it() {
    for seed in 0..100 {
        let (mut disk, file) = with_file();
        disk.set_len(file, 0).unwrap();
        disk.write(file, 0, &[3; SECTOR]).unwrap();
        disk.cut(Chance::new(seed, "cut"));
        let bytes = disk.read(file, 0, usize::MAX).unwrap();
        assert!(bytes.len() <= SECTOR || bytes == [1; 8 * SECTOR], "seed {seed}: {} bytes", bytes.len());
    }
}

#[test]
fn a_folder_whose_name_was_not_synced_takes_what_is_in_it() {
    let mut lost = 0;
    for seed in 0..50 {
        let mut disk = Disk::new();
        let folder = disk.make(ROOT, name("days"), 0o700, true).unwrap();
        disk.make(folder, name("one"), 0o600, false).unwrap();
        disk.sync_folder(folder).unwrap();
        disk.cut(Chance::new(seed, "cut"));
        let is_there = disk.find(ROOT, name("days")).is_ok();
        assert_eq!(disk.list(folder).len(), usize::from(is_there));
        lost += usize::from(!is_there);
    }
    assert!(lost > 0);
}

#[test]
fn a_full_disk_and_a_dying_one_say_so() {
    let (mut disk, file) = with_file();
    disk.leave_room(10);
    assert_eq!(disk.write(file, 8 * SECTOR as u64, &[1; 11]), Err(Errno::NOSPC));
    assert_eq!(disk.write(file, 8 * SECTOR as u64, &[1; 10]), Ok(()));
    assert_eq!(disk.write(file, 0, &[4; 100]), Ok(()), "what is there may be written again");
    disk.fail_syncs(true);
    assert_eq!((disk.sync_file(file), disk.sync_folder(ROOT)), (Err(Errno::IO), Err(Errno::IO)));
}

#[test]
fn the_log_of_a_node_forgets_nothing() {
    for seed in 0..20 {
        let mut disk = Disk::new();
        let log = disk.make(ROOT, name(REMEMBERED), 0o600, false).unwrap();
        disk.write(log, 0, b"last words").unwrap();
        disk.cut(Chance::new(seed, "cut"));
        assert_eq!(disk.read(log, 0, 99).unwrap(), b"last words");
    }
}

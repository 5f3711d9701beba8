//! Photos stay as they were sent, and within their bounds.

use std::os::unix::fs::PermissionsExt as _;

use super::super::scratch::Scratch;
use super::*;

const MIB: u64 = 1024 * 1024;
const AT: i64 = 1_765_275_323_000;

fn picture(number: u8, len: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.resize(len, number);
    bytes
}

fn order(number: u8) -> Digest {
    Digest::new([number; 32])
}

fn keep(photos: &mut Photos, number: u8) -> PhotoView {
    photos.keep(order(1), &picture(number, 1_000), Time::from_ms(AT), "N. Benali").unwrap()
}

#[test]
fn a_photo_comes_back_after_a_restart_and_is_for_the_owner_only() {
    let scratch = Scratch::new("photos");
    let dir = scratch.path().join("photos");
    let mut photos = Photos::open(&dir, 64 * MIB).unwrap();
    let first = keep(&mut photos, 1);
    assert_eq!(keep(&mut photos, 1), first, "the same picture is the same photo");
    let second = keep(&mut photos, 2);
    let path = dir.join(order(1).to_string()).join(format!("{}.jpg", first.id));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut photos = Photos::open(&dir, 64 * MIB).unwrap();
    assert_eq!(photos.of(&order(1)), [first.clone(), second.clone()]);
    assert_eq!(photos.bytes(), 2_000);
    assert_eq!(photos.read(&order(1), &first.id).unwrap(), (first.clone(), picture(1, 1_000)));
    photos.remove(&order(1), &first.id).unwrap();
    assert!(matches!(photos.read(&order(1), &first.id), Err(PhotoError::Unknown(_))));
    photos.remove(&order(1), &second.id).unwrap();
    assert!(!dir.join(order(1).to_string()).exists() && photos.bytes() == 0);
    assert!(Photos::open(&dir, 64 * MIB).unwrap().kept().is_empty());
}

#[test]
fn what_is_no_picture_or_too_much_is_refused() {
    let scratch = Scratch::new("photos-limits");
    let mut photos = Photos::open(&scratch.path().join("photos"), 5 * MIB).unwrap();
    let mut hand_in = |bytes: &[u8]| photos.keep(order(1), bytes, Time::from_ms(AT), "x");
    assert!(matches!(hand_in(b"<svg onload=alert(1)>"), Err(PhotoError::NoPicture)));
    assert!(matches!(hand_in(&picture(1, PHOTO_BYTES_MAX + 1)), Err(PhotoError::Large(_))));
    hand_in(&picture(1, PHOTO_BYTES_MAX)).unwrap();
    let full = hand_in(&picture(2, PHOTO_BYTES_MAX)).unwrap_err();
    assert!(full.to_string().contains("4 MiB of the 5 MiB"), "{full}");
    for number in 2..=20 {
        keep(&mut photos, number);
    }
    let many = photos.keep(order(1), &picture(30, 100), Time::from_ms(AT), "x");
    assert!(matches!(many, Err(PhotoError::Many)));
    assert_eq!(photos.of(&order(1)).len(), PHOTOS_PER_ORDER_MAX);
    assert!(matches!(photos.read(&order(1), "../../node.key"), Err(PhotoError::Unknown(_))));
}

#[test]
fn half_written_photos_go_and_a_lost_list_is_made_anew() {
    let scratch = Scratch::new("photos-crash");
    let dir = scratch.path().join("photos");
    let mut photos = Photos::open(&dir, 64 * MIB).unwrap();
    let kept = keep(&mut photos, 1);
    let folder = dir.join(order(1).to_string());
    for left in ["0123.new", "photos.new", &format!("{}.jpg", id_of(&picture(9, 50)))] {
        fs::write(folder.join(left), picture(9, 50)).unwrap();
    }
    assert_eq!(Photos::open(&dir, 64 * MIB).unwrap().of(&order(1)), std::slice::from_ref(&kept));
    assert_eq!(names(&folder).unwrap().len(), 2, "the picture and its list");
    let written = fs::read(folder.join(LIST)).unwrap();
    let text = written.len() - 1 - HASH_DIGITS;
    assert_eq!(read_list(&written), read_list(&written[..text]), "a list of an earlier release");
    let flipped: Vec<Vec<u8>> = (0..written.len())
        .map(|at| written.iter().enumerate().map(|(n, byte)| byte ^ u8::from(n == at)).collect())
        .collect();
    assert!(flipped.iter().all(|list: &Vec<u8>| read_list(list).is_none()), "no flip goes unseen");
    for broken in ["", "[", "{}", "[{\"id\":7}]"] {
        fs::write(folder.join(LIST), broken).unwrap();
        let found = Photos::open(&dir, 64 * MIB).unwrap().of(&order(1));
        assert_eq!(found.len(), 1, "{broken}");
        assert_eq!((&found[0].id, found[0].bytes, found[0].by.as_str()), (&kept.id, 1_000, ""));
    }
}

#[test]
fn a_flipped_bit_is_never_shown_as_the_photo() {
    let scratch = Scratch::new("photos-flip");
    let dir = scratch.path().join("photos");
    let mut photos = Photos::open(&dir, 64 * MIB).unwrap();
    let kept = keep(&mut photos, 1);
    let path = dir.join(order(1).to_string()).join(name_of(&kept));
    let mut bytes = fs::read(&path).unwrap();
    bytes[500] ^= 4;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(photos.read(&order(1), &kept.id), Err(PhotoError::Damaged)));
}

#[test]
fn photos_of_forgotten_work_orders_go() {
    let scratch = Scratch::new("photos-forgotten");
    let dir = scratch.path().join("photos");
    let mut photos = Photos::open(&dir, 64 * MIB).unwrap();
    keep(&mut photos, 1);
    photos.keep(order(2), &picture(1, 500), Time::from_ms(AT), "x").unwrap();
    photos.retain(|known| *known == order(2)).unwrap();
    assert_eq!((photos.bytes(), photos.kept().len()), (500, 1));
    photos.forget(&order(3)).unwrap();
    assert_eq!(names(&dir).unwrap(), [order(2).to_string()]);
}

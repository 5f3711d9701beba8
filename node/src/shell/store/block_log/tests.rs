//! Torn ends, flipped bits, missing files: what is read back is always a prefix of what was written.

use protocol::{
    Address, Block, BlockHeader, Bounded, Certificate, Digest, LogRoot, Round, SigningKey, StateHash, UnixMs,
};

use super::super::block_files::BlockFiles;
use super::super::scratch::Scratch;
use super::*;

fn genesis() -> Genesis {
    let key = SigningKey::from_seed(&[1; 32]).public();
    Genesis::new(UnixMs(0), Digest::new([2; 32]), vec![key], vec![]).unwrap()
}

fn chain(genesis: &Genesis, count: u64) -> Vec<StoredBlock> {
    let mut previous = genesis.block();
    let zero = Digest::new([0; 32]);
    let block = |height: u64| {
        let header = BlockHeader {
            chain: genesis.chain(),
            height: Height(height),
            previous,
            time: UnixMs(1),
            transactions: zero,
            state: StateHash::new([3; 32]),
            log_root: LogRoot::new([4; 32]),
            log_size: 0,
            authorities: zero,
            next_authorities: zero,
            proposer: Address::new([5; 20]),
        };
        let block = Block { header, transactions: Bounded::default() };
        previous = block.id();
        let certificate = Certificate {
            height: Height(height),
            round: Round(0),
            block: previous,
            signatures: Bounded::default(),
        };
        StoredBlock { block, certificate }
    };
    (1..=count).map(block).collect()
}

fn append(log: &mut BlockLog, stored: &StoredBlock) -> Place {
    let record = record::encode_block(&stored.block, &stored.certificate);
    let place = log.append(stored.block.header.height, &record).unwrap();
    log.sync().unwrap();
    place
}

fn scan(dir: &Path, genesis: &Genesis) -> (Vec<StoredBlock>, Scanned) {
    let mut scan = Scan::open(dir, genesis).unwrap();
    let blocks = scan.by_ref().collect();
    (blocks, scan.finish().unwrap())
}

fn same(left: &[StoredBlock], right: &[StoredBlock]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| a.block == b.block && a.certificate == b.certificate)
}

#[test]
fn blocks_come_back_in_order_and_by_height() {
    let (scratch, genesis) = (Scratch::new("blocks"), genesis());
    let blocks = chain(&genesis, 5);
    let (none, mut scanned) = scan(scratch.path(), &genesis);
    assert!(none.is_empty());
    for stored in &blocks[..3] {
        append(&mut scanned.log, stored);
    }
    let (three, mut scanned) = scan(scratch.path(), &genesis);
    assert!(same(&three, &blocks[..3]) && scanned.damage.is_none() && scanned.torn_bytes == 0);
    let mut files = BlockFiles::new(scratch.path().to_owned(), scanned.places.clone());
    for stored in &blocks[3..] {
        files.push(append(&mut scanned.log, stored));
    }
    assert_eq!(files.tip(), Height(5));
    for height in [5, 1, 3] {
        let read = files.read(Height(height)).unwrap().unwrap();
        assert_eq!(read.block, blocks[usize::try_from(height).unwrap() - 1].block);
    }
    assert!(files.read(Height(0)).unwrap().is_none() && files.read(Height(6)).unwrap().is_none());
}

#[test]
fn a_torn_end_is_cut_at_every_length() {
    let (scratch, genesis) = (Scratch::new("blocks-torn"), genesis());
    let blocks = chain(&genesis, 3);
    let (_, mut scanned) = scan(scratch.path(), &genesis);
    let places: Vec<Place> = blocks.iter().map(|stored| append(&mut scanned.log, stored)).collect();
    let path = path_of(scratch.path(), 1);
    let bytes = fs::read(&path).unwrap();
    let last = usize::try_from(places[2].offset).unwrap();
    for len in (last..bytes.len()).step_by(7) {
        fs::write(&path, &bytes[..len]).unwrap();
        let (read, mut scanned) = scan(scratch.path(), &genesis);
        assert!(same(&read, &blocks[..2]) && scanned.damage.is_none(), "cut at {len}");
        assert_eq!(scanned.torn_bytes, (len - last) as u64);
        append(&mut scanned.log, &blocks[2]);
        assert_eq!(fs::read(&path).unwrap(), bytes, "appended at the cut");
    }
}

#[test]
fn no_flip_in_the_middle_is_skipped() {
    let (scratch, genesis) = (Scratch::new("blocks-flip"), genesis());
    let blocks = chain(&genesis, 3);
    let (_, mut scanned) = scan(scratch.path(), &genesis);
    let places: Vec<Place> = blocks.iter().map(|stored| append(&mut scanned.log, stored)).collect();
    let path = path_of(scratch.path(), 1);
    let bytes = fs::read(&path).unwrap();
    let second = usize::try_from(places[1].offset).unwrap()..usize::try_from(places[2].offset).unwrap();
    for at in second.step_by(3) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        let (read, mut scanned) = scan(scratch.path(), &genesis);
        assert!(same(&read, &blocks[..1]), "flip at {at}");
        assert_eq!(scanned.damage.as_ref().map(|damage| damage.height), Some(Height(2)), "flip at {at}");
        assert_eq!(fs::read(path.with_extension("damaged")).unwrap(), flipped, "kept as evidence");
        append(&mut scanned.log, &blocks[1]);
        assert!(same(&scan(scratch.path(), &genesis).0, &blocks[..2]), "repaired");
    }
}

#[test]
fn files_roll_over_and_a_missing_one_is_damage() {
    let (scratch, genesis) = (Scratch::new("blocks-roll"), genesis());
    let blocks = chain(&genesis, 4);
    let (_, mut scanned) = scan(scratch.path(), &genesis);
    for stored in &blocks {
        append(&mut scanned.log, stored);
        scanned.log.next_segment().unwrap();
    }
    drop(scanned);
    let (read, scanned) = scan(scratch.path(), &genesis);
    assert!(same(&read, &blocks) && scanned.damage.is_none());
    assert_eq!(scanned.places.iter().map(|place| place.segment).collect::<Vec<_>>(), vec![1, 2, 3, 4]);
    drop(scanned);
    fs::remove_file(path_of(scratch.path(), 3)).unwrap();
    let (read, scanned) = scan(scratch.path(), &genesis);
    assert!(same(&read, &blocks[..2]));
    assert_eq!(scanned.damage.map(|damage| damage.height), Some(Height(3)));
    drop(scanned.log);
    let (read, scanned) = scan(scratch.path(), &genesis);
    assert!(same(&read, &blocks[..2]) && scanned.damage.is_none(), "the rest was put aside");
}

#[test]
fn a_log_of_another_hive_is_damage_at_height_1() {
    let (scratch, ours) = (Scratch::new("blocks-other"), genesis());
    let key = SigningKey::from_seed(&[9; 32]).public();
    let other = Genesis::new(UnixMs(0), Digest::new([2; 32]), vec![key], vec![]).unwrap();
    let (_, mut scanned) = scan(scratch.path(), &other);
    for stored in chain(&other, 2) {
        append(&mut scanned.log, &stored);
    }
    let mut looked = Scan::open(scratch.path(), &ours).unwrap();
    assert_eq!(looked.by_ref().count(), 0);
    assert!(looked.is_foreign(), "whoever asks can leave them alone");
    let (read, scanned) = scan(scratch.path(), &ours);
    assert!(read.is_empty());
    assert_eq!(scanned.damage.map(|damage| damage.height), Some(Height(1)));
}

#[test]
fn blocks_that_are_missing_at_the_end_are_missed_until_they_are_back() {
    let (scratch, genesis) = (Scratch::new("blocks-missing"), genesis());
    let blocks = chain(&genesis, 3);
    let (_, mut scanned) = scan(scratch.path(), &genesis);
    assert_eq!(scanned.reached, Height(0));
    let places: Vec<Place> = blocks.iter().map(|stored| append(&mut scanned.log, stored)).collect();
    drop(scanned);
    let path = path_of(scratch.path(), 1);
    File::options().write(true).open(&path).unwrap().set_len(places[2].offset).unwrap();
    for _ in 0..2 {
        let (read, scanned) = scan(scratch.path(), &genesis);
        assert_eq!((read.len(), scanned.damage.is_none()), (2, true), "a whole record is the end");
        assert_eq!((scanned.log.tip(), scanned.reached), (Height(2), Height(3)));
    }
    let (_, mut scanned) = scan(scratch.path(), &genesis);
    append(&mut scanned.log, &blocks[2]);
    drop(scanned);
    assert_eq!(scan(scratch.path(), &genesis).1.reached, Height(3));
    fs::remove_file(&path).unwrap();
    assert_eq!(scan(scratch.path(), &genesis).1.reached, Height(3), "all of them");
}

#[test]
fn a_file_whose_place_was_taken_is_damage_and_not_an_end_that_tore() {
    let (scratch, genesis) = (Scratch::new("blocks-swapped"), genesis());
    let blocks = chain(&genesis, 2);
    let (_, mut scanned) = scan(scratch.path(), &genesis);
    for stored in &blocks {
        append(&mut scanned.log, stored);
    }
    drop(scanned);
    let (path, note) = (path_of(scratch.path(), 1), scratch.path().join("reached"));
    let (records, noted) = (fs::read(&path).unwrap(), fs::read(&note).unwrap());
    fs::write(&path, &noted).unwrap();
    fs::write(&note, &records).unwrap();
    let (none, mut scanned) = scan(scratch.path(), &genesis);
    assert!(none.is_empty());
    assert_eq!(scanned.damage.as_ref().map(|damage| damage.height), Some(Height(1)));
    append(&mut scanned.log, &blocks[0]);
    let (one, scanned) = scan(scratch.path(), &genesis);
    assert!(same(&one, &blocks[..1]) && scanned.damage.is_none(), "repaired");
    assert_eq!(scanned.reached, Height(1), "and noted again");
}

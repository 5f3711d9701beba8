//! The readers of bytes from outside, each over its samples, bombs and seeded damage. The checks are those of the
//! fuzzers in `fuzz/`, which go on where these stop.

use std::collections::BTreeMap;
use std::path::Path;

use simulator::trace::Line;
use simulator::{Settings, simulate};
use tests::decoders::{ALL, Decoder, bombs, worst, write_corpus};

/// Damaged inputs per decoder.
const DAMAGED: u64 = 400;
/// Longest bomb, bytes.
const BOMB_BYTES: usize = 256 * 1024;

#[test]
fn samples_are_read() {
    each(|decoder| (decoder.seeds)().iter().for_each(|seed| check(decoder, seed)));
}

/// Memory stays within 8 bytes per byte, and time in proportion, whatever the input claims. With `--nocapture` the most
/// that each took is told.
#[test]
fn bombs_cost_nothing() {
    each(|decoder| {
        for len in [decoder.bytes_max.min(BOMB_BYTES), 4_000] {
            for bomb in bombs(len) {
                check(decoder, &bomb);
                for which in first_bytes(decoder) {
                    check(decoder, &[&[which], bomb.as_slice()].concat());
                }
            }
        }
        println!("{}: {:.2} bytes per byte", decoder.name, worst() as f64 / 100.0);
    });
}

/// A good beginning, and then as much of it as fits.
#[test]
fn repeated_samples_stay_in_proportion() {
    each(|decoder| {
        for seed in (decoder.seeds)().iter().filter(|seed| !seed.is_empty()) {
            check(decoder, &seed.repeat((decoder.bytes_max / seed.len()).clamp(2, 4_000)));
        }
    });
}

#[test]
fn every_cut_is_survived() {
    each(|decoder| {
        for seed in (decoder.seeds)() {
            let step = (seed.len() / 200).max(1);
            (0..seed.len()).step_by(step).for_each(|end| check(decoder, &seed[..end]));
        }
    });
}

#[test]
fn seeded_damage_is_survived() {
    each(|decoder| {
        let seeds = (decoder.seeds)();
        for seed in 0..DAMAGED {
            let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            check(decoder, &damaged(&seeds, decoder.bytes_max, &mut chance));
        }
    });
}

/// Inputs that once broke a promise, by fuzzer or by damage: `found/DECODER-what.bytes`.
#[test]
fn what_was_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("decoders/found");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().split('-').next().unwrap().to_owned();
        let decoder = ALL.iter().find(|decoder| decoder.name == name).expect("found/DECODER-what.bytes");
        check(decoder, &std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count >= 4, "{count} inputs");
}

/// The names are those of the fuzzers, so that none is forgotten.
#[test]
fn every_decoder_has_its_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for decoder in ALL {
        let name = decoder.name;
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "tests/fuzz/Cargo.toml does not name {name}"
        );
        let target = std::fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("check(\"{name}\", bytes)")), "{name}.rs fuzzes something else");
    }
    let targets = std::fs::read_dir(folder.join("fuzz_targets")).unwrap().count();
    assert_eq!(targets, ALL.len());
}

/// `SYMBIOSE_CORPUS` names the folder to write; without it the corpus goes to a folder of this test.
#[test]
fn the_corpus_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = std::env::var_os("SYMBIOSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus"), |folder| root.join(folder));
    let data = std::env::var_os("SYMBIOSE_CORPUS_DATA")
        .map_or_else(|| root.join("tests/golden/folder-0.1"), |folder| root.join(folder));
    let messages = messages();
    assert!(messages.len() > 50, "{} messages", messages.len());
    let written = write_corpus(&folder, &messages, &data).unwrap();
    assert!(written > 2 * ALL.len() + 50, "{written} files");
}

/// What nodes sent each other in a simulated minute of bad weather, as many of each kind and length as tell something new.
fn messages() -> Vec<Vec<u8>> {
    let (mut messages, mut seen) = (Vec::new(), BTreeMap::new());
    let mut take = |line: &Line| {
        let Some(bytes) = line.sent.as_ref().filter(|bytes| !bytes.is_empty()) else { return };
        let kind = (bytes.iter().take(12).copied().collect::<Vec<u8>>(), bytes.len().ilog2());
        let count: &mut usize = seen.entry(kind).or_default();
        *count += 1;
        if *count <= 3 && messages.len() < 2_000 {
            messages.push(bytes.clone());
        }
    };
    let outcome = simulate(1, Settings::STORMY, Some(&mut take));
    assert_eq!(outcome.violation, None);
    messages
}

fn each(run: impl Fn(&Decoder) + Sync) {
    std::thread::scope(|scope| {
        let all: Vec<_> = ALL.iter().map(|decoder| (decoder.name, scope.spawn(|| run(decoder)))).collect();
        for (name, thread) in all {
            assert!(thread.join().is_ok(), "{name}: see above");
        }
    });
}

#[track_caller]
fn check(decoder: &Decoder, bytes: &[u8]) {
    let outcome = std::panic::catch_unwind(|| (decoder.check)(bytes));
    if outcome.is_err() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.bytes", decoder.name));
        std::fs::write(&path, bytes).unwrap();
        panic!("{}: {} bytes, in {}", decoder.name, bytes.len(), path.display());
    }
}

/// Where the first byte chooses what is read.
fn first_bytes(decoder: &Decoder) -> Vec<u8> {
    match decoder.name {
        "wire" | "stored" => (0..80).collect(),
        "books" => (0..4).collect(),
        "block_log" => vec![0],
        _ => Vec::new(),
    }
}

/// One sample with up to eight places changed, or two of them put together.
fn damaged(seeds: &[Vec<u8>], bytes_max: usize, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(9)).min(bytes.len());
        match chance.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 if at < bytes.len() => bytes[at] = chance.byte(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let insert: Vec<u8> = (0..chance.below(9)).map(|_| chance.byte()).collect();
                drop(bytes.splice(at..end, insert));
            }
            4 => {
                let copied = bytes[at..end].repeat(1 + chance.below(40));
                drop(bytes.splice(at..at, copied));
            }
            _ => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len() + 1);
                drop(bytes.splice(at..end, other[from..].iter().copied()));
            }
        }
    }
    bytes.truncate(bytes_max);
    bytes
}

/// Xorshift: the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

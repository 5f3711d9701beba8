//! Photos of work orders: `photos/<work order>/<id>.<ext>`, each written whole and synced, and beside them
//! `photos.json`, which says when and by whom. A photo counts when it is in that list. Names are hashes, so nothing a
//! person wrote becomes part of a path. Pictures are never decoded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use protocol::Digest;
use protocol::limits::{PHOTO_BYTES_MAX, PHOTOS_PER_ORDER_MAX};
use thiserror::Error;
use web::Time;
use web::view::{PhotoType, PhotoView};

use super::{StoreError, file};

/// The list beside the photos of a work order.
const LIST: &str = "photos.json";
/// A list that could not be read.
const DAMAGED_LIST: &str = "photos.json.damaged";
/// The list of 20 photos is far shorter, bytes.
const LIST_BYTES_MAX: u64 = 64 * 1024;
/// Hex digits of the hash of a list.
const HASH_DIGITS: usize = 64;
/// Hex digits of an id.
const ID_DIGITS: usize = 32;
/// Who hands a photo in is named with at most this, characters.
const BY_CHARS_MAX: usize = 64;
/// What the hash of a picture is for.
const DOMAIN: &str = "symbiose photo 1";

/// Why a photo is not kept, or not given.
#[derive(Debug, Error)]
pub enum PhotoError {
    /// There is none of that name.
    #[error("there is no photo `{0}` with this work order")]
    Unknown(String),
    /// Its first bytes are of nothing we show.
    #[error("expected a picture: JPEG, PNG or WebP")]
    NoPicture,
    /// Too long.
    #[error("expected at most {PHOTO_BYTES_MAX} bytes, found {0}")]
    Large(usize),
    /// The work order has enough of them.
    #[error("a work order has at most {PHOTOS_PER_ORDER_MAX} photos; remove one first")]
    Many,
    /// The building has enough of them.
    #[error(
        "the photos of this building take {found} MiB of the {max} MiB they may; remove some, or raise photos.mib_max"
    )]
    Full {
        /// Taken, MiB.
        found: u64,
        /// `photos.mib_max`.
        max: u64,
    },
    /// It is not what was handed in.
    #[error("this photo is damaged on disk")]
    Damaged,
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The photos of a building.
#[derive(Debug)]
pub struct Photos {
    dir: PathBuf,
    bytes_max: u64,
    bytes: u64,
    kept: BTreeMap<Digest, Vec<PhotoView>>,
    damaged: u64,
}

impl Photos {
    /// Reads the lists of a folder, which is made when the first photo comes. What a crash left half done goes; a list
    /// that cannot be read is made anew from the pictures.
    pub fn open(dir: &Path, bytes_max: u64) -> Result<Self, StoreError> {
        let mut photos = Self { dir: dir.to_owned(), bytes_max, bytes: 0, kept: BTreeMap::new(), damaged: 0 };
        for name in names(dir)? {
            let Ok(order) = name.parse::<Digest>() else { continue };
            let folder = dir.join(&name);
            let listed = settle(&folder)?;
            let present = names(&folder)?;
            let missing = listed.iter().filter(|photo| !present.contains(&name_of(photo))).count();
            photos.damaged += missing as u64 + u64::from(present.iter().any(|name| name == DAMAGED_LIST));
            photos.bytes += listed.iter().map(|photo| photo.bytes).sum::<u64>();
            photos.kept.insert(order, listed);
        }
        Ok(photos)
    }

    /// Every picture of a folder: its name, its bytes, and whether it is the one that was handed in. Nothing is changed.
    pub fn look_through(dir: &Path) -> Result<Vec<(String, u64, bool)>, StoreError> {
        let mut found = Vec::new();
        for order in names(dir)?.into_iter().filter(|name| name.parse::<Digest>().is_ok()) {
            for name in names(&dir.join(&order))?.into_iter().filter(|name| !name.starts_with(LIST)) {
                let bytes = file::read(&dir.join(&order).join(&name), PHOTO_BYTES_MAX as u64)?;
                let is_whole = name.split('.').next() == Some(id_of(&bytes).as_str());
                found.push((format!("{order}/{name}"), bytes.len() as u64, is_whole));
            }
        }
        Ok(found)
    }

    /// Pictures that are listed and gone, and lists that could not be read.
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// All photos, by work order, oldest first.
    pub const fn kept(&self) -> &BTreeMap<Digest, Vec<PhotoView>> {
        &self.kept
    }

    /// Those of a work order.
    pub fn of(&self, order: &Digest) -> Vec<PhotoView> {
        self.kept.get(order).cloned().unwrap_or_default()
    }

    /// Bytes of all pictures.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keeps a photo; it is on disk when this answers. The same picture again is the same photo.
    pub fn keep(&mut self, order: Digest, bytes: &[u8], at: Time, by: &str) -> Result<PhotoView, PhotoError> {
        let r#type = PhotoType::of(bytes).ok_or(PhotoError::NoPicture)?;
        let id = id_of(bytes);
        let mut listed = self.of(&order);
        if let Some(known) = listed.iter().find(|photo| photo.id == id) {
            return Ok(known.clone());
        }
        self.check_room(listed.len(), bytes.len())?;
        let photo = PhotoView { id, r#type, bytes: bytes.len() as u64, at, by: shortened(by) };
        let folder = self.folder(&order);
        file::create_dir(&self.dir)?;
        file::create_dir(&folder)?;
        file::replace(&folder.join(name_of(&photo)), bytes, 0o600)?;
        listed.push(photo.clone());
        write_list(&folder, &listed)?;
        self.bytes += photo.bytes;
        self.kept.insert(order, listed);
        Ok(photo)
    }

    /// A photo and its bytes, checked against its name.
    pub fn read(&self, order: &Digest, id: &str) -> Result<(PhotoView, Vec<u8>), PhotoError> {
        let photo = self.find(order, id)?.clone();
        let bytes = match file::read(&self.folder(order).join(name_of(&photo)), PHOTO_BYTES_MAX as u64) {
            Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => {
                return Err(PhotoError::Damaged);
            }
            read => read?,
        };
        if id_of(&bytes) != photo.id { Err(PhotoError::Damaged) } else { Ok((photo, bytes)) }
    }

    /// Removes a photo: from the list first, which is what counts.
    pub fn remove(&mut self, order: &Digest, id: &str) -> Result<(), PhotoError> {
        let photo = self.find(order, id)?.clone();
        let mut listed = self.of(order);
        listed.retain(|other| other.id != photo.id);
        let folder = self.folder(order);
        if listed.is_empty() {
            self.forget(order)?;
            return Ok(());
        }
        write_list(&folder, &listed)?;
        remove_file(&folder.join(name_of(&photo)))?;
        self.bytes -= photo.bytes;
        self.kept.insert(*order, listed);
        Ok(())
    }

    /// Removes every photo of a work order.
    pub fn forget(&mut self, order: &Digest) -> Result<(), StoreError> {
        let Some(listed) = self.kept.remove(order) else { return Ok(()) };
        self.bytes -= listed.iter().map(|photo| photo.bytes).sum::<u64>();
        let folder = self.folder(order);
        fs::remove_dir_all(&folder).map_err(StoreError::at("remove", &folder))?;
        file::sync_dir(&self.dir)
    }

    /// Removes the photos of work orders that are gone.
    pub fn retain(&mut self, is_known: impl Fn(&Digest) -> bool) -> Result<(), StoreError> {
        let gone: Vec<Digest> = self.kept.keys().filter(|order| !is_known(order)).copied().collect();
        gone.iter().try_for_each(|order| self.forget(order))
    }

    fn check_room(&self, photos: usize, bytes: usize) -> Result<(), PhotoError> {
        const MIB: u64 = 1024 * 1024;
        if bytes > PHOTO_BYTES_MAX {
            return Err(PhotoError::Large(bytes));
        }
        if photos >= PHOTOS_PER_ORDER_MAX {
            return Err(PhotoError::Many);
        }
        if self.bytes + bytes as u64 > self.bytes_max {
            return Err(PhotoError::Full { found: self.bytes.div_ceil(MIB), max: self.bytes_max / MIB });
        }
        Ok(())
    }

    fn find(&self, order: &Digest, id: &str) -> Result<&PhotoView, PhotoError> {
        let found = self.kept.get(order).and_then(|listed| listed.iter().find(|photo| photo.id == id));
        found.ok_or_else(|| PhotoError::Unknown(id.chars().take(ID_DIGITS).collect()))
    }

    fn folder(&self, order: &Digest) -> PathBuf {
        self.dir.join(order.to_string())
    }
}

fn id_of(bytes: &[u8]) -> String {
    Digest::of(DOMAIN, &[bytes]).to_string()[..ID_DIGITS].to_owned()
}

fn shortened(by: &str) -> String {
    by.chars().filter(|one| !one.is_control()).take(BY_CHARS_MAX).collect()
}

fn name_of(photo: &PhotoView) -> String {
    format!("{}.{}", photo.id, photo.r#type.extension())
}

fn write_list(folder: &Path, listed: &[PhotoView]) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(listed).expect("invariant: plain text and numbers");
    let hash = blake3::hash(&text).to_hex();
    text.push(b'\n');
    text.extend_from_slice(hash.as_bytes());
    file::replace(&folder.join(LIST), &text, 0o600)
}

/// A list, if it is what was written. Lists of earlier releases carry no hash in a last line of their own.
fn read_list(bytes: &[u8]) -> Option<Vec<PhotoView>> {
    let line = bytes.iter().rposition(|byte| *byte == b'\n').map(|end| bytes.split_at(end));
    let text = match line {
        Some((text, hash)) if hash.len() == 1 + HASH_DIGITS => {
            (blake3::hash(text).to_hex().as_bytes() == &hash[1..]).then_some(text)?
        }
        Some(_) | None => bytes,
    };
    serde_json::from_slice(text).ok()
}

/// The list of a work order's folder, with no other pictures in the folder than those it names. One that is gone stays
/// in the list: whoever asks for it is told.
fn settle(folder: &Path) -> Result<Vec<PhotoView>, StoreError> {
    let present = names(folder)?;
    let listed = file::read(&folder.join(LIST), LIST_BYTES_MAX).ok();
    let listed = listed.and_then(|text| read_list(&text));
    let Some(listed) = listed.filter(|listed| listed.len() <= PHOTOS_PER_ORDER_MAX) else {
        if present.iter().any(|name| name == LIST) {
            let (list, aside) = (folder.join(LIST), folder.join(DAMAGED_LIST));
            fs::rename(&list, &aside).map_err(StoreError::at("move aside", &list))?;
        }
        let derived = derive(folder, &present)?;
        if !derived.is_empty() && !folder.join(DAMAGED_LIST).exists() {
            // The list itself is gone; what stands here says so from now on.
            file::replace(&folder.join(DAMAGED_LIST), b"", 0o600)?;
        }
        return Ok(derived);
    };
    for name in present.iter().filter(|name| *name != LIST && *name != DAMAGED_LIST) {
        if !listed.iter().any(|photo| name_of(photo) == *name) {
            remove_file(&folder.join(name))?;
        }
    }
    Ok(listed)
}

/// A list made from the pictures: when is when they were written, by whom is not known.
fn derive(folder: &Path, present: &[String]) -> Result<Vec<PhotoView>, StoreError> {
    let mut listed = Vec::new();
    for name in present.iter().take(4 * PHOTOS_PER_ORDER_MAX) {
        let path = folder.join(name);
        let Ok(bytes) = file::read(&path, PHOTO_BYTES_MAX as u64) else { continue };
        let Some(r#type) = PhotoType::of(&bytes) else { continue };
        let written = fs::metadata(&path).and_then(|found| found.modified()).ok();
        let since = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
        let at = Time::from_ms(i64::try_from(since.as_millis()).unwrap_or(0));
        let photo = PhotoView { id: id_of(&bytes), r#type, bytes: bytes.len() as u64, at, by: String::new() };
        if name_of(&photo) == *name {
            listed.push(photo);
        }
    }
    listed.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    listed.truncate(PHOTOS_PER_ORDER_MAX);
    write_list(folder, &listed)?;
    Ok(listed)
}

/// Names in a folder; none when there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StoreError::at("read", folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(StoreError::at("read", folder))?.file_name();
        names.extend(name.into_string());
    }
    names.sort();
    Ok(names)
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::at("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;

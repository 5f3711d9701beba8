//! Reading single blocks of `blocks.log` by height, while the log is being appended to by its owner.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use ledger::input::StoredBlock;
use ledger::record::{self, Frame};
use protocol::Height;
use protocol::limits::BLOCK_RECORD_BYTES_MAX;

use super::StoreError;

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of its file.
    pub segment: u32,
    /// Its first byte there.
    pub offset: u64,
    /// Its length with frame, bytes.
    pub len: u32,
}

/// The file of a number.
pub(super) fn path_of(dir: &Path, segment: u32) -> PathBuf {
    dir.join(format!("blocks-{segment:06}.log"))
}

/// Numbers of the files of a folder, rising.
pub(super) fn segments(dir: &Path) -> Result<Vec<u32>, StoreError> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(StoreError::at("read", dir))? {
        let name = entry.map_err(StoreError::at("read", dir))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("blocks-")?.strip_suffix(".log"));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Knows where every block is and reads them.
#[derive(Debug)]
pub struct BlockFiles {
    dir: PathBuf,
    places: Vec<Place>,
    /// The file read last.
    open: Option<(u32, File)>,
}

impl BlockFiles {
    /// Over the folder of a scan that is finished.
    pub fn new(dir: PathBuf, places: Vec<Place>) -> Self {
        Self { dir, places, open: None }
    }

    /// The last height that is on disk.
    pub fn tip(&self) -> Height {
        Height(self.places.len() as u64)
    }

    /// Learns where the next block is; it is on disk.
    pub fn push(&mut self, place: Place) {
        self.places.push(place);
    }

    /// Reads the block of a height; `None` if there is none. A record that no longer checks out is an error.
    pub fn read(&mut self, height: Height) -> Result<Option<StoredBlock>, StoreError> {
        let index = height.0.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let Some(place) = index.and_then(|index| self.places.get(index)).copied() else { return Ok(None) };
        let path = path_of(&self.dir, place.segment);
        let bytes = self.bytes(place).map_err(StoreError::at("read", &path))?;
        let damaged = |detail: String| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidData, detail);
            StoreError { action: "read", path: path.clone(), source }
        };
        match record::read_block_frame(&bytes, 0) {
            Some(Frame::Record { body, .. }) => {
                record::decode_block(body).map(Some).map_err(|error| damaged(error.to_string()))
            }
            Some(Frame::Torn | Frame::Damaged { .. }) | None => {
                Err(damaged(format!("the record of block {height} is damaged")))
            }
        }
    }

    fn bytes(&mut self, place: Place) -> std::io::Result<Vec<u8>> {
        let file = match self.open.take().filter(|(segment, _)| *segment == place.segment) {
            Some((_, file)) => file,
            None => File::open(path_of(&self.dir, place.segment))?,
        };
        let len = (place.len as usize).min(BLOCK_RECORD_BYTES_MAX + record::FRAME_HEADER_BYTES);
        let mut bytes = vec![0; len];
        let read = file.read_exact_at(&mut bytes, place.offset);
        self.open = Some((place.segment, file));
        read.map(|()| bytes)
    }
}

//! The place in the hive's history that this node's invitation vouches for, as one line in its data folder.

use std::path::Path;

use protocol::{Checkpoint, Height};

use super::store::{StoreError, file};

/// Its file.
pub const FILE: &str = "checkpoint";
const BYTES_MAX: u64 = 512;

/// Writes it.
pub fn write(dir: &Path, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let Checkpoint { height, block, authorities } = checkpoint;
    let authorities = authorities.map(|hash| format!(" {hash}")).unwrap_or_default();
    file::replace(&dir.join(FILE), format!("{height} {block}{authorities}\n").as_bytes(), 0o644)
}

/// Reads it; `None` where there is none. The error says what was expected.
pub fn read(dir: &Path) -> Result<Option<Checkpoint>, String> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = file::read(&path, BYTES_MAX).map_err(|error| error.to_string())?;
    let wrong = || format!("{}: expected a height, a block and an authority set", path.display());
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let (height, block, authorities) = match words[..] {
        [height, block] => (height, block, None),
        [height, block, authorities] => (height, block, Some(authorities)),
        _ => return Err(wrong()),
    };
    Ok(Some(Checkpoint {
        height: Height(height.parse().map_err(|_| wrong())?),
        block: block.parse().map_err(|_| wrong())?,
        authorities: authorities.map(str::parse).transpose().map_err(|_| wrong())?,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;
    use protocol::{BlockId, Digest};

    #[test]
    fn what_was_written_is_read_and_anything_else_is_an_error() {
        let scratch = Scratch::new("checkpoint");
        assert_eq!(read(scratch.path()), Ok(None));
        for authorities in [None, Some(Digest::new([3; 32]))] {
            let checkpoint = Checkpoint { height: Height(7), block: BlockId::new([1; 32]), authorities };
            write(scratch.path(), &checkpoint).unwrap();
            assert_eq!(read(scratch.path()), Ok(Some(checkpoint)));
        }
        for wrong in ["", "7", "x y", "7 00", "1 2 3 4"] {
            file::replace(&scratch.path().join(FILE), wrong.as_bytes(), 0o644).unwrap();
            assert!(read(scratch.path()).is_err(), "{wrong}");
        }
    }
}

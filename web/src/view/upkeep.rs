//! What keeps a node well for years: its health in plain words, and the photos kept with work orders.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the node is doing, and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    pub state: HealthState,
    /// Most serious first; empty when there is nothing to say.
    pub items: Vec<HealthItem>,
}

/// The most serious weight there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Nothing, or notices only.
    #[default]
    Ok,
    /// It works, but somebody should look at it.
    Attention,
    /// It does not work as it should.
    NotReady,
}

/// One thing worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthItem {
    /// Stable and lower case with underscores.
    #[schema(example = "disk_low")]
    pub id: String,
    pub weight: HealthWeight,
    /// What it is: a plain English sentence.
    pub text: String,
    /// What to do about it: a plain English sentence.
    pub advice: String,
    /// Since when, as this process saw it.
    pub since: Option<Time>,
}

/// How much a thing matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthWeight {
    Notice,
    Attention,
    NotReady,
}

/// A photo of a work order. It never leaves the building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhotoView {
    /// 32 hex digits of a hash of the picture: the same picture has the same id.
    pub id: String,
    pub r#type: PhotoType,
    pub bytes: u64,
    pub at: Time,
    /// Who handed it in.
    pub by: String,
}

/// What a photo is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum PhotoType {
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/webp")]
    Webp,
}

impl PhotoType {
    /// By the first bytes; the picture itself is never decoded here.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// As a content type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// How such a file's name ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_what_its_first_bytes_say() {
        assert_eq!(PhotoType::of(b"\xff\xd8\xff\xe0rest"), Some(PhotoType::Jpeg));
        assert_eq!(PhotoType::of(b"\x89PNG\r\n\x1a\nrest"), Some(PhotoType::Png));
        assert_eq!(PhotoType::of(b"RIFF\x10\0\0\0WEBPVP8 "), Some(PhotoType::Webp));
        for other in [
            b"".as_slice(),
            b"<svg xmlns=",
            b"RIFF\x10\0\0\0WAVE",
            b"\xff\xd8",
            b"GIF89a",
            b"<!doctype html>",
        ] {
            assert_eq!(PhotoType::of(other), None, "{other:?}");
        }
    }
}

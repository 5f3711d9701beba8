//! Where a configuration's values come from, and how an error names the place: the file as it was given, one environment
//! variable, one flag.

use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::ConfigError;

/// Prefix of environment variables.
pub(super) const ENV_PREFIX: &str = "SYMBIOSE__";
/// Name given to flags in errors.
const FLAG_SOURCE: &str = "--set";

/// The file, so that errors name it as it was given.
pub(super) struct NamedToml {
    pub(super) file: PathBuf,
    pub(super) text: String,
}

impl Provider for NamedToml {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.file.display().to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Toml::string(&self.text).data()
    }
}

/// One `--set a.b=value`. Each is a source of its own, so that errors can name it.
pub(super) struct Flag {
    key: String,
    value: Value,
}

impl Flag {
    pub(super) fn parse(flag: &str) -> Result<Self, ConfigError> {
        let (key, value) =
            flag.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or_else(|| {
                let detail = format!("expected `key=value`, found `{flag}`");
                ConfigError { key: "flag".to_owned(), origin: FLAG_SOURCE.to_owned(), detail }
            })?;
        let value = value.parse::<Value>().unwrap_or_else(|never| match never {});
        Ok(Self { key: key.trim().to_owned(), value })
    }
}

impl Provider for Flag {
    fn metadata(&self) -> Metadata {
        Metadata::named(FLAG_SOURCE)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(&self.key, self.value.clone()).into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(nested))
    }
}

/// Figment's error as one line: key, source, what was expected.
pub(super) fn one_line(error: figment::Error, file: &Path) -> ConfigError {
    let mut path = error.path.clone();
    let mut name = |field: &str| {
        if path.last().is_none_or(|last| last != field) {
            path.push(field.to_owned());
        }
    };
    let detail = if let Kind::UnknownField(field, expected) = &error.kind {
        name(field);
        format!("no such key, expected one of {}", expected.join(", "))
    } else if let Kind::MissingField(field) = &error.kind {
        name(field);
        "missing".to_owned()
    } else {
        error.kind.to_string()
    };
    let key = if path.is_empty() { "configuration".to_owned() } else { path.join(".") };
    let origin = origin_of(error.metadata.as_ref(), &key, file);
    ConfigError { key, origin, detail: detail.split_whitespace().collect::<Vec<_>>().join(" ") }
}

/// The file, flag or environment variable a key came from.
pub(super) fn origin_of(metadata: Option<&Metadata>, key: &str, file: &Path) -> String {
    match metadata {
        None => file.display().to_string(),
        Some(metadata) if metadata.name.contains("environment") => {
            format!("{ENV_PREFIX}{}", key.replace('.', "__").to_uppercase())
        }
        Some(metadata) => metadata.name.to_string(),
    }
}

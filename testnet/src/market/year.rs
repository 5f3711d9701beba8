//! The recorded meters, slot by slot, and the bill of each member that they should lead to.

use std::path::Path;

use protocol::Address;
use serde::Deserialize;

use super::golden::Record;
use crate::error::{Error, Result};
use crate::{files, replay};

/// Net figures of every building in every slot of a record.
#[derive(Debug)]
pub struct Year {
    /// Names of the buildings, in the order of members.
    pub names: Vec<String>,
    /// The slots in order.
    pub slots: Vec<Slot>,
}

/// One slot.
#[derive(Debug)]
pub struct Slot {
    /// Its number in the record.
    pub number: u64,
    /// Load and production of each building, Wh.
    pub energy: Vec<(i64, i64)>,
}

/// Bills of each member as a file of reference figures has them, micro-EUR.
#[derive(Debug, Deserialize)]
pub struct MemberBills {
    /// With sharing by the default rule.
    pub bill: Vec<i64>,
    /// Without sharing.
    pub none: Vec<i64>,
}

impl Year {
    /// Reads one record from the data folder.
    pub fn read(record: Record) -> Result<Self> {
        let path = existing(record.file())?;
        let series = replay::read(&path, 1)?;
        let names = series.iter().map(|series| series.building().to_owned()).collect();
        let mut slots: Vec<Slot> =
            series[0].slots().map(|(number, _)| Slot { number, energy: Vec::new() }).collect();
        for series in &series {
            for (slot, (_, (load_wh, pv_wh))) in slots.iter_mut().zip(series.slots()) {
                slot.energy.push((signed(load_wh), signed(pv_wh)));
            }
        }
        Ok(Self { names, slots })
    }

    /// Consumption of each building over the whole record, Wh.
    pub fn consumption(&self) -> Vec<u32> {
        let of = |place: usize| self.slots.iter().map(|slot| slot.energy[place].0).sum::<i64>();
        (0..self.names.len()).map(|place| u32::try_from(of(place)).unwrap_or(u32::MAX)).collect()
    }

    /// The member that stands for a building; members are in the order of buildings.
    pub fn member(place: usize) -> Address {
        let mut bytes = [0; Address::LEN];
        bytes[..8].copy_from_slice(&(place as u64).to_be_bytes());
        Address::new(bytes)
    }
}

impl MemberBills {
    /// Reads the reference figures of one record.
    pub fn read(record: Record) -> Result<Self> {
        let path = existing(record.golden())?;
        let text = files::read_text(&path)?;
        serde_json::from_str(&text).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
    }
}

fn existing(file: &str) -> Result<std::path::PathBuf> {
    let path = super::folder().join(file);
    if !Path::is_file(&path) {
        let path = path.display();
        return Err(Error::Usage(format!(
            "{path} is not there: SYMBIOSE_DATA names the folder that holds energy/"
        )));
    }
    Ok(path)
}

fn signed(wh: u64) -> i64 {
    i64::try_from(wh).expect("invariant: the record is bounded to 1 GWh a slot")
}

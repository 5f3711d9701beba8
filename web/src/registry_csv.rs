//! A registry as a table (RFC 4180), one line per fact, so that any spreadsheet can make one. Lines come in any order;
//! what they say together is checked as a whole.

use crate::problem::{Kind, Problem};
use crate::view::{
    ChargePart, ChargeView, LawView, LotView, OccupantView, OfficeView, OwnerView, PersonView, RegistryView,
    TitleView,
};
use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer, value::StrDeserializer};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// The first line.
const HEAD: &str = "record,id,name,kind,votes,lot,person,right,parts,whole,from,until";
const COLUMNS: usize = 12;
/// Lines of a table.
const LINES_MAX: usize = 400_000;
/// Letters of a wrong cell that are repeated.
const FOUND_CHARS_MAX: usize = 40;
const KINDS: &str = "dwelling, premises, cellar or parking";
const RIGHTS: &str = "full, bare or usufruct";
const DUTIES: &str = "syndic, syndic_partner, syndic_relative, syndic_staff, council, auditor, mandated, manager or technician";
/// What a spreadsheet would take for a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// The table of a registry.
pub(crate) fn write(registry: &RegistryView) -> String {
    let mut text = format!("{HEAD}\r\n");
    let mut line = |record: &str, cells: &[(usize, String)]| {
        let mut row = vec![String::new(); COLUMNS];
        row[0] = record.to_owned();
        cells.iter().for_each(|(column, cell)| row[*column] = quoted(cell));
        text.push_str(&row.join(","));
        text.push_str("\r\n");
    };
    line("deed", &[(4, registry.votes.to_string())]);
    for LawView { from, law } in &registry.laws {
        line("law", &[(2, law.clone()), (10, from.clone())]);
    }
    for person in &registry.persons {
        let kind = if person.legal { "legal" } else { "natural" };
        line("person", &[(1, person.id.to_string()), (2, person.name.clone()), (3, kind.to_owned())]);
    }
    for lot in &registry.lots {
        let (id, votes) = (lot.id.to_string(), lot.votes.to_string());
        line("lot", &[(1, id.clone()), (2, lot.name.clone()), (3, word(&lot.kind)), (4, votes)]);
        for title in &lot.titles {
            for owner in &title.owners {
                let owns = [
                    (5, id.clone()),
                    (6, owner.person.to_string()),
                    (7, word(&owner.right)),
                    (8, owner.parts.to_string()),
                    (9, title.whole.to_string()),
                    (10, title.from.clone()),
                ];
                line("owner", &owns);
            }
            if let Some(person) = title.representative {
                line("representative", &[(5, id.clone()), (6, person.to_string()), (10, title.from.clone())]);
            }
        }
        for one in &lot.occupants {
            let until = one.until.clone().unwrap_or_default();
            let lives = [(5, id.clone()), (6, one.person.to_string()), (10, one.from.clone()), (11, until)];
            line("occupant", &lives);
        }
    }
    for office in &registry.offices {
        let until = office.until.clone().unwrap_or_default();
        let holds =
            [(3, word(&office.duty)), (6, office.person.to_string()), (10, office.from.clone()), (11, until)];
        line("office", &holds);
    }
    for charge in &registry.charges {
        line("charge", &[(1, charge.id.to_string()), (2, charge.name.clone())]);
        for part in &charge.parts {
            let bears = [(1, charge.id.to_string()), (4, part.votes.to_string()), (5, part.lot.to_string())];
            line("part", &bears);
        }
    }
    text
}

/// The registry of a table, not yet checked as a whole. A problem names its line, from 1.
pub(crate) fn read(text: &str) -> Result<RegistryView, Problem> {
    let mut rows = Rows::of(text.trim_start_matches('\u{feff}'));
    let head = rows.next().transpose()?.map(|row| row.join(","));
    if head.as_deref() != Some(HEAD) {
        return Err(Problem::new(Kind::Invalid, format!("expected the first line `{HEAD}`")).field("line 1"));
    }
    let mut table = Table::default();
    for (row, number) in rows.zip(2..) {
        table.take(&Row { cells: row?, number })?;
    }
    Ok(table.registry())
}

#[derive(Default)]
struct Table {
    registry: RegistryView,
    lots: BTreeMap<u32, LotView>,
    titles: BTreeMap<(u32, String), TitleView>,
    charges: BTreeMap<u16, ChargeView>,
    occupants: Vec<(u32, OccupantView)>,
    parts: Vec<(u16, ChargePart)>,
}

impl Table {
    fn take(&mut self, row: &Row) -> Result<(), Problem> {
        match row.cells[0].as_str() {
            "deed" => self.registry.votes = row.number(4)?,
            "law" => self.registry.laws.push(LawView { from: row.text(10), law: row.text(2) }),
            "person" => {
                let legal = match row.cells[3].as_str() {
                    "natural" | "" => false,
                    "legal" => true,
                    _ => return Err(row.wrong_in(3, "natural or legal")),
                };
                let person = PersonView { id: row.number(1)?, name: row.text(2), legal };
                self.registry.persons.push(person);
            }
            "lot" => {
                let lot = LotView {
                    id: row.number(1)?,
                    name: row.text(2),
                    kind: row.word(3, KINDS)?,
                    votes: row.number(4)?,
                    titles: Vec::new(),
                    occupants: Vec::new(),
                };
                if self.lots.insert(lot.id, lot).is_some() {
                    return Err(row.wrong("each lot once"));
                }
            }
            "owner" => {
                let right = row.word(7, RIGHTS)?;
                let owner = OwnerView { person: row.number(6)?, right, parts: row.number(8)? };
                let whole = row.number(9)?;
                let title = self.title(row)?;
                if !title.owners.is_empty() && title.whole != whole {
                    return Err(row.wrong("the same whole for all owners of a lot"));
                }
                title.whole = whole;
                title.owners.push(owner);
            }
            "representative" => self.title(row)?.representative = Some(row.number(6)?),
            "occupant" => {
                let one =
                    OccupantView { person: row.number(6)?, from: row.text(10), until: row.optional(11) };
                self.occupants.push((row.number(5)?, one));
            }
            "office" => {
                let office = OfficeView {
                    person: row.number(6)?,
                    duty: row.word(3, DUTIES)?,
                    from: row.text(10),
                    until: row.optional(11),
                };
                self.registry.offices.push(office);
            }
            "charge" => {
                let charge = ChargeView { id: row.number(1)?, name: row.text(2), parts: Vec::new() };
                if self.charges.insert(charge.id, charge).is_some() {
                    return Err(row.wrong("each charge once"));
                }
            }
            "part" => {
                let part = ChargePart { lot: row.number(5)?, votes: row.number(4)? };
                self.parts.push((row.number(1)?, part));
            }
            _ => {
                return Err(row.wrong(
                    "deed, law, person, lot, owner, representative, occupant, office, charge or part",
                ));
            }
        }
        Ok(())
    }

    fn title(&mut self, row: &Row) -> Result<&mut TitleView, Problem> {
        let from = row.text(10);
        let empty = TitleView { from: from.clone(), whole: 0, owners: Vec::new(), representative: None };
        Ok(self.titles.entry((row.number(5)?, from)).or_insert(empty))
    }

    /// Everything in the order of numbers and days. What names a lot or charge that no line has makes one without a
    /// name, which is refused when the whole is checked.
    fn registry(mut self) -> RegistryView {
        let nameless = |id| LotView {
            id,
            name: String::new(),
            kind: crate::view::LotKindName::Dwelling,
            votes: 0,
            titles: Vec::new(),
            occupants: Vec::new(),
        };
        for ((lot, _), title) in self.titles {
            self.lots.entry(lot).or_insert_with(|| nameless(lot)).titles.push(title);
        }
        for (lot, occupant) in self.occupants {
            self.lots.entry(lot).or_insert_with(|| nameless(lot)).occupants.push(occupant);
        }
        for (id, part) in self.parts {
            let empty = || ChargeView { id, name: String::new(), parts: Vec::new() };
            self.charges.entry(id).or_insert_with(empty).parts.push(part);
        }
        let mut registry = self.registry;
        registry.persons.sort_by_key(|person| person.id);
        registry.laws.sort_by(|a, b| a.from.cmp(&b.from));
        registry.lots = self.lots.into_values().collect();
        registry.charges = self.charges.into_values().collect();
        registry.charges.iter_mut().for_each(|charge| charge.parts.sort_by_key(|part| part.lot));
        registry
    }
}

struct Row {
    cells: Vec<String>,
    number: usize,
}

impl Row {
    /// Text as it was before a spreadsheet was kept from taking it for a formula.
    fn text(&self, column: usize) -> String {
        let cell = &self.cells[column];
        let bare = cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA));
        bare.unwrap_or(cell).to_owned()
    }

    fn optional(&self, column: usize) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    fn number<T: std::str::FromStr>(&self, column: usize) -> Result<T, Problem> {
        self.cells[column].trim().parse().map_err(|_| self.wrong_in(column, "a whole number"))
    }

    fn word<T: DeserializeOwned>(&self, column: usize, words: &str) -> Result<T, Problem> {
        let word: StrDeserializer<'_, serde::de::value::Error> =
            self.cells[column].as_str().into_deserializer();
        T::deserialize(word).map_err(|_| self.wrong_in(column, words))
    }

    /// What a cell should be, in the words of the table, and what it is.
    fn wrong_in(&self, column: usize, expected: &str) -> Problem {
        let name = HEAD.split(',').nth(column).unwrap_or_default();
        let found: String = self.cells[column].chars().take(FOUND_CHARS_MAX).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { format!("`{found}`") };
        self.wrong(&format!("{expected} in column `{name}`, found {found}"))
    }

    fn wrong(&self, expected: &str) -> Problem {
        Problem::new(Kind::Invalid, format!("expected {expected}")).field(format!("line {}", self.number))
    }
}

/// The name of one of our words in JSON.
fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).expect("invariant: a word is plain data");
    json.as_str().expect("invariant: a word is a string").to_owned()
}

fn quoted(cell: &str) -> String {
    let safe = if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

/// Lines as cells, one after the other, so that no more than one of them is held beside what they say. Every line has all
/// columns.
struct Rows<'a> {
    letters: Peekable<Chars<'a>>,
    /// Lines that were read.
    count: usize,
    is_over: bool,
}

impl<'a> Rows<'a> {
    fn of(text: &'a str) -> Self {
        Self { letters: text.chars().peekable(), count: 0, is_over: false }
    }

    fn wrong(&self, detail: &str) -> Problem {
        Problem::new(Kind::Invalid, detail).field(format!("line {}", self.count + 1))
    }

    /// The next line that is not empty; none at the end.
    fn read(&mut self) -> Result<Option<Vec<String>>, Problem> {
        let (mut row, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
        loop {
            let letter = self.letters.next();
            match (letter, is_quoted) {
                (Some('"'), true) if self.letters.peek() == Some(&'"') => {
                    self.letters.next();
                    cell.push('"');
                }
                (Some('"'), true) => is_quoted = false,
                (Some(letter), true) => cell.push(letter),
                (None, true) => return Err(self.wrong("expected a closing quotation mark")),
                (Some('"'), false) if cell.is_empty() => is_quoted = true,
                (Some(','), false) => {
                    row.push(std::mem::take(&mut cell));
                    if row.len() >= COLUMNS {
                        return Err(self.wrong("expected 12 columns"));
                    }
                }
                (Some('\r'), false) if self.letters.peek() == Some(&'\n') => {}
                (Some('\n') | None, false) if !(row.is_empty() && cell.is_empty()) => {
                    row.push(cell);
                    return self.whole(row).map(Some);
                }
                (Some('\n'), false) => {}
                (None, false) => return Ok(None),
                (Some(letter), false) => cell.push(letter),
            }
        }
    }

    fn whole(&mut self, row: Vec<String>) -> Result<Vec<String>, Problem> {
        if row.len() != COLUMNS {
            return Err(self.wrong("expected 12 columns"));
        }
        self.count += 1;
        if self.count > LINES_MAX {
            return Err(self.wrong("expected at most 400,000 lines"));
        }
        Ok(row)
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Vec<String>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.read().transpose();
        self.is_over = !matches!(row, Some(Ok(_)));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::registry::shown;
    use protocol::assembly::Registry;

    const TABLE: &str = "record,id,name,kind,votes,lot,person,right,parts,whole,from,until\n\
        deed,,,,1000,,,,,,,\n\
        law,,be-2020,,,,,,,,2020-01-01,\n\
        person,2,\"Ben, \"\"the\"\" owner\",natural,,,,,,,,\n\
        person,1,'=Ada,legal,,,,,,,,\n\
        lot,1,1A,dwelling,600,,,,,,,\n\
        lot,2,1B,parking,400,,,,,,,\n\
        owner,,,,,1,1,full,1,2,2020-01-01,\n\
        owner,,,,,1,2,full,1,2,2020-01-01,\n\
        representative,,,,,1,2,,,,2020-01-01,\n\
        owner,,,,,2,2,full,1,1,2020-01-01,\n\
        occupant,,,,,2,1,,,,2024-02-29,2025-01-01\n\
        office,,,syndic,,,2,,,,2020-01-01,\n\
        charge,1,Lift,,,,,,,,,\n\
        part,1,,,7,1,,,,,,\n";

    #[test]
    fn a_table_becomes_a_registry_and_a_table_again() {
        let view = read(TABLE).expect("a table");
        assert_eq!(view.persons[0].name, "=Ada");
        assert_eq!(view.persons[1].name, "Ben, \"the\" owner");
        let registry = Registry::try_from(view.clone()).expect("a registry");
        assert_eq!(shown(0, &registry), view);
        let again = write(&view);
        assert!(again.contains("'=Ada"), "{again}");
        assert_eq!(read(&again).expect("its own table"), view);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        for (from, to, line) in [
            ("deed,,,,1000", "deed,,,,many", "line 2"),
            ("be-2020", "be-2020,", "line 3"),
            ("natural", "\"natural", "line 4"),
            ("legal", "neither", "line 5"),
            ("dwelling", "castle", "line 6"),
            ("lot,2,1B", "lot,1,1B", "line 7"),
            ("owner,,,,,1,2,full,1,2", "owner,,,,,1,2,full,1,3", "line 9"),
            ("syndic", "king", "line 13"),
            ("record,", "", "line 1"),
        ] {
            let found = read(&TABLE.replacen(from, to, 1)).map_err(|problem| problem.field);
            assert_eq!(found.err(), Some(Some(line.to_owned())), "{from} as {to}");
        }
        let detail = |from, to| read(&TABLE.replacen(from, to, 1)).expect_err("a wrong table").detail;
        let castle = detail("dwelling", "castle");
        assert_eq!(castle, "expected dwelling, premises, cellar or parking in column `kind`, found `castle`");
        assert_eq!(
            detail("deed,,,,1000", "deed,,,,"),
            "expected a whole number in column `votes`, found nothing"
        );
        let king = detail("syndic", "king");
        assert!(king.ends_with("in column `kind`, found `king`") && !king.contains("variant"), "{king}");
        let strange = read(&TABLE.replace("part,1,,,7,1", "part,1,,,7,9")).expect("a table");
        assert!(Registry::try_from(strange).is_err());
    }
}

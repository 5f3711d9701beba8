//! What batteries save in a year of 24 buildings, by how they think: `cargo bench -p node --bench storage`. Cases A to G
//! are those of the published reference figures; "guided" is what a hive can do that knows only its own past. A word
//! behind `--` (`one`, `two`) leaves the other tariff out.

mod year;

use std::io::Write;
use std::time::Instant;

use node::core::plan::{Calendar, Figures, Member, Prices, Rehearsal, SlotNumber, Thinking};

/// Slots between two plans of the hive, and the slots it looks ahead.
const HIVE: (usize, usize) = (8, 112);
/// The same where what will come is known: once a day, two days ahead.
const FORESIGHT: (usize, usize) = (96, 192);

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let Some(year) = year::read("dev_simbench24_15min_wh.csv.gz") else { return };
    let (first, members) = &year.stretches[0];
    let slots = members[0].load_wh.len();
    let each = year::battery_in_each(members);
    for (name, prices) in
        [("one price", year::flat(slots)), ("two prices", year::two_prices(&year, *first, slots))]
    {
        let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
        if !asked.is_empty() && !asked.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        say(&format!("\n{name}: {slots} slots, {} buildings\n", members.len()));
        let table = Table { calendar: &year.calendar, first: *first, prices: &prices };
        table.print(members, &each);
    }
}

struct Table<'a> {
    calendar: &'a Calendar,
    first: SlotNumber,
    prices: &'a [Prices],
}

impl Table<'_> {
    fn print(&self, members: &[Member], each: &[Member]) {
        say(
            "case                                            bill EUR       %     SC     SS  peak kW  plans  ms/plan\n",
        );
        let none = self.run(members, Thinking::Absent, false);
        let rows = [
            ("A no battery, no sharing", members, Thinking::Absent, false),
            ("B no battery, sharing", members, Thinking::Absent, true),
            ("C own battery, no sharing", members, Thinking::Own, false),
            ("D own battery, then sharing", members, Thinking::Own, true),
            ("E batteries as one, greedy", members, Thinking::Together, true),
            ("F own battery, foresight, no sharing", members, Thinking::OwnForesight, false),
            ("G batteries as one, foresight: the bound", members, Thinking::Foresight, true),
            ("guided: own forecasts, peak limit", members, Thinking::Guided, true),
            ("each has one: own, then sharing", each, Thinking::Own, true),
            ("each has one: cheap whatever the peak", each, Thinking::Cheap, true),
            ("each has one: foresight", each, Thinking::Foresight, true),
            ("each has one: guided", each, Thinking::Guided, true),
        ];
        #[expect(clippy::disallowed_methods, reason = "the bench measures what a plan costs")]
        let now = Instant::now;
        let mut saved = Vec::new();
        for (name, members, thinking, sharing) in rows {
            let begun = now();
            let figures = self.run(members, thinking, sharing);
            let ms = begun.elapsed().as_secs_f64() * 1000.0 / f64::from(figures.plans.max(1));
            row(name, &figures, &none, ms);
            saved.push((name, none.bill - figures.bill));
        }
        for (guided, bound) in [(7, 6), (11, 10)] {
            #[expect(clippy::cast_precision_loss, reason = "bills of a year are far below 2^53")]
            let share = saved[guided].1 as f64 / saved[bound].1 as f64;
            say(&format!("{}: {:.2} % of the saving of the bound\n", saved[guided].0, share * 100.0));
        }
    }

    fn run(&self, members: &[Member], thinking: Thinking, sharing: bool) -> Figures {
        let (plan_every, horizon) = match thinking {
            Thinking::OwnForesight | Thinking::Foresight => FORESIGHT,
            Thinking::Absent | Thinking::Own | Thinking::Cheap | Thinking::Together | Thinking::Guided => {
                HIVE
            }
        };
        let rehearsal = Rehearsal {
            members,
            calendar: self.calendar,
            first: self.first,
            prices: self.prices,
            sharing,
            plan_every,
            horizon,
        };
        let progress = |day| {
            if day % 30 == 0 {
                say(&format!("\r  day {day}\r"));
            }
        };
        rehearsal.run(thinking, progress).expect("the past is in order")
    }
}

fn row(name: &str, figures: &Figures, none: &Figures, ms: f64) {
    #[expect(clippy::cast_precision_loss, reason = "bills and powers are far below 2^53")]
    let (bill, peak) = (figures.bill as f64 / 1e6, figures.peak_w as f64 / 1e3);
    let (sc, ss) = (figures.self_consumption(), figures.self_sufficiency());
    let change = figures.against(none);
    let plans = figures.plans;
    let cost = if plans > 0 { format!("{plans:6} {ms:8.2}") } else { String::new() };
    say(&format!("{name:44} {bill:11.1} {change:7.2} {sc:6.2} {ss:6.2} {peak:8.1} {cost}\n"));
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).expect("somebody reads");
}

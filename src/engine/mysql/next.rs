//! What the last packet of a script begins of the script that follows it: its journal row, in the
//! transaction that records the one before, or the question what its first statement finds. So a
//! script of one statement costs one turn and one commit beside the statement's own.

use super::{
    Mysql,
    effect::{Effect, effect},
    evidence,
    journal::{self, InFlight, Position},
    known::{self, Known},
    packet::{Answer, Packet, Part},
    texts::{self, Owner},
};
use crate::{
    engine::{Work, fingerprint},
    sql::Commits,
};
use anyhow::Result;

/// What has begun of a script.
#[derive(Debug)]
pub struct Begun {
    pub version: i32,
    /// Its journal row, where that is open.
    pub entry: Option<i64>,
    /// What its first statement finds, where that was asked.
    pub found: Option<Option<String>>,
}

/// How a script begins.
enum Beginning {
    /// With its journal row, on which its first statement may be in flight, and the statements that store what does
    /// not fit into it.
    Row(Position, Vec<String>),
    /// With what its first statement finds, asked by these queries.
    Probes(Vec<String>),
    /// With its own first packet.
    Nothing,
}

/// The statements that store the script that a row is about, and the checksum of the file that leads back.
pub fn script<'t>(entry: &'t str, work: &Work<'t>) -> impl Iterator<Item = String> + 't {
    let kind = texts::SCRIPT;
    let down = work.down.as_deref().into_iter().flat_map(|down| {
        let kind = texts::DOWN;
        texts::inserts(Owner { entry, kind }, down).collect::<Vec<_>>()
    });
    let down: Vec<String> = down.collect();
    texts::inserts(Owner { entry, kind }, work.text).chain(down)
}

/// A row is opened ahead only where evidence decides that the first statement was never sent.
fn beginning(next: &Work<'_>, known: &Known) -> Beginning {
    if !texts::is_small(next.text) {
        // Storing it takes packets of its own.
        return Beginning::Nothing;
    }
    let Some(first) = next.statements.first() else {
        return Beginning::Nothing;
    };
    let commits = first.facts.commits;
    if commits == Commits::Session {
        return Beginning::Row(Position::default(), Vec::new());
    }
    if commits == Commits::Transactional {
        // Its row commits with its data anyway.
        return Beginning::Nothing;
    }
    let mut stored = Vec::new();
    let evidence = match effect(first) {
        Effect::Hidden(_) => return Beginning::Nothing,
        Effect::Repeatable => None,
        Effect::Seen(seen) => match (known.first(next, &seen), evidence::expression(&seen)) {
            (Some(known), _) => {
                let (row, elsewhere) = texts::evidence("LAST_INSERT_ID()", 1, &known.to_text());
                stored = elsewhere;
                Some(row)
            }
            (None, Some(expression)) if !seen.may_look_unchanged => Some(expression),
            _ => return Beginning::Probes(evidence::probes(&Effect::Seen(seen))),
        },
    };
    let position = Position {
        done: 0,
        in_flight: Some(InFlight {
            number: 1,
            sha256: fingerprint(first.text()),
            evidence,
        }),
    };
    Beginning::Row(position, stored)
}

/// Opens the row, where that can be: for the end of the transaction that records the script before.
pub fn open(packet: &mut Packet<'_>, part: Part, next: &Work<'_>, lock: &str, known: &Known) {
    if let Beginning::Row(position, stored) = beginning(next, known) {
        packet.add(part, journal::open(next, lock, &position));
        packet.add(Part::NextEntry, "SELECT LAST_INSERT_ID()");
        for insert in script("LAST_INSERT_ID()", next).chain(stored) {
            packet.add(part, insert);
        }
    }
}

/// Asks what the first statement finds, where no row is opened: for the end of the packet.
pub fn probe(packet: &mut Packet<'_>, next: &Work<'_>, known: &Known) {
    if let Beginning::Probes(probes) = beginning(next, known) {
        for probe in probes {
            packet.add(Part::Probe, probe);
        }
    }
    if let Some(after) = next.next
        && let Some(query) = known::ahead(after, next)
    {
        packet.add(Part::Ahead, query);
    }
}

/// What the packet's answer says has begun.
pub fn begun(answer: &Answer, next: &Work<'_>) -> Begun {
    let first = next.statements.first();
    let found = match first.map(effect) {
        Some(Effect::Seen(seen)) if answer.next_entry.is_none() => {
            evidence::read(&seen, &answer.probes).map(|found| Some(found.to_text()))
        }
        _ => None,
    };
    Begun {
        version: next.version,
        entry: answer.next_entry,
        found,
    }
}

/// Takes the row back: the script does not follow.
pub async fn forget(mysql: &mut Mysql) -> Result<()> {
    let Some(entry) = mysql.begun.take().and_then(|begun| begun.entry) else {
        return Ok(());
    };
    let text = format!("DELETE FROM sgmp_db_ledger_text WHERE entry = {entry}");
    let row = format!("DELETE FROM sgmp_db_ledger WHERE id = {entry} AND state = 'running'");
    let statements = ["START TRANSACTION", &text, &row, "COMMIT"];
    mysql.packet(&statements).await.map(drop)
}

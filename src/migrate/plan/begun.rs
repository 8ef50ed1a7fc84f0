//! How far is a file that a run began and did not finish, and may its numbers be trusted?

use super::{Judge, Plan, changed};
use crate::{
    counted::part_is,
    engine::{Direction, Entry},
    migrate::{
        files::{Migration, Script},
        job::{again, verb},
    },
    outcome::{Finding, Kind},
    sql::{SqlText, same_statement},
    target::Target,
};

/// A file that a run began and did not finish.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The ledger entry that tells of it.
    pub entry: i64,
    /// Statements in the database for certain.
    pub done: usize,
    /// Number (from 1) of the statement whose end nobody recorded.
    pub in_flight: Option<usize>,
    /// The text that ran.
    pub script: SqlText,
    /// The file as it is now.
    pub file: Script,
    pub version: i32,
    /// There, or back?
    pub direction: Direction,
}

impl Begun {
    /// What goes on with it.
    pub fn again(&self, target: Target) -> String {
        again(target, self.direction, self.version - 1)
    }
}

impl<'a> Judge<'a, '_> {
    /// A file that was begun: how much of it is in the database, and is that part unchanged?
    pub(super) fn begun(
        &self,
        (migration, script, direction): (&'a Migration, &'a Script, Direction),
        entry: &Entry,
        plan: &mut Plan<'a>,
    ) {
        let done = usize::try_from(entry.statements_done).unwrap_or_default();
        let in_flight = entry
            .in_flight
            .and_then(|number| usize::try_from(number).ok());
        let applied = self.scripts.get(&entry.id).unwrap_or(&script.sql);
        plan.begun = Some(Begun {
            entry: entry.id,
            done,
            in_flight,
            script: applied.clone(),
            file: script.clone(),
            version: migration.version,
            direction,
        });
        if !entry.is_half_done() {
            return;
        }
        let (target, name, total) = (self.set.target, &script.file, entry.statements_total);
        let (again, verb) = (
            again(target, direction, migration.version - 1),
            verb(direction),
        );
        let inside = format!(
            "{name} is half-applied: {} in the database",
            part_is(done, total, "statement")
        );
        let message = match in_flight {
            Some(number) => format!(
                "{inside}, and nobody recorded how statement {number} ended; the next {verb} finds that out"
            ),
            None => inside,
        };
        plan.findings.push(
            Finding::new(Kind::HalfApplied, target, message)
                .remedy(again)
                .about(name.clone()),
        );
        plan.findings
            .extend(self.counted_otherwise((migration, script), entry, applied));
        let begun = plan.begun.as_ref();
        if let Some(begun) = begun.filter(|_| !same_beginning(applied, &script.sql, done)) {
            plan.findings.push(edited_part(target, begun, done));
        }
    }

    /// A way back that was begun. Without its file nobody knows how it goes on.
    pub(super) fn begun_back(&self, entry: &Entry, plan: &mut Plan<'a>) {
        let version = entry.version.unwrap_or_default();
        let target = self.set.target;
        let migration = self.file(version);
        let script = migration.and_then(|one| one.down.as_ref());
        if let Some((migration, script)) = migration.zip(script) {
            return self.begun((migration, script, Direction::Revert), entry, plan);
        }
        let name = entry.name.as_deref().unwrap_or_default();
        let file = format!("V{version}__{name}.down.sql");
        let done = usize::try_from(entry.statements_done).unwrap_or_default();
        let message = format!(
            "{file} is half-applied: {} in the database, and the file is missing",
            part_is(done, entry.statements_total, "statement")
        );
        plan.findings.push(
            Finding::new(Kind::History, target, message)
                .about(file.clone())
                .remedy(format!(
                    "restore {file} from version control; then go on with: {}",
                    again(target, Direction::Revert, version - 1)
                )),
        );
    }

    /// The numbers of a half-applied file mean what the release that ran it took for a statement. One that has
    /// other statements of the same text (a carriage return that ends a comment) would go on at the wrong place.
    fn counted_otherwise(
        &self,
        (migration, script): (&Migration, &Script),
        entry: &Entry,
        applied: &SqlText,
    ) -> Option<Finding> {
        let is_same = entry.checksum.as_deref() == Some(script.checksum().as_str());
        let is_known = is_same || self.scripts.contains_key(&entry.id);
        let counted = applied.parsed().ok()?.len();
        if !is_known || usize::try_from(entry.statements_total) == Ok(counted) {
            return None;
        }
        let (target, name, version) = (self.set.target, &script.file, migration.version);
        let message = format!(
            "{name} is half-applied, and the release that ran it counted {} statements where this one counts {counted}, \
             so nobody knows where to go on",
            entry.statements_total
        );
        let remedy = format!(
            "finish the file by hand, then record it: sgmp-db resolve {version} --only {target} --applied; \
             or undo by hand what is there of it, then: sgmp-db resolve {version} --only {target} --reverted"
        );
        Some(
            Finding::new(Kind::History, target, message)
                .about(name.clone())
                .remedy(remedy),
        )
    }
}

/// An edit of the statements that are in the database already, in a file that has not run to its end.
pub fn edited_part(target: Target, begun: &Begun, done: usize) -> Finding {
    let name = &begun.file.file;
    let which = match done {
        1 => "statement 1, which is in the database,".to_owned(),
        _ => format!("a statement among the first {done}, which are in the database,"),
    };
    let message = format!("{name} is half-applied, and {which} was edited since");
    changed(target, Some(begun.script.as_str()), &begun.file, message).remedy(format!(
        "put that part back as it was, what stands behind it may change; then go on with: {}",
        begun.again(target)
    ))
}

/// Are the first `count` statements of both texts the same SQL?
pub fn same_beginning(applied: &SqlText, file: &SqlText, count: usize) -> bool {
    let (Ok(applied), Ok(file)) = (applied.parsed(), file.parsed()) else {
        return false;
    };
    applied.len() >= count
        && file.len() >= count
        && applied
            .iter()
            .zip(file)
            .take(count)
            .all(|(a, b)| same_statement(a, b))
}

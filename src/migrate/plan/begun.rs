//! How far is a file that a run began and did not finish, and may its numbers be trusted?

use super::{Judge, Plan, changed};
use crate::{
    counted::part_of,
    engine::Entry,
    migrate::files::Migration,
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
}

impl<'a> Judge<'a, '_> {
    /// A file that was begun: how much of it is in the database, and is that part unchanged?
    pub(super) fn begun(&self, file: &'a Migration, entry: &Entry, plan: &mut Plan<'a>) {
        let done = usize::try_from(entry.statements_done).unwrap_or_default();
        let in_flight = entry
            .in_flight
            .and_then(|number| usize::try_from(number).ok());
        let applied = self.scripts.get(&entry.id).unwrap_or(&file.up.sql);
        plan.begun = Some(Begun {
            entry: entry.id,
            done,
            in_flight,
            script: applied.clone(),
        });
        if !entry.is_half_done() {
            return;
        }
        let (target, name, total) = (self.set.target, &file.up.file, entry.statements_total);
        let inside = format!(
            "{name} is half-applied: {} are in the database",
            part_of(done, total, "statement")
        );
        let message = match in_flight {
            Some(number) => format!(
                "{inside}, and nobody recorded how statement {number} ended; the next upgrade finds that out"
            ),
            None => inside,
        };
        plan.findings.push(
            Finding::new(Kind::HalfApplied, target, message)
                .remedy(format!("sgmp-db upgrade --only {target}"))
                .about(name.clone()),
        );
        plan.findings
            .extend(self.counted_otherwise(file, entry, applied));
        let begun = plan.begun.as_ref();
        if let Some(begun) = begun.filter(|_| !same_beginning(applied, &file.up.sql, done)) {
            plan.findings.push(edited_part(target, begun, file, done));
        }
    }

    /// The numbers of a half-applied file mean what the release that ran it took for a statement. One that has
    /// other statements of the same text (a carriage return that ends a comment) would go on at the wrong place.
    fn counted_otherwise(
        &self,
        file: &Migration,
        entry: &Entry,
        applied: &SqlText,
    ) -> Option<Finding> {
        let is_same = entry.checksum.as_deref() == Some(file.up.checksum().as_str());
        let is_known = is_same || self.scripts.contains_key(&entry.id);
        let counted = applied.parsed().ok()?.len();
        if !is_known || usize::try_from(entry.statements_total) == Ok(counted) {
            return None;
        }
        let (target, name, version) = (self.set.target, &file.up.file, file.version);
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
pub fn edited_part(target: Target, begun: &Begun, file: &Migration, done: usize) -> Finding {
    let name = &file.up.file;
    let which = match done {
        1 => "statement 1, which is in the database,".to_owned(),
        _ => format!("a statement among the first {done}, which are in the database,"),
    };
    let message = format!("{name} is half-applied, and {which} was edited since");
    changed(target, Some(begun.script.as_str()), file, message).remedy(format!(
        "put that part back as it was, what stands behind it may change; then go on with: sgmp-db upgrade --only {target}"
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

//! What is applied, what is pending, and does the record agree with the files? Pure.

mod begun;

pub use begun::Begun;
pub(super) use begun::{edited_part, same_beginning};

use super::files::{Migration, MigrationSet, Script};
use crate::{
    engine::{Direction, Entry, Event, HistoryRow, Record, Survey},
    outcome::{Applied, Finding, Kind, Pending, TargetReport, quoted},
    sql::{SqlText, same_sql},
    target::Target,
};
use similar::TextDiff;
use std::collections::BTreeMap;

/// What the record and the files say together.
#[derive(Debug)]
pub struct Plan<'a> {
    pub target: Target,
    pub report: TargetReport,
    /// Files that the database lacks, in order.
    pub pending: Vec<&'a Migration>,
    /// How far the first pending file, or the newest version's way back, is, where it was begun.
    pub begun: Option<Begun>,
    pub findings: Vec<Finding>,
    pub notes: Vec<Finding>,
}

/// Ledger entries whose full text the comparison needs, because a checksum differs.
pub fn wanted_scripts(set: &MigrationSet, record: &Record) -> Vec<i64> {
    let differs = |entry: &Entry, script: &Script| {
        entry.checksum.as_deref() != Some(script.checksum().as_str())
    };
    let mut wanted: Vec<i64> = set
        .migrations
        .iter()
        .filter_map(|migration| {
            let version = migration.version;
            let entry = match record.applied_entry(version) {
                Some(entry) => entry,
                None => record.latest_entry(version)?,
            };
            (entry.event != Event::Revert && differs(entry, &migration.up)).then_some(entry.id)
        })
        .collect();
    if let Some(entry) = record.half_reverted()
        && let Some(down) = set.way_back(entry.version)
        && differs(entry, down)
    {
        wanted.push(entry.id);
    }
    wanted
}

/// Compares record and files. `scripts` are the texts of `wanted_scripts`.
pub fn plan<'a>(
    set: &'a MigrationSet,
    survey: &Survey,
    scripts: &BTreeMap<i64, SqlText>,
) -> Plan<'a> {
    let mut plan = Plan {
        target: set.target,
        report: TargetReport::default(),
        pending: Vec::new(),
        begun: None,
        findings: Vec::new(),
        notes: Vec::new(),
    };
    let judge = Judge {
        set,
        record: &survey.record,
        scripts,
    };
    for row in &survey.record.history {
        judge.applied(row, &mut plan);
    }
    judge.pending(&mut plan);
    judge.unrecorded(survey, &mut plan);
    if !plan.pending.is_empty() {
        plan.notes.extend(survey.cautions.iter().cloned());
    }
    plan.report.version = survey.record.version();
    plan.report.latest = set.migrations.last().map(|migration| migration.version);
    plan.report.server = Some(survey.server.clone());
    plan.report.pending = plan
        .pending
        .iter()
        .map(|one| Pending {
            version: one.version,
            name: one.name.clone(),
            sql: None,
        })
        .collect();
    plan
}

struct Judge<'a, 'b> {
    set: &'a MigrationSet,
    record: &'b Record,
    scripts: &'b BTreeMap<i64, SqlText>,
}

impl<'a> Judge<'a, '_> {
    fn file(&self, version: i32) -> Option<&'a Migration> {
        self.set
            .migrations
            .iter()
            .find(|migration| migration.version == version)
    }

    /// One applied migration against its file.
    fn applied(&self, row: &HistoryRow, plan: &mut Plan<'a>) {
        let entry = self.record.applied_entry(row.version);
        plan.report.applied.push(Applied {
            version: row.version,
            name: row.name.clone(),
            sha256: entry.and_then(|entry| entry.checksum.clone()),
            applied_on: Some(row.applied_on.clone()).filter(|text| !text.is_empty()),
            duration_ms: entry
                .and_then(|entry| entry.duration_ms)
                .and_then(|milliseconds| u64::try_from(milliseconds).ok()),
        });
        match self.file(row.version) {
            None => plan.findings.push(self.without_file(row)),
            Some(file) if file.name != row.name => {
                plan.findings.push(renamed(self.set.target, row, file))
            }
            Some(file) => self.text(row, entry, file, plan),
        }
    }

    /// Is the file still what was applied?
    fn text(&self, row: &HistoryRow, entry: Option<&Entry>, file: &Migration, plan: &mut Plan<'a>) {
        let target = self.set.target;
        let Some(entry) = entry else {
            // Another tool applied it: refinery's own checksum decides.
            if row.checksum != file.refinery_checksum().to_string() {
                let message = format!(
                    "{} is not the text that was applied (refinery's checksum differs; the applied text is not recorded)",
                    file.up.file
                );
                plan.findings.push(
                    Finding::new(Kind::Checksum, target, message)
                        .about(file.up.file.clone())
                        .remedy(format!("restore {} from version control", file.up.file)),
                );
            }
            return;
        };
        if entry.checksum.as_deref() == Some(file.up.checksum().as_str()) {
            return;
        }
        let applied = self.scripts.get(&entry.id);
        match applied {
            Some(applied) if same_sql(applied, &file.up.sql) => plan.notes.push(
                Finding::new(
                    Kind::Checksum,
                    target,
                    format!(
                        "{} differs from what was applied in comments or blank space only",
                        file.up.file
                    ),
                )
                .about(file.up.file.clone()),
            ),
            _ => plan
                .findings
                .push(edited(target, applied.map(SqlText::as_str), file)),
        }
    }

    fn without_file(&self, row: &HistoryRow) -> Finding {
        let target = self.set.target;
        let latest = self
            .set
            .migrations
            .last()
            .map_or(0, |migration| migration.version);
        let (version, name) = (row.version, &row.name);
        let finding = if version > latest {
            Finding::new(
                Kind::History,
                target,
                format!("V{version}__{name} is applied and newer than the newest file here, V{latest}: this binary is older than the database"),
            )
            .remedy("run the sgmp-db that has this migration, or a newer one")
        } else {
            Finding::new(
                Kind::History,
                target,
                format!("V{version}__{name} is applied and its file is missing"),
            )
            .remedy(format!(
                "restore V{version}__{name}.sql from version control"
            ))
        };
        finding.about(format!("V{version}__{name}"))
    }

    /// What the database lacks; a file below the current version is out of order.
    fn pending(&self, plan: &mut Plan<'a>) {
        let current = self.record.version();
        for file in &self.set.migrations {
            if self
                .record
                .history
                .iter()
                .any(|row| row.version == file.version)
            {
                continue;
            }
            if current.is_some_and(|current| file.version < current) {
                let current = current.unwrap_or_default();
                plan.findings.push(
                    Finding::new(
                        Kind::History,
                        self.set.target,
                        format!(
                            "{} is not applied, though V{current} is: out of order",
                            file.up.file
                        ),
                    )
                    .about(file.up.file.clone())
                    .remedy(format!(
                        "give the change a number above V{current}: sgmp-db new {} --only {}",
                        quoted(&file.name),
                        self.set.target
                    )),
                );
                continue;
            }
            plan.pending.push(file);
        }
        if let Some(entry) = self.record.half_reverted() {
            self.begun_back(entry, plan);
        } else if let Some(first) = plan.pending.first().copied()
            && let Some(entry) = self.record.latest_entry(first.version)
            && matches!(entry.event, Event::Apply | Event::Resolve)
        {
            self.begun((first, &first.up, Direction::Apply), entry, plan);
        }
    }

    /// A schema that no record accounts for was made by somebody else.
    fn unrecorded(&self, survey: &Survey, plan: &mut Plan<'a>) {
        let begun = self.record.ledger.iter().any(Entry::is_half_done);
        if !self.record.history.is_empty() || begun || survey.foreign.is_empty() {
            return;
        }
        let mut names: Vec<String> = survey
            .foreign
            .iter()
            .map(|object| format!("{} {}", object.kind, object.name))
            .collect();
        let count = names.len();
        let maker = match survey
            .foreign
            .iter()
            .any(|object| object.name == "alembic_version")
        {
            true => " (alembic_version is there: flask-migrate made it)",
            false => "",
        };
        if count > 12 {
            names.truncate(12);
            names.push(format!("and {} more", count - 12));
        }
        plan.findings.push(
            Finding::new(
                Kind::History,
                self.set.target,
                format!(
                    "the database holds a schema without a history{maker}: {}",
                    names.join(", ")
                ),
            )
            .remedy(format!(
                "it must be adopted before it can be upgraded: sgmp-db adopt --only {}",
                self.set.target
            )),
        );
    }
}

fn renamed(target: Target, row: &HistoryRow, file: &Migration) -> Finding {
    Finding::new(
        Kind::History,
        target,
        format!(
            "V{} was applied as {} and is now called {}",
            row.version, row.name, file.name
        ),
    )
    .about(file.up.file.clone())
    .remedy(format!(
        "rename {} back to V{}__{}.sql",
        file.up.file, row.version, row.name
    ))
}

/// A real edit, with what changed.
fn edited(target: Target, applied: Option<&str>, file: &Migration) -> Finding {
    let (name, version) = (&file.up.file, file.version);
    changed(target, applied, &file.up, format!("{name} was edited after it was applied")).remedy(format!(
        "restore {name} from version control and put the change in a new file: sgmp-db new NAME --only {target}; \
         or let the file as it is now stand for what was applied: sgmp-db resolve {version} --only {target} --accept-checksum"
    ))
}

fn changed(target: Target, applied: Option<&str>, script: &Script, message: String) -> Finding {
    let name = &script.file;
    let finding = Finding::new(Kind::Checksum, target, message).about(name.clone());
    match applied {
        None => finding,
        Some(applied) => finding.patch(
            &TextDiff::from_lines(applied, script.text())
                .unified_diff()
                .header(&format!("{name} (applied)"), &format!("{name} (file)"))
                .to_string(),
        ),
    }
}

//! `check`: everything that can be known of the files without a server.

use super::targets;
use crate::{
    cli::CheckArguments,
    config::Settings,
    counted::counted,
    drift::Committed,
    migrate::files::{self, MigrationSet, lint},
    outcome::{Document, Failure, Finding, Kind, TargetReport},
};
use anyhow::Result;

/// Checks the files of every addressed database; with `--fix` writes their `migrations.sum` first.
pub fn run(settings: &Settings, arguments: &CheckArguments, document: &mut Document) -> Result<()> {
    let mut checked = Vec::new();
    for target in &settings.targets {
        let source = targets::source(settings);
        let wrote = if arguments.fix {
            source.write_sum(*target)?
        } else {
            None
        };
        checked.extend(wrote.map(|path| format!("wrote {path}")));
        match source.load(*target) {
            Ok(set) => {
                let beside = targets::policies(settings, &set).and_then(|_| schema(&set));
                match beside {
                    Ok(notes) => document.notes.extend(notes),
                    Err(failures) => failures
                        .into_iter()
                        .for_each(|failure| document.fail(&failure.into())),
                }
                checked.push(tell(&set, document));
            }
            Err(failures) => {
                failures
                    .into_iter()
                    .for_each(|failure| document.fail(&failure.into()));
            }
        }
    }
    document.words = checked;
    Ok(())
}

/// What is written down of the schema: readable, whole and of the newest file?
fn schema(set: &MigrationSet) -> Result<Vec<Finding>, Vec<Failure>> {
    let committed = Committed::read(set)?;
    let steps = committed.steps().map_err(|failure| vec![failure])?;
    let mut notes = committed.notes.clone();
    let known = steps.and_then(|steps| Some(steps.steps.last()?.version));
    if known.is_some() && known != committed.latest {
        notes.push(
            "schema.steps does not go to the newest file; write it anew: sgmp-db snapshot"
                .to_owned(),
        );
    }
    Ok(notes
        .into_iter()
        .map(|note| Finding::new(Kind::Unknown, set.target, note))
        .collect())
}

fn tell(set: &MigrationSet, document: &mut Document) -> String {
    let target = set.target;
    let latest = set.migrations.last().map(|migration| migration.version);
    document.targets.insert(
        target,
        TargetReport {
            latest,
            ..TargetReport::default()
        },
    );
    let problems = lint(set);
    let mut blocking = problems.iter().filter(|problem| problem.blocks()).count();
    for problem in problems {
        if problem.blocks() {
            document.fail(&problem.failure(target).into());
        } else {
            document.notes.push(
                Finding::remark(target, format!("{}: {}", problem.file, problem.message))
                    .about(problem.file)
                    .remedy(problem.remedy),
            );
        }
    }
    blocking += super::lint::tell(set, document);
    for note in &set.notes {
        document.notes.push(Finding::remark(target, note.clone()));
    }
    let sum = match set.sum {
        files::SumState::Present => "as migrations.sum has them",
        files::SumState::Absent => "without migrations.sum",
    };
    let count = set.migrations.len();
    let latest = latest.map_or_else(|| "none".to_owned(), |latest| format!("V{latest}"));
    format!(
        "{target}: {} to {latest}, {sum}, {}",
        counted(count, "migration"),
        counted(blocking, "problem")
    )
}

//! The rules of `crate::lint` over a project's files, with what the files allow taken out.

use super::{Migration, MigrationSet, Script, is_atomic, lint, parallel};
use crate::lint::{File, Origin, REFUSALS, Reviewer, Severity, Told, rule};
use crate::target::Target;

/// One broken rule, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: &'static str,
    pub severity: Severity,
    pub file: String,
    /// From 1.
    pub line: Option<usize>,
    /// What is wrong here: lower case, no full stop.
    pub message: String,
    /// Why that is a bad idea.
    pub reason: &'static str,
    /// What to write instead.
    pub safer: &'static str,
}

/// Every broken rule of every file, in the order of the files. What cannot be split into statements has none.
pub fn review(set: &MigrationSet) -> Vec<Broken> {
    let scripts: Vec<(&Script, bool)> = set.migrations.iter().flat_map(scripts).collect();
    let dialect = set.target.dialect();
    let read = parallel::each(&scripts, |(script, is_down)| {
        let origin = Origin {
            atomic: is_atomic(script),
            is_down: *is_down,
        };
        File::read(dialect, script.statements(), origin)
    });
    let mut reviewer = Reviewer::default();
    let mut files = read.iter();
    let mut broken = Vec::new();
    for migration in &set.migrations {
        let count = scripts_of(migration);
        let told: Vec<Vec<Told>> = files
            .by_ref()
            .take(count)
            .map(|file| reviewer.review(file))
            .collect();
        broken.extend(of_migration(set.target, migration, &told));
    }
    broken
}

fn scripts(migration: &Migration) -> impl Iterator<Item = (&Script, bool)> {
    let down = migration.down.iter().map(|down| (down, true));
    std::iter::once((&migration.up, false)).chain(down)
}

fn scripts_of(migration: &Migration) -> usize {
    1 + usize::from(migration.down.is_some())
}

/// What is left of it behind the directives of both files, and the directives that took nothing away.
fn of_migration(target: Target, migration: &Migration, told: &[Vec<Told>]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for ((script, _), told) in scripts(migration).zip(told) {
        let allows = |script: &Script, rule: &str| {
            script
                .directives
                .allow
                .iter()
                .any(|allow| allow.rule == rule)
        };
        let left = told.iter().filter(|one| {
            // The way there speaks for its way back too.
            !allows(script, one.rule.name) && !allows(&migration.up, one.rule.name)
        });
        broken.extend(left.map(|one| Broken {
            rule: one.rule.name,
            severity: one.rule.severity,
            file: script.file.clone(),
            line: Some(one.line),
            message: one.message.clone(),
            reason: one.rule.reason,
            safer: one.rule.safer,
        }));
    }
    broken.extend(unused(target, migration, told));
    broken
}

fn unused(target: Target, migration: &Migration, told: &[Vec<Told>]) -> Vec<Broken> {
    let mut unused = Vec::new();
    for (index, (script, _)) in scripts(migration).enumerate() {
        for allow in &script.directives.allow {
            let from = if index == 0 { told } else { &told[index..] };
            let breaks = from.iter().flatten().any(|one| one.rule.name == allow.rule)
                || index == 0 && lint::broken(target, migration).any(|rule| rule == allow.rule);
            if !breaks {
                unused.push(unused_one(script, &allow.rule, allow.line));
            }
        }
    }
    unused
}

fn unused_one(script: &Script, name: &str, line: usize) -> Broken {
    let reason = REFUSALS
        .iter()
        .find(|refusal| refusal.name == "unused-allow");
    let message = match rule(name).is_some()
        || REFUSALS
            .iter()
            .any(|one| one.name == name && one.can_be_allowed)
    {
        true => {
            format!("allow={name} suppresses nothing: no statement of the file breaks that rule")
        }
        false => format!("allow={name} suppresses nothing: no file may break that rule"),
    };
    Broken {
        rule: "unused-allow",
        severity: Severity::Warning,
        file: script.file.clone(),
        line: Some(line),
        message,
        reason: reason.map_or("", |refusal| refusal.reason),
        safer: "remove the line",
    }
}

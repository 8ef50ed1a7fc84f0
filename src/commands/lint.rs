//! What the rules say of the files, as notes and failures.

use super::targets;
use crate::{
    config::Settings,
    lint::Severity,
    migrate::files::{Broken, MigrationSet, review},
    outcome::{Document, Failure, Finding, Ruled},
    target::Target,
};

/// Tells every broken rule: errors are failures, warnings are notes. How many errors?
pub fn tell(set: &MigrationSet, document: &mut Document) -> usize {
    let mut errors = 0;
    for broken in review(set) {
        match broken.severity {
            Severity::Error => {
                errors += 1;
                document.fail(&failure(set.target, &broken).into());
            }
            Severity::Warning => document.notes.push(note(set.target, &broken)),
        }
    }
    errors
}

/// Tells the errors only, and whether there are any. Files that cannot be read are told by whoever opens them.
pub fn has_errors(settings: &Settings, document: &mut Document) -> bool {
    let source = targets::source(settings);
    let sets = settings
        .targets
        .iter()
        .filter_map(|target| source.load(*target).ok());
    let before = document.failures().len();
    for set in sets {
        let errors = review(&set)
            .into_iter()
            .filter(|one| one.severity == Severity::Error);
        errors.for_each(|one| document.fail(&failure(set.target, &one).into()));
    }
    document.failures().len() > before
}

/// Fact, rule and reason.
fn words(broken: &Broken) -> String {
    let reason = broken.reason.trim_end_matches('.');
    format!("{} ({}): {reason}", broken.message, broken.rule)
}

fn ruled(broken: &Broken) -> Ruled {
    Ruled {
        rule: broken.rule,
        file: broken.file.clone(),
        line: broken.line,
        fact: broken.message.clone(),
        reason: broken.reason,
        safer: broken.safer,
    }
}

fn failure(target: Target, broken: &Broken) -> Failure {
    Failure::usage(words(broken))
        .on(target)
        .at(broken.file.clone(), broken.line)
        .remedy(broken.safer)
        .ruled(ruled(broken))
}

fn note(target: Target, broken: &Broken) -> Finding {
    let line = broken
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    let message = format!("{}{line}: {}", broken.file, words(broken));
    Finding::remark(target, message)
        .about(broken.file.clone())
        .remedy(broken.safer)
        .ruled(ruled(broken))
}

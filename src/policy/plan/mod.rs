//! From expected and actual to steps and findings.

mod ability;
mod compression;
mod health;
mod refresh;
mod refusals;
mod retention;
mod unmanaged;

#[cfg(test)]
mod tests;

use super::{
    Job, JobKind, Policies, PolicyState, Span, Step, StepChange, TableName, TableState, Wishes,
};
use crate::{
    outcome::{Change, Failure, Finding, Kind},
    target::Target,
};
use serde_json::json;

/// The command that makes it so.
const UPGRADE: &str = "sgmp-db upgrade";

/// May a change let data go?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Not without being asked.
    Withheld,
    Given,
}

/// What the comparison says.
#[derive(Debug, Clone, Default)]
pub struct PolicyPlan {
    /// Why the file cannot be followed here (exit 2); there are no steps then.
    pub refusals: Vec<Failure>,
    pub steps: Vec<Step>,
    /// What `status` reports.
    pub findings: Vec<Finding>,
    /// Those of them that the steps do not settle.
    pub remaining: Vec<Finding>,
    /// Those of the remaining that only consent to the loss of data would settle.
    pub withheld: Vec<Finding>,
    pub notes: Vec<Finding>,
    /// What the file states and this server's licence does not have.
    unlicensed: Vec<Unlicensed>,
}

/// One policy that the licence does not have.
#[derive(Debug, Clone)]
struct Unlicensed {
    words: String,
    /// Does cron have to drop old chunks instead?
    is_retention: bool,
}

/// One table of the file beside what the server has.
struct Subject<'a> {
    name: &'a TableName,
    wishes: &'a Wishes,
    now: &'a TableState,
    policies: &'a Policies,
    state: &'a PolicyState,
    consent: Consent,
}

/// Compares. What lets data go is a step only with consent.
pub fn plan(policies: &Policies, state: &PolicyState, consent: Consent) -> PolicyPlan {
    let mut plan = PolicyPlan {
        refusals: refusals::refusals(policies, state),
        ..PolicyPlan::default()
    };
    for (name, wishes) in &policies.tables {
        let Some(now) = state.tables.get(name) else {
            continue;
        };
        let subject = Subject {
            name,
            wishes,
            now,
            policies,
            state,
            consent,
        };
        plan.chunk_interval(&subject);
        plan.columnstore(&subject);
        plan.retention(&subject);
        plan.refresh(&subject);
    }
    plan.unlicensed();
    plan.unmanaged(policies, state);
    plan.scheduler(state);
    // A file that is wrong in one place is not followed in another.
    if !plan.refusals.is_empty() {
        plan.refuse();
    }
    plan.steps.sort_by_key(Step::rank);
    plan
}

impl Subject<'_> {
    fn jobs(&self, kind: JobKind) -> Vec<&Job> {
        self.state.jobs_of(self.name, kind)
    }

    fn step(&self, change: StepChange) -> Step {
        Step::new(self.name, change)
    }

    fn finding(&self, path: &str, change: Change, message: impl Into<String>) -> Finding {
        finding(self.name, path, change, message)
    }
}

fn finding(table: &TableName, path: &str, change: Change, message: impl Into<String>) -> Finding {
    Finding::new(Kind::Policy, Target::Timescale, message)
        .about(table.to_string())
        .path(path)
        .change(change)
}

fn note(table: &TableName, path: &str, message: impl Into<String>) -> Finding {
    Finding::new(Kind::Policy, Target::Timescale, message)
        .about(table.to_string())
        .path(path)
}

impl PolicyPlan {
    /// Takes back the steps, and the advice to type what would carry them out.
    fn refuse(&mut self) {
        self.steps.clear();
        let advised = |finding: &&mut Finding| finding.remedy.as_deref() == Some(UPGRADE);
        for finding in self.findings.iter_mut().filter(advised) {
            finding.remedy = Some(format!("correct policies.yaml first, then type: {UPGRADE}"));
        }
    }

    /// What the server said when the steps were tried out, as refusals with the place of the key.
    pub fn refused(&mut self, policies: &Policies, said: Vec<(Step, String)>) {
        for (step, why) in said {
            let key = step.change.key();
            let wishes = policies.tables.get(&step.table);
            let line = wishes.and_then(|wishes| wishes.line_of(key));
            let message = format!(
                "{key} of {} is refused by the server: {why} (tried: {step})",
                step.table
            );
            let failure = Failure::usage(message)
                .on(Target::Timescale)
                .at(policies.file.clone(), line)
                .remedy(format!("correct {key} of {}, or leave it out", step.table));
            self.refusals.push(failure);
        }
        if !self.refusals.is_empty() {
            self.refuse();
        }
    }

    fn lacks(&mut self, words: String, is_retention: bool) {
        self.unlicensed.push(Unlicensed {
            words,
            is_retention,
        });
    }

    /// One note about all that the licence does not have.
    fn unlicensed(&mut self) {
        let lacking = std::mem::take(&mut self.unlicensed);
        if lacking.is_empty() {
            return;
        }
        let words: Vec<&str> = lacking.iter().map(|one| one.words.as_str()).collect();
        let mut message = format!(
            "this server's licence has no policies, so these of policies.yaml do nothing here: {}",
            words.join(", ")
        );
        let is_retention = lacking.iter().any(|one| one.is_retention);
        if is_retention {
            message.push_str("; let cron drop old data, daily");
        }
        let mut note = Finding::new(Kind::Policy, Target::Timescale, message).path("licence");
        note.remedy = is_retention.then(|| "sgmp-db policies run-retention".to_owned());
        self.notes.push(note);
    }

    /// A finding with the steps that settle it.
    fn settle(&mut self, steps: Vec<Step>, finding: Finding) {
        self.steps.extend(steps);
        self.findings.push(finding.remedy(UPGRADE));
    }

    fn remain(&mut self, finding: Finding) {
        self.findings.push(finding.clone());
        self.remaining.push(finding);
    }

    fn chunk_interval(&mut self, subject: &Subject<'_>) {
        let Some(wanted) = subject.wishes.chunk_interval else {
            return;
        };
        let actual = subject.now.chunk_interval;
        if actual.is_some_and(|actual| same_length(&actual, &wanted)) {
            return;
        }
        let words = actual.map_or_else(|| "something else".to_owned(), |span| span.to_string());
        let message = format!(
            "chunks of {} span {words}; {wanted} is expected (a change affects only chunks made from then on)",
            subject.name
        );
        let told = subject
            .finding("chunk_interval", Change::Changed, message)
            .values(Some(json!(wanted.to_string())), Some(json!(words)));
        let step = subject.step(StepChange::SetChunkInterval(wanted));
        self.settle(vec![step], told);
    }
}

/// Chunk intervals are stored as a number of microseconds, so `168 hours` is `7 days` here, and a
/// month is 30 days.
fn same_length(one: &Span, other: &Span) -> bool {
    one.longer_than(other) == Some(false) && other.longer_than(one) == Some(false)
}

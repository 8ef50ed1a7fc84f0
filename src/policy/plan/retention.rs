//! How long data lives: the policy where one can exist, else the data.

use super::{Consent, PolicyPlan, Subject, note};
use crate::{
    counted::counted,
    outcome::{Change, Finding},
    policy::{Job, JobKind, Retention, Span, StepChange, TableName, TableState},
};
use serde_json::json;

impl PolicyPlan {
    pub(super) fn retention(&mut self, subject: &Subject<'_>) {
        let Some(wanted) = &subject.wishes.retention else {
            return;
        };
        if *wanted == Retention::None {
            return self.no_retention(subject);
        }
        if !subject.state.can_have_policies {
            return self.without_policies(subject, wanted);
        }
        let jobs = subject.jobs(JobKind::Retention);
        let in_line = match jobs.first() {
            None => self.missing_retention(subject, wanted),
            Some(job) => self.existing_retention(subject, wanted, job),
        };
        if in_line && let Some(job) = jobs.first() {
            self.overdue(subject, wanted, job);
        }
        self.below_chunk_interval(subject, wanted);
        self.reached_by_refresh(subject, wanted);
    }

    fn missing_retention(&mut self, subject: &Subject<'_>, wanted: &Retention) -> bool {
        let message = format!(
            "{} has no retention policy; {wanted} is expected",
            subject.name
        );
        let told = subject
            .finding("retention", Change::Missing, message)
            .values(Some(json!(wanted.to_string())), None);
        self.perhaps_losing(
            subject,
            wanted,
            vec![StepChange::AddRetention(*wanted)],
            told,
        );
        false
    }

    fn existing_retention(&mut self, subject: &Subject<'_>, wanted: &Retention, job: &Job) -> bool {
        self.health(subject.name, job);
        let mut changes = Vec::new();
        let mut told = None;
        if !job.scheduled {
            let message = format!(
                "the retention policy of {} is paused; it should run (job {})",
                subject.name, job.id
            );
            told = Some(subject.finding("retention", Change::Changed, message));
            changes.push(StepChange::Resume(job.id, JobKind::Retention));
        }
        if job.retention != Some(*wanted) {
            let actual = job
                .retention
                .map_or_else(|| "something else".to_owned(), |live| live.to_string());
            let message = format!(
                "{} keeps data for {actual}; {wanted} is expected",
                subject.name
            );
            told = Some(
                subject
                    .finding("retention", Change::Changed, message)
                    .values(Some(json!(wanted.to_string())), Some(json!(actual))),
            );
            changes.extend(change_of(job, wanted));
        }
        match told {
            None => true,
            Some(told) => {
                self.perhaps_losing(subject, wanted, changes, told);
                false
            }
        }
    }

    /// Steps now, or only with consent where the next run would drop what is safe today.
    fn perhaps_losing(
        &mut self,
        subject: &Subject<'_>,
        wanted: &Retention,
        changes: Vec<StepChange>,
        mut told: Finding,
    ) {
        let loses = subject.state.lets_go(subject.name, wanted);
        if loses {
            told.message.push_str(&loss(subject));
        }
        if loses && subject.consent == Consent::Withheld {
            let told = told.remedy("let the older data go: sgmp-db upgrade --allow-data-loss");
            self.withheld.push(told.clone());
            return self.remain(told);
        }
        let steps = changes.into_iter().map(|change| subject.step(change));
        self.settle(steps.collect(), told);
    }

    fn no_retention(&mut self, subject: &Subject<'_>) {
        for job in subject.jobs(JobKind::Retention) {
            let message = format!("{} has a retention policy; none is expected", subject.name);
            let told = subject.finding("retention", Change::Unexpected, message);
            let step = subject.step(StepChange::RemoveJob(job.id, JobKind::Retention));
            self.settle(vec![step], told);
        }
    }

    /// No job can do it, so the data is judged.
    fn without_policies(&mut self, subject: &Subject<'_>, wanted: &Retention) {
        let command = "sgmp-db policies run-retention";
        let doomed = subject.state.doomed.get(subject.name);
        let chunks = doomed.map_or(0, |doomed| doomed.chunks);
        if chunks > 0 {
            let message = format!(
                "{} of {} older than its retention of {wanted}",
                counted(chunks, "chunk"),
                are(subject.name, chunks)
            );
            let told = subject.finding("retention", Change::Unexpected, message);
            return self.remain(told.remedy(command));
        }
        self.lacks(format!("retention of {} ({wanted})", subject.name), true);
    }

    /// Chunks that the job should have dropped: the policy is there and does not work.
    fn overdue(&mut self, subject: &Subject<'_>, wanted: &Retention, job: &Job) {
        let Some(doomed) = subject.state.doomed.get(subject.name) else {
            return;
        };
        let runs = job.failing.is_none() && job.stalled.is_none();
        let waits = doomed.changed_since && runs && subject.state.has_scheduler != Some(false);
        let missed = if job.succeeded_lately {
            doomed.missed
        } else {
            doomed.chunks
        };
        if missed == 0 {
            return;
        }
        let last = job.last_success.as_ref().map_or_else(
            || "it never succeeded".to_owned(),
            |when| format!("it last succeeded at {when}"),
        );
        let message = format!(
            "{} of {} older than its retention of {wanted} and still there (job {}: {last})",
            counted(missed, "chunk"),
            are(subject.name, missed),
            job.id
        );
        if waits {
            let message = format!("{message}; its next run drops them");
            self.notes.push(note(subject.name, "retention", message));
        } else {
            let told = subject.finding("retention", Change::Unexpected, message);
            let run = format!("CALL run_job({});", job.id);
            self.remain(told.remedy(format!("run it by hand and read what it says: {run}")));
        }
    }

    /// Aggregates that are refreshed from the beginning live no longer than the rows.
    fn reached_by_refresh(&mut self, subject: &Subject<'_>, wanted: &Retention) {
        let unbounded = |aggregate: &&TableName| {
            let jobs = subject.state.jobs_of(aggregate, JobKind::Refresh);
            let mut live = jobs.iter().filter_map(|job| job.refresh);
            match subject
                .policies
                .tables
                .get(*aggregate)
                .and_then(|one| one.refresh.as_ref())
            {
                Some(stated) => stated.iter().any(|refresh| refresh.start.is_none()),
                None => live.any(|refresh| refresh.start.is_none()),
            }
        };
        let of = |state: &TableState| state.source.as_ref() == Some(subject.name);
        let tables = subject.state.tables.iter().filter(|(_, state)| of(state));
        let names: Vec<&TableName> = tables.map(|(name, _)| name).filter(unbounded).collect();
        let Some(first) = names.first() else { return };
        let who = match names.len() {
            1 => format!("{first} is"),
            count => format!("{first} and {} other aggregates are", count - 1),
        };
        let message = format!(
            "{who} refreshed from the beginning, which forgets what {} drops after {wanted}",
            subject.name
        );
        self.notes.push(note(subject.name, "retention", message));
    }

    /// A chunk goes as a whole, when its youngest row is old enough.
    fn below_chunk_interval(&mut self, subject: &Subject<'_>, wanted: &Retention) {
        let interval = subject.wishes.chunk_interval.or(subject.now.chunk_interval);
        let span = match wanted {
            Retention::DropAfter(span) => *span,
            Retention::DropCreatedBefore(interval) => Span::Interval(*interval),
            Retention::None => return,
        };
        if let Some(interval) = interval
            && interval.longer_than(&span) == Some(true)
        {
            let message = format!(
                "the retention of {} ({span}) is below its chunk interval ({interval}): data goes a chunk at a time, so it lives up to both together",
                subject.name
            );
            self.notes.push(note(subject.name, "retention", message));
        }
    }
}

/// `alter_job` looks for `drop_after` (tried on 2.23), so a retention by creation time is made anew.
fn change_of(job: &Job, wanted: &Retention) -> Vec<StepChange> {
    match (job.retention, wanted) {
        (Some(Retention::DropAfter(_)), Retention::DropAfter(_)) => {
            vec![StepChange::AlterRetention(job.id, *wanted)]
        }
        _ => vec![
            StepChange::RemoveJob(job.id, JobKind::Retention),
            StepChange::AddRetention(*wanted),
        ],
    }
}

/// How much the next run would drop, in words.
fn loss(subject: &Subject<'_>) -> String {
    let doomed = subject.state.doomed.get(subject.name);
    let chunks = doomed.map_or(0, |doomed| doomed.chunks);
    let Some(loss) = doomed.and_then(|doomed| doomed.loss.as_ref()) else {
        return "; nothing is old enough for its next run to drop, what grows older will be"
            .to_owned();
    };
    format!(
        "; its next run would drop {}, {} bytes, with data from {} to {}",
        counted(chunks, "chunk"),
        loss.bytes,
        loss.from,
        loss.to
    )
}

/// `events are`, or `events is` of one chunk.
fn are(table: &TableName, chunks: i64) -> String {
    format!("{table} {}", if chunks == 1 { "is" } else { "are" })
}

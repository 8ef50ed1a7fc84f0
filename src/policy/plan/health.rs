//! Policies that are there and do not work: paused, failing, never started.

use super::{PolicyPlan, Subject, finding};
use crate::{
    outcome::{Change, Finding, Kind},
    policy::{Job, PolicyState, Stalled, StepChange, TableName},
    target::Target,
};

impl PolicyPlan {
    /// A paused job runs again, because the file states its policy.
    pub(super) fn paused(&mut self, subject: &Subject<'_>, job: &Job) {
        if job.scheduled {
            return;
        }
        let message = format!(
            "the {} of {} is paused; it should run (job {})",
            job.kind.words(),
            subject.name,
            job.id
        );
        let told = subject.finding(job.kind.key(), Change::Changed, message);
        let step = subject.step(StepChange::Resume(job.id, job.kind));
        self.settle(vec![step], told);
    }

    /// What is wrong with a job that is neither paused nor another than the file states.
    pub(super) fn health(&mut self, table: &TableName, job: &Job) {
        self.failing(table, job);
        self.stalled(table, job);
    }

    /// A job that waits for ever is as good as none.
    fn stalled(&mut self, table: &TableName, job: &Job) {
        let Some(stalled) = &job.stalled else { return };
        let why = match stalled {
            Stalled::Never => "its next start is infinity".to_owned(),
            Stalled::Unplanned => "it has no next start".to_owned(),
            Stalled::Overdue(since) => format!("it should have started at {since}"),
        };
        let message = format!(
            "the {} of {table} does not run: {why} (job {})",
            job.kind.words(),
            job.id
        );
        let start = format!("SELECT alter_job({}, next_start => now());", job.id);
        self.remain(
            finding(table, job.kind.key(), Change::Changed, message)
                .remedy(format!("give it a next start: {start}")),
        );
    }

    /// Without the process that starts jobs none of them runs; told once, not by job.
    pub(super) fn scheduler(&mut self, state: &PolicyState) {
        let waiting = state.jobs.iter().filter(|job| job.scheduled).count();
        if state.has_scheduler != Some(false) || waiting == 0 {
            return;
        }
        let message = format!(
            "no TimescaleDB scheduler runs in this database, so none of {waiting} policies does (a restore that was not ended, or too few timescaledb.max_background_workers)"
        );
        self.remain(
            Finding::new(Kind::Policy, Target::Timescale, message)
                .about("scheduler")
                .change(Change::Missing)
                .remedy("start it, as a superuser: SELECT _timescaledb_functions.start_background_workers(); after a restore: SELECT timescaledb_post_restore();"),
        );
    }

    /// Nothing that is changed here makes a failing job succeed.
    fn failing(&mut self, table: &TableName, job: &Job) {
        let Some(failing) = &job.failing else { return };
        let since = match (&failing.since, &job.last_success) {
            (Some(since), _) => format!("since {since}"),
            (None, Some(success)) => format!("since some time after {success}"),
            (None, None) => "and never succeeded".to_owned(),
        };
        let error = failing.error.as_ref().map_or_else(
            || "its errors are unknown: this login may not see them".to_owned(),
            |error| format!("its last error: {error}"),
        );
        let message = format!(
            "the {} of {table} is failing {since}, {} failed runs (job {}); {error}",
            job.kind.words(),
            failing.failures,
            job.id
        );
        let run = format!("CALL run_job({});", job.id);
        self.remain(
            finding(table, job.kind.key(), Change::Changed, message)
                .remedy(format!("run it by hand and read what it says: {run}")),
        );
    }
}

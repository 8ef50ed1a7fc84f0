//! Policies that are there and do not work: paused, failing.

use super::{PolicyPlan, Subject, finding};
use crate::{
    outcome::Change,
    policy::{Job, StepChange, TableName},
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

    /// Nothing that is changed here makes a failing job succeed.
    pub(super) fn failing(&mut self, table: &TableName, job: &Job) {
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

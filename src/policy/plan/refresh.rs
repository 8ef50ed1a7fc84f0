//! Refresh policies of continuous aggregates, matched as a set.

use super::{PolicyPlan, Subject};
use crate::{
    outcome::Change,
    policy::{Job, JobKind, Refresh, StepChange},
};
use serde_json::json;

impl PolicyPlan {
    pub(super) fn refresh(&mut self, subject: &Subject<'_>) {
        let Some(wanted) = &subject.wishes.refresh else {
            return;
        };
        if !subject.state.can_have_policies {
            return self.lacks(format!("refresh of {}", subject.name), false);
        }
        let mut jobs = subject.jobs(JobKind::Refresh);
        for job in &jobs {
            self.health(subject.name, job);
        }
        let mut open: Vec<&Refresh> = Vec::new();
        for refresh in wanted {
            match jobs.iter().position(|job| job.refresh == Some(*refresh)) {
                Some(index) => {
                    let job = jobs.remove(index);
                    self.paused(subject, job);
                }
                None => open.push(refresh),
            }
        }
        // What is left on both sides pairs up, so that jobs keep their numbers.
        let mut left = jobs.into_iter();
        for refresh in open {
            match left.next() {
                Some(job) => self.other_refresh(subject, refresh, job),
                None => self.missing_refresh(subject, refresh),
            }
        }
        for job in left {
            let message = format!(
                "{} has an unexpected refresh policy: {}",
                subject.name,
                words(job)
            );
            let told = subject.finding("refresh", Change::Unexpected, message);
            let step = subject.step(StepChange::RemoveJob(job.id, JobKind::Refresh));
            self.settle(vec![step], told.values(None, Some(json!(words(job)))));
        }
    }

    fn other_refresh(&mut self, subject: &Subject<'_>, wanted: &Refresh, job: &Job) {
        self.paused(subject, job);
        let message = format!(
            "{} is refreshed {}; {wanted} is expected",
            subject.name,
            words(job)
        );
        let told = subject
            .finding("refresh", Change::Changed, message)
            .values(Some(json!(wanted.to_string())), Some(json!(words(job))));
        let step = subject.step(StepChange::AlterRefresh(job.id, *wanted));
        self.settle(vec![step], told);
    }

    fn missing_refresh(&mut self, subject: &Subject<'_>, wanted: &Refresh) {
        let message = format!("{} lacks a refresh policy: {wanted}", subject.name);
        let told = subject
            .finding("refresh", Change::Missing, message)
            .values(Some(json!(wanted.to_string())), None);
        let step = subject.step(StepChange::AddRefresh(*wanted));
        self.settle(vec![step], told);
    }
}

fn words(job: &Job) -> String {
    job.refresh
        .map_or_else(|| "otherwise".to_owned(), |refresh| refresh.to_string())
}

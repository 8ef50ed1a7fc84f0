//! Policies that the server has and the file does not mention.

use super::{PolicyPlan, finding};
use crate::{
    outcome::Change,
    policy::{Job, JobKind, Policies, PolicyState, Step, StepChange, Unmanaged},
};

impl PolicyPlan {
    /// What the backend made, and what runs as a job without being a policy, is never among them.
    pub(super) fn unmanaged(&mut self, policies: &Policies, state: &PolicyState) {
        let jobs = state
            .jobs
            .iter()
            .filter(|job| !is_stated(policies, job) && !state.is_backends(&job.table));
        for job in jobs {
            let message = format!(
                "the {} of {} is not in policies.yaml (job {})",
                job.kind.words(),
                job.table,
                job.id
            );
            let told = finding(&job.table, job.kind.key(), Change::Unexpected, message);
            match policies.unmanaged {
                Unmanaged::Report => self.notes.push(told),
                Unmanaged::Fail => {
                    self.remain(
                        told.remedy("state it in policies.yaml, or remove it from the server"),
                    );
                }
                Unmanaged::Remove => {
                    self.steps.push(Step::new(
                        &job.table,
                        StepChange::RemoveJob(job.id, job.kind),
                    ));
                    self.findings.push(told.remedy("sgmp-db upgrade"));
                }
            }
        }
    }
}

fn is_stated(policies: &Policies, job: &Job) -> bool {
    let Some(wishes) = policies.tables.get(&job.table) else {
        return false;
    };
    match job.kind {
        JobKind::Retention => wishes.retention.is_some(),
        JobKind::Compression => wishes.compression.is_some(),
        JobKind::Refresh => wishes.refresh.is_some(),
        JobKind::Reorder => false,
    }
}

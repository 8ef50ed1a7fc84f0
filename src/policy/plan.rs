//! From expected and actual to steps and findings.

use super::{Interval, Policies, PolicyState, Retention, RetentionJob, TableName, Unmanaged};
use crate::{
    outcome::{Change, Finding, Kind},
    target::Target,
};
use serde_json::json;

/// One change on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    AddRetention {
        table: TableName,
        drop_after: Interval,
    },
    /// The job stays the same one.
    AlterRetention {
        table: TableName,
        job: i64,
        drop_after: Interval,
    },
    RemoveRetention {
        table: TableName,
    },
}

/// What the comparison says.
#[derive(Debug, Clone, Default)]
pub struct PolicyPlan {
    pub steps: Vec<Step>,
    /// What `status` reports and the steps would settle.
    pub findings: Vec<Finding>,
    /// What the steps do not settle.
    pub remaining: Vec<Finding>,
    pub notes: Vec<Finding>,
}

/// Compares. A retention that becomes shorter is a step only when data may be lost.
pub fn plan(policies: &Policies, state: &PolicyState, allow_data_loss: bool) -> PolicyPlan {
    let mut plan = PolicyPlan::default();
    for (table, retention) in &policies.retention {
        if !state.hypertables.contains(table) {
            let message = format!("policies.yaml names {table}, which is no hypertable here");
            plan.remain(
                finding(table, Change::Missing, message)
                    .remedy("correct the name in policies.yaml"),
            );
            continue;
        }
        match retention {
            Retention::None => plan.no_retention(table, state),
            Retention::DropAfter(wanted) if state.can_have_policies => {
                plan.retention(table, *wanted, state.retention.get(table), allow_data_loss);
            }
            Retention::DropAfter(wanted) => plan.without_policies(table, *wanted, state),
        }
    }
    for table in state
        .retention
        .keys()
        .filter(|table| !policies.retention.contains_key(*table))
    {
        plan.unmanaged(table, policies.unmanaged);
    }
    plan
}

impl PolicyPlan {
    fn settle(&mut self, step: Step, finding: Finding) {
        self.steps.push(step);
        self.findings.push(finding.remedy("sgmp-db upgrade"));
    }

    fn remain(&mut self, finding: Finding) {
        self.findings.push(finding.clone());
        self.remaining.push(finding);
    }

    fn retention(
        &mut self,
        table: &TableName,
        wanted: Interval,
        job: Option<&RetentionJob>,
        allow_data_loss: bool,
    ) {
        let expected = Some(json!(wanted.to_string()));
        let Some(job) = job else {
            let message = format!("{table} has no retention policy; {wanted} is expected");
            let step = Step::AddRetention {
                table: table.clone(),
                drop_after: wanted,
            };
            return self.settle(
                step,
                finding(table, Change::Missing, message).values(expected, None),
            );
        };
        if !job.scheduled {
            let message = format!("the retention policy of {table} is paused");
            let remedy = format!("SELECT alter_job({}, scheduled => true);", job.id);
            self.remain(finding(table, Change::Changed, message).remedy(remedy));
        }
        if job.drop_after == Some(wanted) {
            return;
        }
        let actual = job
            .drop_after
            .map_or_else(|| "something else".to_owned(), |one| one.to_string());
        let message = format!("{table} keeps data for {actual}; {wanted} is expected");
        let told = finding(table, Change::Changed, message).values(expected, Some(json!(actual)));
        let shrinks = job
            .drop_after
            .is_none_or(|actual| wanted.length() < actual.length());
        if shrinks && !allow_data_loss {
            let mut told = told.remedy("let the older data go: sgmp-db upgrade --allow-data-loss");
            told.message
                .push_str(", a shorter time: the job's next run would drop what is older");
            return self.remain(told);
        }
        self.settle(
            Step::AlterRetention {
                table: table.clone(),
                job: job.id,
                drop_after: wanted,
            },
            told,
        );
    }

    fn no_retention(&mut self, table: &TableName, state: &PolicyState) {
        if state.retention.contains_key(table) {
            let message = format!("{table} has a retention policy; none is expected");
            let step = Step::RemoveRetention {
                table: table.clone(),
            };
            self.settle(step, finding(table, Change::Unexpected, message));
        }
    }

    /// No job can do it, so the data is judged.
    fn without_policies(&mut self, table: &TableName, wanted: Interval, state: &PolicyState) {
        let sql = format!("SELECT drop_chunks('{table}', older_than => INTERVAL '{wanted}');");
        let overdue = state.overdue.get(table).copied().unwrap_or(0);
        if overdue > 0 {
            let message =
                format!("{overdue} chunks of {table} are older than its retention of {wanted}");
            return self.remain(finding(table, Change::Unexpected, message).remedy(sql));
        }
        let message = format!(
            "this server's licence allows no policies, so nobody here drops what is older than {wanted} in {table}: a job of your own, cron for example, must"
        );
        self.notes.push(
            Finding::new(Kind::Policy, Target::Timescale, message)
                .about(table.to_string())
                .remedy(sql),
        );
    }

    fn unmanaged(&mut self, table: &TableName, unmanaged: Unmanaged) {
        let message = format!("the retention policy of {table} is not in policies.yaml");
        let told = finding(table, Change::Unexpected, message);
        match unmanaged {
            Unmanaged::Report => self.notes.push(told),
            Unmanaged::Fail => {
                self.remain(told.remedy("state it in policies.yaml, or remove it from the server"))
            }
            Unmanaged::Remove => self.settle(
                Step::RemoveRetention {
                    table: table.clone(),
                },
                told,
            ),
        }
    }
}

fn finding(table: &TableName, change: Change, message: String) -> Finding {
    Finding::new(Kind::Policy, Target::Timescale, message)
        .about(table.to_string())
        .path("retention")
        .change(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(text: &str) -> Policies {
        Policies::parse(text, "p.yaml", None).unwrap()
    }

    fn state(job: Option<&str>) -> PolicyState {
        let table = TableName::parse("t");
        let job = job.map(|interval| RetentionJob {
            id: 7,
            drop_after: Interval::parse(interval),
            scheduled: true,
        });
        PolicyState {
            can_have_policies: true,
            hypertables: [table.clone()].into(),
            retention: job.into_iter().map(|job| (table.clone(), job)).collect(),
            ..PolicyState::default()
        }
    }

    const MONTH: &str = "hypertables: { t: { retention: { drop_after: 1 month } } }";

    #[test]
    fn a_policy_that_is_right_needs_nothing() {
        let plan = plan(&policies(MONTH), &state(Some("1 mon")), false);
        assert!(
            plan.steps.is_empty() && plan.findings.is_empty() && plan.notes.is_empty(),
            "{plan:?}"
        );
    }

    #[test]
    fn a_month_is_not_thirty_days_and_a_job_keeps_its_number() {
        let plan = plan(&policies(MONTH), &state(Some("29 days")), false);
        assert!(matches!(plan.steps[0], Step::AlterRetention { job: 7, .. }));
        assert!(plan.remaining.is_empty());
    }

    #[test]
    fn a_shorter_retention_waits_for_permission() {
        let withheld = plan(&policies(MONTH), &state(Some("1 year")), false);
        assert!(withheld.steps.is_empty());
        assert!(
            withheld.remaining[0]
                .remedy
                .as_deref()
                .unwrap()
                .contains("--allow-data-loss")
        );
        assert_eq!(
            plan(&policies(MONTH), &state(Some("1 year")), true)
                .steps
                .len(),
            1
        );
    }

    #[test]
    fn without_policies_the_data_is_judged() {
        let mut apache = state(None);
        apache.can_have_policies = false;
        let fresh = plan(&policies(MONTH), &apache, false);
        assert!(fresh.findings.is_empty() && fresh.notes.len() == 1);
        apache.overdue.insert(TableName::parse("t"), 3);
        assert!(
            plan(&policies(MONTH), &apache, false).findings[0]
                .message
                .contains("3 chunks")
        );
    }

    #[test]
    fn unmanaged_policies_are_noted_reported_or_removed() {
        let of = |word: &str| {
            plan(
                &policies(&format!("unmanaged: {word}")),
                &state(Some("1 day")),
                false,
            )
        };
        assert_eq!(
            (of("report").notes.len(), of("report").findings.len()),
            (1, 0)
        );
        assert_eq!((of("fail").remaining.len(), of("fail").steps.len()), (1, 0));
        assert_eq!(
            (of("remove").steps.len(), of("remove").remaining.len()),
            (1, 0)
        );
        assert_eq!(
            plan(
                &policies("hypertables: { t: { retention: none } }"),
                &state(Some("1 day")),
                false
            )
            .steps
            .len(),
            1
        );
        assert_eq!(
            plan(
                &policies("hypertables: { x: { retention: none } }"),
                &state(None),
                false
            )
            .remaining
            .len(),
            1
        );
    }
}

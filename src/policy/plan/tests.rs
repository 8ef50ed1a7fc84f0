use super::*;
use crate::policy::{Doomed, Interval, Loss, Retention, Stalled};

fn policies(text: &str) -> Policies {
    Policies::parse(text, "p.yaml", None).unwrap()
}

fn retention_job(interval: &str) -> Job {
    Job {
        id: 7,
        kind: JobKind::Retention,
        table: TableName::parse("t"),
        scheduled: true,
        every: Interval::parse("1 day").unwrap(),
        retention: Some(Retention::DropAfter(Span::parse(interval).unwrap())),
        after: None,
        refresh: None,
        last_success: None,
        succeeded_lately: false,
        failing: None,
        stalled: None,
    }
}

fn state(job: Option<&str>) -> PolicyState {
    let table = TableState {
        chunk_interval: Span::parse("7 days"),
        ..TableState::default()
    };
    PolicyState {
        can_have_policies: true,
        several_refreshes: true,
        tables: [(TableName::parse("t"), table)].into(),
        jobs: job.map(retention_job).into_iter().collect(),
        ..PolicyState::default()
    }
}

const MONTH: &str = "hypertables: { t: { retention: { drop_after: 1 month } } }";

#[test]
fn a_policy_that_is_right_needs_nothing() {
    let plan = plan(&policies(MONTH), &state(Some("1 mon")), Consent::Withheld);
    assert!(
        plan.steps.is_empty() && plan.findings.is_empty() && plan.notes.is_empty(),
        "{plan:?}"
    );
}

#[test]
fn a_month_is_not_thirty_days_and_a_job_keeps_its_number() {
    let plan = plan(&policies(MONTH), &state(Some("29 days")), Consent::Withheld);
    assert!(matches!(
        plan.steps[0].change,
        StepChange::AlterRetention(7, _)
    ));
    assert!(plan.remaining.is_empty());
}

#[test]
fn a_shorter_retention_waits_for_consent() {
    let withheld = plan(&policies(MONTH), &state(Some("1 year")), Consent::Withheld);
    assert!(withheld.steps.is_empty());
    let remedy = withheld.withheld[0].remedy.as_deref().unwrap();
    assert!(remedy.contains("--allow-data-loss"));
    let given = plan(&policies(MONTH), &state(Some("1 year")), Consent::Given);
    assert_eq!((given.steps.len(), given.withheld.len()), (1, 0));
}

#[test]
fn a_policy_where_there_was_none_or_a_paused_one_waits_only_where_old_data_is_there() {
    let mut fresh = state(None);
    assert_eq!(
        plan(&policies(MONTH), &fresh, Consent::Withheld)
            .steps
            .len(),
        1
    );
    let mut paused = state(Some("1 mon"));
    paused.jobs[0].scheduled = false;
    assert_eq!(
        plan(&policies(MONTH), &paused, Consent::Withheld)
            .steps
            .len(),
        1
    );
    let old = Doomed {
        chunks: 3,
        loss: Some(Loss {
            bytes: 4096,
            from: "a".into(),
            to: "b".into(),
        }),
        ..Doomed::default()
    };
    for state in [&mut fresh, &mut paused] {
        state.doomed.insert(TableName::parse("t"), old.clone());
        let plan = plan(&policies(MONTH), state, Consent::Withheld);
        assert_eq!((plan.steps.len(), plan.withheld.len()), (0, 1));
        let words = "3 chunks, 4096 bytes, with data from a to b";
        assert!(plan.withheld[0].message.contains(words), "{plan:?}");
    }
}

#[test]
fn without_policies_the_data_is_judged() {
    let mut apache = state(None);
    apache.can_have_policies = false;
    let fresh = plan(&policies(MONTH), &apache, Consent::Withheld);
    assert!(fresh.findings.is_empty() && fresh.notes.len() == 1);
    let old = Doomed {
        chunks: 3,
        ..Doomed::default()
    };
    apache.doomed.insert(TableName::parse("t"), old);
    let plan = plan(&policies(MONTH), &apache, Consent::Withheld);
    assert!(plan.findings[0].message.contains("3 chunks"));
    let remedy = plan.findings[0].remedy.as_deref();
    assert_eq!(remedy, Some("sgmp-db policies run-retention"));
}

#[test]
fn chunks_that_a_working_job_has_not_met_yet_are_no_finding() {
    let mut state = state(Some("1 mon"));
    state.jobs[0].succeeded_lately = true;
    let table = TableName::parse("t");
    let mut findings = |doomed: Doomed| {
        state.doomed.insert(table.clone(), doomed);
        let plan = plan(&policies(MONTH), &state, Consent::Withheld);
        (plan.findings.len(), plan.notes.len())
    };
    assert_eq!(
        findings(Doomed {
            chunks: 2,
            ..Doomed::default()
        }),
        (0, 0)
    );
    assert_eq!(
        findings(Doomed {
            chunks: 2,
            missed: 2,
            ..Doomed::default()
        }),
        (1, 0)
    );
    let waiting = Doomed {
        chunks: 2,
        missed: 2,
        changed_since: true,
        ..Doomed::default()
    };
    assert_eq!(findings(waiting), (0, 1));
}

#[test]
fn unmanaged_policies_are_noted_reported_or_removed() {
    let of = |word: &str| {
        let text = format!("unmanaged: {word}");
        plan(&policies(&text), &state(Some("1 day")), Consent::Withheld)
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
}

#[test]
fn what_the_backend_made_is_never_unmanaged() {
    let mut state = state(None);
    let aggregate = TableName::parse("house_7_abcdef");
    let made = TableState {
        source: Some(TableName::parse("house_data")),
        ..TableState::default()
    };
    state.tables.insert(aggregate.clone(), made);
    state.jobs.push(Job {
        table: aggregate,
        kind: JobKind::Refresh,
        ..retention_job("1 day")
    });
    for word in ["report", "fail", "remove"] {
        let text = format!("unmanaged: {word}");
        let plan = plan(&policies(&text), &state, Consent::Given);
        assert!(plan.steps.is_empty() && plan.findings.is_empty() && plan.notes.is_empty());
    }
}

#[test]
fn a_retention_within_a_bounded_window_is_refused_and_an_unbounded_window_is_fine() {
    let text = "hypertables:\n  t: { retention: { drop_after: 1 month } }\n\
        continuous_aggregates:\n  c: { refresh: [{ start_offset: START, end_offset: 1 hour, every: 1 hour }] }\n";
    let mut state = state(Some("1 mon"));
    let aggregate = TableState {
        source: Some(TableName::parse("t")),
        ..TableState::default()
    };
    state.tables.insert(TableName::parse("c"), aggregate);
    for (start, refused) in [("30 days", true), ("27 days", false), ("none", false)] {
        let plan = plan(
            &policies(&text.replace("START", start)),
            &state,
            Consent::Withheld,
        );
        assert_eq!(
            plan.refusals.len(),
            usize::from(refused),
            "{start}: {plan:?}"
        );
        assert_eq!(plan.steps.is_empty(), refused);
        assert!(plan.refusals.iter().all(|failure| failure.line == Some(2)));
    }
}

#[test]
fn refresh_policies_pair_up_so_that_jobs_keep_their_numbers() {
    let text = "continuous_aggregates:\n  c: { refresh: [{ start_offset: 3 days, end_offset: 1 hour, every: 1 hour }, \
        { start_offset: 30 days, end_offset: 3 days, every: 1 day }] }\n";
    let mut state = state(None);
    let aggregate = TableName::parse("c");
    let source = Some(TableName::parse("t"));
    state.tables.insert(
        aggregate.clone(),
        TableState {
            source,
            ..TableState::default()
        },
    );
    let wanted = policies(text).tables[&aggregate].refresh.clone().unwrap();
    let job = |id, refresh| Job {
        id,
        kind: JobKind::Refresh,
        table: aggregate.clone(),
        refresh: Some(refresh),
        ..retention_job("1 day")
    };
    let other = crate::policy::Refresh {
        start: Span::parse("9 days"),
        ..wanted[1]
    };
    state.jobs = vec![job(1, other), job(2, wanted[0])];
    let steps = plan(&policies(text), &state, Consent::Withheld).steps;
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].change, StepChange::AlterRefresh(1, wanted[1]));
}

#[test]
fn a_job_that_is_never_started_is_a_finding_and_drops_nothing_at_its_next_run() {
    let stalled = [
        (Stalled::Never, "infinity"),
        (Stalled::Unplanned, "no next start"),
        (
            Stalled::Overdue("2024-01-01T00:00:00Z".to_owned()),
            "2024-01-01",
        ),
    ];
    for (why, words) in stalled {
        let mut state = state(Some("1 mon"));
        state.jobs[0].stalled = Some(why);
        let doomed = Doomed {
            chunks: 1,
            changed_since: true,
            ..Doomed::default()
        };
        state.doomed.insert(TableName::parse("t"), doomed);
        let plan = plan(&policies(MONTH), &state, Consent::Withheld);
        assert!(plan.remaining[0].message.contains(words), "{plan:?}");
        assert_eq!(plan.remaining.len(), 2, "{plan:?}");
        assert!(
            !plan
                .notes
                .iter()
                .any(|note| note.message.contains("next run")),
            "{plan:?}"
        );
    }
}

#[test]
fn without_a_scheduler_there_is_one_finding_and_without_a_sight_of_it_none() {
    for (scheduler, findings) in [(None, 0), (Some(true), 0), (Some(false), 1)] {
        let mut state = state(Some("1 mon"));
        state.has_scheduler = scheduler;
        let plan = plan(&policies(MONTH), &state, Consent::Withheld);
        assert_eq!(plan.findings.len(), findings, "{plan:?}");
    }
    let mut nothing = state(None);
    nothing.has_scheduler = Some(false);
    let plan = plan(&policies("hypertables: {}"), &nothing, Consent::Withheld);
    assert!(plan.findings.is_empty(), "{plan:?}");
}

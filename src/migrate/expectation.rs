//! What does a run do about the schema that is expected: checks it before, records it after.

use super::{
    look::Look,
    run::SideRun,
    upgrade::{Options, Side},
};
use crate::{
    drift::{self, Baseline, Drift, Question},
    engine::{Direction, Survey},
    outcome::Finding,
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeSet;

/// May the files run?
pub enum Begun {
    /// The schema is not as expected; what is wrong was told.
    Blocked,
    /// What the run begins from, where it is known and there is something to record.
    Free(Option<Baseline>),
}

/// Did a run that applied the newest file end before it recorded what is expected?
pub fn is_unrecorded(look: &Look<'_>) -> bool {
    drift::is_unrecorded(&look.survey.record)
}

/// The look that a run takes before anything is touched.
pub async fn look(side: &mut Side<'_>, survey: &Survey) -> Result<Drift> {
    let question = Question {
        committed: side.committed,
        survey,
        include: &BTreeSet::new(),
    };
    drift::look(&mut *side.engine, &question).await
}

/// What stands in the way, and what is only to be known: a schema that cannot be judged does not
/// keep anybody from upgrading it.
pub fn judged(
    target: Target,
    drift: &Drift,
    options: &Options<'_>,
) -> (Vec<Finding>, Vec<Finding>) {
    let (findings, mut notes) = drift::told(target, drift);
    let (mut blocking, unknown): (Vec<Finding>, Vec<Finding>) = findings
        .into_iter()
        .partition(|finding| finding.change.is_some());
    notes.extend(unknown);
    if options.allow_drift {
        notes.append(&mut blocking);
    }
    (blocking, notes)
}

/// Under the lock. `before` is what was seen before it was held, `now` what is recorded since.
pub async fn begin(
    side: &mut Side<'_>,
    before: &Look<'_>,
    now: &Look<'_>,
    options: &Options<'_>,
    run: &mut SideRun,
) -> Result<Begun> {
    let is_same = before.survey.record == now.survey.record;
    let seen = match is_same {
        true => before.drift.clone(),
        // Somebody else was at work while we waited for the lock.
        false => {
            let seen = look(side, &now.survey).await?;
            let (blocking, _) = judged(side.engine.target(), &seen, options);
            if !blocking.is_empty() {
                run.findings.extend(blocking);
                return Ok(Begun::Blocked);
            }
            seen
        }
    };
    if options.allow_drift && !seen.differences.is_empty() {
        drift::note_accepted(&mut *side.engine, &seen, options.identity).await?;
    }
    let seen = seen.reading.is_some().then_some(&seen);
    let record = &now.survey.record;
    let baseline = drift::baseline(&mut *side.engine, side.committed, record, seen).await?;
    Ok(Begun::Free(baseline))
}

/// After the last file, where the database is not half-applied.
pub async fn end(
    side: &mut Side<'_>,
    baseline: Option<&Baseline>,
    after: &Survey,
    options: &Options<'_>,
    run: &mut SideRun,
) -> Result<()> {
    if side.direction == Direction::Revert {
        return end_of_way_back(side, baseline, after, options, run).await;
    }
    let target = side.engine.target();
    if after.record.is_half_applied() || after.record.version().is_none() {
        return Ok(());
    }
    let Some(baseline) = baseline else {
        run.notes.push(drift::nothing_recorded(target));
        return Ok(());
    };
    let Some(reading) = drift::store(&mut *side.engine, baseline, &after.record).await? else {
        return Ok(());
    };
    let question = Question {
        committed: side.committed,
        survey: after,
        include: &BTreeSet::new(),
    };
    let Some(seen) = drift::against_committed(reading, &question) else {
        return Ok(());
    };
    let (findings, _) = judged(target, &seen, options);
    run.findings.extend(findings);
    Ok(())
}

/// After the last way back: what is expected now was stored when its version was applied, and the way back should
/// have led there. Where nothing was stored, what it left is all that is known.
async fn end_of_way_back(
    side: &mut Side<'_>,
    baseline: Option<&Baseline>,
    after: &Survey,
    options: &Options<'_>,
    run: &mut SideRun,
) -> Result<()> {
    if after.record.is_half_applied() {
        return Ok(());
    }
    drift::store_back(&mut *side.engine, side.committed, baseline, &after.record).await?;
    let mut after = after.clone();
    after.record = side.engine.record().await?;
    let seen = look(side, &after).await?;
    let (findings, _) = judged(side.engine.target(), &seen, options);
    run.findings.extend(findings);
    Ok(())
}

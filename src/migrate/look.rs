//! One look at a database beside its files: what every command begins with. Writes nothing.

use super::{
    files::MigrationSet,
    plan::{Plan, plan, wanted_scripts},
    resume::tell_undecidable,
};
use crate::{
    drift::Drift,
    engine::{Engine, Survey},
    sql::SqlText,
};
use anyhow::Result;
use std::collections::BTreeMap;

/// A survey and what it means for the files.
#[derive(Debug)]
pub struct Look<'a> {
    pub survey: Survey,
    pub plan: Plan<'a>,
    /// What was found of the schema; nothing until it is looked at.
    pub drift: Drift,
}

/// Asks the database and compares with the files.
pub async fn look<'a>(engine: &mut dyn Engine, set: &'a MigrationSet) -> Result<Look<'a>> {
    let survey = engine.survey().await?;
    judge(engine, set, survey).await
}

/// The same from a record read again, under the lock.
pub async fn look_again<'a>(
    engine: &mut dyn Engine,
    set: &'a MigrationSet,
    before: &Survey,
) -> Result<Look<'a>> {
    let mut survey = before.clone();
    survey.record = engine.record().await?;
    survey.busy = None;
    survey.database_exists = true;
    judge(engine, set, survey).await
}

async fn judge<'a>(
    engine: &mut dyn Engine,
    set: &'a MigrationSet,
    survey: Survey,
) -> Result<Look<'a>> {
    let mut scripts = BTreeMap::new();
    for id in wanted_scripts(set, &survey.record) {
        if let Some(text) = engine.recorded_script(id).await? {
            scripts.insert(id, SqlText::new(engine.dialect(), text));
        }
    }
    let mut plan = plan(set, &survey, &scripts);
    tell_undecidable(engine, &mut plan);
    Ok(Look {
        survey,
        plan,
        drift: Drift::default(),
    })
}

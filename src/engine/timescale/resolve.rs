//! Recording in PostgreSQL what somebody settled by hand.

use super::{Timescale, record::FLAVOUR, run, session, texts};
use crate::engine::{HistoryChange, LedgerRow, Resolution};
use anyhow::{Context, Result};

/// Writes the ledger entry and changes the history row, in one transaction.
pub async fn write(timescale: &mut Timescale, resolution: &Resolution<'_>) -> Result<()> {
    let statements = ["BEGIN".to_owned()]
        .into_iter()
        .chain(history(resolution))
        .chain([texts::with_script(
            &LedgerRow::resolved(&FLAVOUR, resolution).insert(),
            resolution.text,
            None,
        )])
        .chain(texts::rest_of_script(resolution.text))
        .chain(["COMMIT".to_owned()]);
    timescale
        .batches(statements)
        .await
        .context("recording the resolution")
}

fn history(resolution: &Resolution<'_>) -> Option<String> {
    let (version, checksum) = (resolution.version, resolution.refinery_checksum);
    match resolution.history {
        HistoryChange::Keep => None,
        HistoryChange::Add => Some(format!(
            "INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) VALUES ({version}, {}, {}, '{checksum}')",
            session::text(resolution.name),
            session::text(&run::now()),
        )),
        HistoryChange::Remove => Some(format!(
            "DELETE FROM public.refinery_schema_history WHERE version = {version}"
        )),
        HistoryChange::Checksum => Some(format!(
            "UPDATE public.refinery_schema_history SET checksum = '{checksum}' WHERE version = {version}"
        )),
    }
}

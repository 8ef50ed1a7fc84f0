//! May data be lost? Said with a flag, or typed by somebody who sits at a terminal.

use crate::{
    migrate::DataLoss,
    outcome::Finding,
    report::{self, Shown},
};

/// What the flag and the terminal allow. Nobody is asked under `--json`: a program reads that.
pub fn data_loss(allowed: bool, json: bool) -> DataLoss<'static> {
    match allowed {
        true => DataLoss::Allowed,
        false if json || !report::can_ask() => DataLoss::Refused,
        false => DataLoss::Ask(&ask),
    }
}

/// Shows what would be lost; a terminal that is gone is no yes.
fn ask(findings: &[Finding]) -> bool {
    let lines: Vec<Shown> = findings
        .iter()
        .map(|finding| Shown::line(&finding.message))
        .collect();
    report::ask(
        &lines,
        "Let this data go? Type yes to go on, anything else to leave these policies as they are: ",
    )
    .unwrap_or(false)
}

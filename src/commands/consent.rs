//! May data be lost? Said with a flag, or typed by somebody who sits at a terminal.

use crate::{migrate::DataLoss, outcome::Finding};
use std::io::{self, BufRead, IsTerminal, Write};

/// What the flag and the terminal allow. Nobody is asked under `--json`: a program reads that.
pub fn data_loss(allowed: bool, json: bool) -> DataLoss<'static> {
    match allowed {
        true => DataLoss::Allowed,
        false if json || !io::stdin().is_terminal() || !io::stderr().is_terminal() => {
            DataLoss::Refused
        }
        false => DataLoss::Ask(&ask),
    }
}

/// Shows what would be lost and reads one line; only `yes` is a yes.
fn ask(findings: &[Finding]) -> bool {
    let mut err = io::stderr().lock();
    for finding in findings {
        if writeln!(err, "{}", finding.message).is_err() {
            return false;
        }
    }
    let question =
        "Let this data go? Type yes to go on, anything else to leave these policies as they are: ";
    if write!(err, "{question}")
        .and_then(|()| err.flush())
        .is_err()
    {
        return false;
    }
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

//! A run of pending files in one line: `V1 to V9 are pending`. `--json` has them all.

use crate::outcome::{Finding, Kind, TargetReport};
use crate::target::Target;
use std::{borrow::Cow, collections::BTreeMap};

/// So many neighbours are told one by one.
const SINGLY: usize = 2;

/// The findings as people read them.
pub fn in_runs<'f>(
    findings: &'f [Finding],
    targets: &BTreeMap<Target, TargetReport>,
) -> Vec<Cow<'f, Finding>> {
    let mut shown = Vec::new();
    let mut rest = findings;
    while let Some((first, behind)) = rest.split_first() {
        let run = 1 + behind
            .iter()
            .take_while(|next| follows(first, next))
            .count();
        let (run, after) = rest.split_at(run);
        match together(run, targets) {
            Some(one) => shown.push(Cow::Owned(one)),
            None => shown.extend(run.iter().map(Cow::Borrowed)),
        }
        rest = after;
    }
    shown
}

/// Is it another pending file of the same database?
fn follows(first: &Finding, next: &Finding) -> bool {
    let is_file = |finding: &Finding| finding.kind == Kind::Pending && finding.object.is_some();
    is_file(first) && is_file(next) && first.target == next.target && first.remedy == next.remedy
}

/// One finding for all of a run, where it is every pending file of the database.
fn together(run: &[Finding], targets: &BTreeMap<Target, TargetReport>) -> Option<Finding> {
    if run.len() <= SINGLY {
        return None;
    }
    let target = run[0].target?;
    let pending = &targets.get(&target)?.pending;
    let (first, last) = (pending.first()?, pending.last()?);
    if pending.len() != run.len() {
        return None;
    }
    let (from, to, count) = (first.version, last.version, run.len());
    let message = format!(
        "V{from} to V{to} are pending: {count} files, {} to {}",
        run[0].object.as_deref()?,
        run[count - 1].object.as_deref()?
    );
    let mut one = Finding::new(Kind::Pending, target, message);
    one.remedy = run[0].remedy.clone();
    Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Pending;

    fn pending(version: i32) -> Finding {
        let file = format!("mysql/V{version}__a.sql");
        Finding::new(Kind::Pending, Target::Mysql, format!("{file} is pending"))
            .about(file)
            .remedy("sgmp-db upgrade")
    }

    fn shown(versions: &[i32]) -> Vec<String> {
        let mut findings: Vec<Finding> = versions.iter().map(|version| pending(*version)).collect();
        findings.push(Finding::new(
            Kind::Drift,
            Target::Mysql,
            "table a is missing",
        ));
        let report = TargetReport {
            pending: versions
                .iter()
                .map(|version| Pending {
                    version: *version,
                    name: "a".to_owned(),
                    sql: None,
                })
                .collect(),
            ..TargetReport::default()
        };
        let targets = BTreeMap::from([(Target::Mysql, report)]);
        in_runs(&findings, &targets)
            .iter()
            .map(|finding| finding.message.clone())
            .collect()
    }

    #[test]
    fn many_are_one_line_and_few_a_line_each() {
        assert_eq!(
            shown(&[1, 2, 3, 7]),
            [
                "V1 to V7 are pending: 4 files, mysql/V1__a.sql to mysql/V7__a.sql",
                "table a is missing"
            ]
        );
        assert_eq!(shown(&[1, 2]).len(), 3);
        assert_eq!(shown(&[]), ["table a is missing"]);
    }
}

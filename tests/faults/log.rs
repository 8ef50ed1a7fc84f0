//! Which interruptions were made, where they struck, and what did not end well.

use crate::{
    attack::Kind,
    route::{Stage, Stop},
    support::Run,
};
use std::collections::BTreeMap;

/// One run that was interrupted, and how it ended.
pub struct Case {
    pub kind: Kind,
    pub stop: Stop,
    /// Where it was interrupted again while resuming.
    pub again: Option<Stop>,
    /// How many interruptions struck; a point that a run does not come by strikes nothing.
    pub interrupted: usize,
    /// The interrupted calls and the last one.
    pub runs: Vec<Run>,
    pub problem: Option<String>,
}

impl Case {
    /// Not yet run.
    pub fn new(kind: Kind, stop: Stop, again: Option<Stop>) -> Case {
        Case {
            kind,
            stop,
            again,
            interrupted: 0,
            runs: Vec::new(),
            problem: None,
        }
    }
}

/// All cases of a battery.
#[derive(Default)]
pub struct Log {
    cases: Vec<Case>,
}

impl Log {
    /// Adds cases that have run.
    pub fn add(&mut self, cases: Vec<Case>) {
        self.cases.extend(cases);
    }

    /// How many interruptions struck.
    pub fn interruptions(&self) -> usize {
        self.cases.iter().map(|case| case.interrupted).sum()
    }

    /// The table: a row per stage of the run, a column per kind.
    pub fn table(&self, title: &str) -> String {
        let mut rows: BTreeMap<&Stage, [usize; 4]> = BTreeMap::new();
        for case in &self.cases {
            if case.interrupted > 0 {
                rows.entry(&case.stop.stage).or_default()[case.kind as usize] += 1;
            }
            if let (Some(again), 2..) = (&case.again, case.interrupted) {
                rows.entry(&again.stage).or_default()[3] += 1;
            }
        }
        let mut lines = vec![
            format!(
                "{title}: {} interruptions of {} runs, {} did not end well",
                self.interruptions(),
                self.cases.len(),
                self.problems().count()
            ),
            format!(
                "{:<60} {:>6} {:>6} {:>7} {:>9}",
                "while", "cut", "tool", "server", "resuming"
            ),
        ];
        for (stage, [cut, tool, server, again]) in rows {
            let words: String = stage.words().chars().take(60).collect();
            lines.push(format!(
                "{words:<60} {cut:>6} {tool:>6} {server:>7} {again:>9}"
            ));
        }
        lines.join("\n")
    }

    fn problems(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.problem.is_some())
    }

    /// Everything about the cases that did not end well, at most `most` of them.
    pub fn failures(&self, most: usize) -> String {
        let told: Vec<String> = self
            .problems()
            .take(most)
            .map(|case| {
                let again = match &case.again {
                    Some(again) => format!(", again {} ({})", again.point, again.stage.words()),
                    None => String::new(),
                };
                let (kind, point, stage) = (case.kind, case.stop.point, case.stop.stage.words());
                let problem = case.problem.as_deref().unwrap_or_default();
                let first = &case.runs.first().map(Run::all).unwrap_or_default();
                format!(
                    "--- {kind} {point} ({stage}){again}\n{problem}\nthe first call said:\n{first}"
                )
            })
            .collect();
        told.join("\n")
    }
}

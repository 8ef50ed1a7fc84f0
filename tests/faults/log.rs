//! Which interruptions were made, where they struck, and what did not end well.

use crate::{
    attack::Kind,
    route::{Stage, Stop},
    support::Run,
};
use std::{collections::BTreeMap, time::Instant};

/// After so many runs a line tells how far a battery is.
const PROGRESS: usize = 32;

/// One run that was interrupted, and how it ended.
pub struct Case {
    pub kind: Kind,
    pub stop: Stop,
    /// Is it to be struck again while it resumes? With which of the spots that are ahead then?
    pub again: Option<usize>,
    /// Where it was interrupted, in order; a spot that a run does not come by strikes nothing.
    pub struck: Vec<Stop>,
    /// The interrupted calls and the last one.
    pub runs: Vec<Run>,
    /// Did the last call tell that it waited for the lock that the dropped session still held?
    pub waited: Option<bool>,
    pub problem: Option<String>,
}

impl Case {
    /// Not yet run.
    pub fn new(kind: Kind, stop: Stop, again: Option<usize>) -> Case {
        Case {
            kind,
            stop,
            again,
            struck: Vec::new(),
            runs: Vec::new(),
            waited: None,
            problem: None,
        }
    }

    /// The whole story.
    fn story(&self) -> String {
        let mut lines = vec![format!("--- {}", self.kind)];
        for stop in &self.struck {
            lines.push(format!("{} ({})", stop.spot, stop.stage.words()));
        }
        if self.struck.is_empty() {
            let (spot, stage) = (&self.stop.spot, self.stop.stage.words());
            lines.push(format!("never came {spot} ({stage})"));
        }
        lines.push(self.problem.clone().unwrap_or_default());
        for (index, run) in self.runs.iter().enumerate() {
            let (number, code) = (index + 1, run.code);
            lines.push(format!("call {number}, exit {code:?}:\n{}", run.all()));
        }
        lines.join("\n")
    }
}

/// All cases of a battery.
pub struct Log {
    title: String,
    begun: Instant,
    /// How many runs there are to be.
    planned: usize,
    cases: Vec<Case>,
}

impl Log {
    /// Of a battery with so many runs.
    pub fn new(title: &str, planned: usize) -> Log {
        Log {
            title: title.to_owned(),
            begun: Instant::now(),
            planned,
            cases: Vec::new(),
        }
    }

    /// Adds cases that have run. Tells at once what did not end well, and now and then how far it is.
    pub fn add(&mut self, cases: Vec<Case>) {
        let before = self.cases.len();
        for case in &cases {
            if case.problem.is_some() {
                println!("{}: {}", self.title, case.story());
            }
        }
        self.cases.extend(cases);
        if before / PROGRESS != self.cases.len() / PROGRESS {
            println!("{}", self.progress());
        }
    }

    /// How many runs are in it.
    pub fn runs(&self) -> usize {
        self.cases.len()
    }

    /// How many interruptions struck.
    pub fn interruptions(&self) -> usize {
        self.cases.iter().map(|case| case.struck.len()).sum()
    }

    /// How many runs were struck again while they resumed.
    pub fn struck_again(&self) -> usize {
        self.cases
            .iter()
            .filter(|case| case.struck.len() > 1)
            .count()
    }

    /// How many last calls found the lock held by a session that had lost its client, and how many
    /// of them were there in time to tell that they waited for it.
    pub fn locked(&self) -> (usize, usize) {
        let locked = self.cases.iter().filter_map(|case| case.waited);
        let (waited, late): (Vec<bool>, _) = locked.partition(|waited| *waited);
        (waited.len() + late.len(), waited.len())
    }

    /// How many did not end well.
    pub fn failed(&self) -> usize {
        let failed = self.cases.iter().filter(|case| case.problem.is_some());
        failed.count()
    }

    /// How far it is, in a line.
    fn progress(&self) -> String {
        let runs = self.runs();
        let untouched = self.cases.iter().filter(|case| case.struck.is_empty());
        let took = self.begun.elapsed().as_secs_f64();
        format!(
            "{}: {runs} of {} runs, {} interruptions, {} runs struck again while resuming, {} never came to \
             their spot, {} did not end well; {took:.0} s, {:.2} s each",
            self.title,
            self.planned,
            self.interruptions(),
            self.struck_again(),
            untouched.count(),
            self.failed(),
            took / runs.max(1) as f64,
        )
    }

    /// The table: a row per stage of the run, a column per kind, and at its end the sums.
    pub fn table(&self) -> String {
        const WIDTH: usize = Kind::ALL.len() + 1;
        let mut rows: BTreeMap<&Stage, [usize; WIDTH]> = BTreeMap::new();
        let mut sums = [0; WIDTH];
        for case in &self.cases {
            for (index, stop) in case.struck.iter().enumerate() {
                let column = if index == 0 {
                    case.kind as usize
                } else {
                    WIDTH - 1
                };
                rows.entry(&stop.stage).or_default()[column] += 1;
                sums[column] += 1;
            }
        }
        let line = |head: &str, cells: Vec<String>| {
            let cells: String = cells.iter().map(|cell| format!(" {cell:>8}")).collect();
            let head: String = head.chars().take(48).collect();
            format!("{head:<48}{cells}")
        };
        let numbers = |row: [usize; WIDTH]| row.iter().map(usize::to_string).collect();
        let words = Kind::ALL.map(|kind| kind.word().to_owned());
        let heads = words.into_iter().chain(["resuming".to_owned()]).collect();
        let mut lines = vec![self.progress(), line("while", heads)];
        for (stage, row) in rows {
            lines.push(line(&stage.words(), numbers(row)));
        }
        lines.push(line("in all", numbers(sums)));
        let (locked, waited) = self.locked();
        lines.push(format!(
            "{waited} of {locked} told that they waited for the lock of a session that had lost its client"
        ));
        let untouched = self.cases.iter().filter(|case| case.struck.is_empty());
        lines.extend(untouched.map(|case| {
            let (kind, spot, stage) = (case.kind, &case.stop.spot, case.stop.stage.words());
            format!("not there this time: {kind} {spot} ({stage})")
        }));
        lines.join("\n")
    }
}

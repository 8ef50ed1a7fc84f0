//! Why a file that reads well cannot be followed on this server: exit 2, with file and line.

use crate::{
    outcome::Failure,
    policy::{
        Compression, JobKind, Policies, PolicyState, Refresh, Retention, Section, Span, TableName,
        Wishes,
    },
    target::Target,
    yaml::nearest,
};

/// Everything that is wrong.
pub(super) fn refusals(policies: &Policies, state: &PolicyState) -> Vec<Failure> {
    let judge = Judge { policies, state };
    let mut wrong = Vec::new();
    for (name, wishes) in &policies.tables {
        match judge.name(name, wishes) {
            Some(failure) => wrong.push(failure),
            None => {
                let of_table = judge.table(name, wishes);
                if of_table.is_empty() {
                    wrong.extend(judge.unable(name, wishes));
                }
                wrong.extend(of_table);
            }
        }
    }
    wrong.extend(
        state
            .tables
            .keys()
            .filter_map(|aggregate| judge.undercut(aggregate)),
    );
    wrong
}

/// Policies beside what the server has.
pub(super) struct Judge<'a> {
    pub(super) policies: &'a Policies,
    pub(super) state: &'a PolicyState,
}

impl Judge<'_> {
    /// A refusal with its place in the file.
    pub(super) fn wrong(&self, wishes: &Wishes, key: &str, message: String) -> Failure {
        Failure::usage(message)
            .on(Target::Timescale)
            .at(self.policies.file.clone(), wishes.line_of(key))
    }

    /// Is there such a thing, and is it what the section says?
    fn name(&self, name: &TableName, wishes: &Wishes) -> Option<Failure> {
        let Some(now) = self.state.tables.get(name) else {
            // Under a licence without aggregates there are none, and the same file is right elsewhere.
            let elsewhere = wishes.section == Section::Aggregates && !self.state.can_have_policies;
            return (!elsewhere).then(|| self.no_table(name, wishes));
        };
        let message = match (wishes.section, &now.source) {
            (Section::Hypertables, Some(_)) => {
                format!("{name} is a continuous aggregate, not a hypertable")
            }
            (Section::Aggregates, None) => {
                format!("{name} is a hypertable, not a continuous aggregate")
            }
            _ if self.state.is_backends(name) => {
                format!("{name} is made by the backend at run time, and so are its policies")
            }
            _ => return None,
        };
        let section = match wishes.section {
            Section::Hypertables => "move it below continuous_aggregates:",
            Section::Aggregates => "move it below hypertables:",
        };
        let remedy = if self.state.is_backends(name) {
            "remove it from the file"
        } else {
            section
        };
        Some(self.wrong(wishes, "", message).remedy(remedy))
    }

    fn no_table(&self, name: &TableName, wishes: &Wishes) -> Failure {
        if let Some(what) = self.state.others.get(name) {
            let message = format!("{name} is {what}, not a hypertable or continuous aggregate");
            let remedy = format!(
                "make it one in a migration (create_hypertable), or remove {name} from the file"
            );
            return self.wrong(wishes, "", message).remedy(remedy);
        }
        let known: Vec<String> = self.state.tables.keys().map(ToString::to_string).collect();
        let remedy = match nearest(&name.to_string(), known.iter().map(String::as_str)) {
            Some(near) => format!("perhaps {near} is meant"),
            None => format!("the hypertables here are {}", known.join(", ")),
        };
        let message = format!("there is no hypertable or continuous aggregate {name} here");
        self.wrong(wishes, "", message).remedy(remedy)
    }

    /// Time in numbers for a column of numbers, in intervals for one of times.
    fn table(&self, name: &TableName, wishes: &Wishes) -> Vec<Failure> {
        let mut wrong = Vec::new();
        let integer = matches!(
            self.state
                .tables
                .get(name)
                .and_then(|now| now.chunk_interval),
            Some(Span::Integer(_))
        );
        let retention = match wishes.retention {
            Some(Retention::DropAfter(span)) => Some(span),
            _ => None,
        };
        let after = match &wishes.compression {
            Some(Compression::On(columnstore)) => Some(columnstore.after),
            _ => None,
        };
        let stated = [
            ("chunk_interval", wishes.chunk_interval),
            ("retention", retention),
            ("compression", after),
        ];
        for (key, span) in stated {
            if let Some(span) = span
                && matches!(span, Span::Integer(_)) != integer
            {
                let kind = if integer { "numbers" } else { "times" };
                let message =
                    format!("the time column of {name} holds {kind}, so {key} cannot be {span}");
                let remedy = if integer {
                    "write a number"
                } else {
                    "write an interval, as in 7 days"
                };
                wrong.push(self.wrong(wishes, key, message).remedy(remedy));
            }
        }
        let several = wishes
            .refresh
            .as_ref()
            .is_some_and(|refresh| refresh.len() > 1);
        if several && !self.state.several_refreshes && self.state.can_have_policies {
            let message = format!("this TimescaleDB allows one refresh policy for {name}");
            let remedy =
                "state one that covers both windows, or update the extension to 2.21 or later";
            wrong.push(self.wrong(wishes, "refresh", message).remedy(remedy));
        }
        wrong
    }

    /// A dropped chunk invalidates its part of the aggregates, so a refresh that reaches back to it
    /// takes away what was materialised; one that reaches compressed chunks works on those. A window
    /// without a start always reaches back: that is how the backend's own are, so it is noted only.
    fn undercut(&self, aggregate: &TableName) -> Option<Failure> {
        let source = self.state.tables.get(aggregate)?.source.as_ref()?;
        let window = self.longest_window(aggregate)?;
        for table in [source, aggregate] {
            let Some(wishes) = self.policies.tables.get(table) else {
                continue;
            };
            let stated = match (&wishes.retention, &wishes.compression) {
                (Some(Retention::DropAfter(span)), _) if is_within(span, &window) => {
                    Some(("retention", format!("keep data for {span}")))
                }
                (_, Some(Compression::On(columnstore)))
                    if is_within(&columnstore.after, &window) =>
                {
                    Some((
                        "compression",
                        format!("compress data after {}", columnstore.after),
                    ))
                }
                _ => None,
            };
            if let Some((key, does)) = stated {
                let why = match key {
                    "retention" => {
                        "a refresh would find the rows gone and take what it had materialised of them away"
                    }
                    _ => "every refresh would work on compressed chunks",
                };
                let message = format!(
                    "{table} cannot {does} while {aggregate} is refreshed from {window} ago: {why}"
                );
                let remedy = format!(
                    "make it longer than {window}, or the start_offset of {aggregate} shorter"
                );
                return Some(self.wrong(wishes, key, message).remedy(remedy));
            }
        }
        None
    }

    /// The earliest bounded start of an aggregate's refresh policies, as they will be.
    fn longest_window(&self, aggregate: &TableName) -> Option<Span> {
        let stated = self
            .policies
            .tables
            .get(aggregate)
            .and_then(|wishes| wishes.refresh.clone());
        let live = || {
            let jobs = self.state.jobs_of(aggregate, JobKind::Refresh);
            jobs.iter()
                .filter_map(|job| job.refresh)
                .collect::<Vec<Refresh>>()
        };
        let starts = stated
            .unwrap_or_else(live)
            .into_iter()
            .filter_map(|refresh| refresh.start);
        starts.reduce(|one, other| {
            if other.longer_than(&one) == Some(true) {
                other
            } else {
                one
            }
        })
    }
}

/// A month may have 28 days, so what is equally long in PostgreSQL's eyes counts as within.
fn is_within(span: &Span, window: &Span) -> bool {
    span.longer_than(window) == Some(false)
}

//! The message of a file that did not run to its end: the fact, what is in the database, what to type.

use super::excerpt::excerpt;
use crate::{
    counted::part_is,
    engine::{LOCK_LOST, StepFailure, Work},
    outcome::{Exit, Failure},
    sql::Statement,
    target::Target,
};

/// A file's end as an error.
pub fn explain(failure: &StepFailure, work: &Work<'_>, (target, again): (Target, &str)) -> Failure {
    let told = Told {
        failure,
        work,
        target,
        again,
    };
    let statement = failure
        .statement
        .and_then(|index| work.statements.get(index));
    let (line, column) = statement.map_or_else(Default::default, |statement| {
        in_file(failure, work, statement)
    });
    let explained = Failure::new(
        told.exit(),
        format!("{}; {}", told.fact(&column), told.inside()),
    )
    .on(target)
    .remedy(told.remedy())
    .at(work.file, line);
    match statement {
        Some(statement) => explained.statement(excerpt(statement.text(), failure.place)),
        None => explained,
    }
}

/// What to type when a failed statement may have left a part of what it does.
fn in_doubt(version: i32, target: Target, again: &str) -> String {
    format!(
        "look what the statement left; if all of it is there: sgmp-db resolve {version} --only {target} --applied; \
         else undo the rest by hand, correct the file, then: sgmp-db resolve {version} --only {target} --reverted; \
         then go on with: {again}"
    )
}

struct Told<'a> {
    failure: &'a StepFailure,
    work: &'a Work<'a>,
    target: Target,
    /// What goes on with the run.
    again: &'a str,
}

impl Told<'_> {
    fn fact(&self, column: &str) -> String {
        let StepFailure {
            message,
            connection_lost,
            stopped,
            statement,
            ..
        } = self.failure;
        if self.lock_lost() {
            return format!("stopped before {}: {message}", self.next());
        }
        let place = self.place();
        match (connection_lost, stopped, statement) {
            (true, _, None) if self.work.atomic => {
                format!("the connection was lost in {place}: {message}")
            }
            // The server may go on with what it was sent before, so `before` would say too much.
            (true, _, None) => format!("the connection was lost at {place}: {message}"),
            (true, _, Some(_)) => format!("the connection was lost in {place}{column}: {message}"),
            (_, true, None) => message.clone(),
            (_, true, Some(_)) => format!("stopped in {place}{column}: {message}"),
            (_, _, None) if self.is_between() => format!("failed before {place}: {message}"),
            _ => format!("failed in {place}{column}: {message}"),
        }
    }

    /// What the failure is about.
    fn place(&self) -> String {
        let total = self.work.statements.len();
        match self.failure.statement {
            Some(index) => format!("statement {} of {total}", index + 1),
            None if self.work.atomic && self.failure.connection_lost => "this file".to_owned(),
            None => self.next(),
        }
    }

    /// What would have come next.
    fn next(&self) -> String {
        match self.is_between() {
            true => format!(
                "statement {} of {}",
                self.failure.done + 1,
                self.work.statements.len()
            ),
            false => "recording it".to_owned(),
        }
    }

    /// Is there a statement that has not begun? In a transaction they all have, or nobody counts them.
    fn is_between(&self) -> bool {
        !self.work.atomic && self.failure.done < self.work.statements.len()
    }

    /// A pooler took the session away.
    fn lock_lost(&self) -> bool {
        self.failure.message.starts_with(LOCK_LOST)
    }

    fn inside(&self) -> String {
        let (done, total) = (self.failure.done, self.work.statements.len());
        let inside = format!("{} in the database", part_is(done, total, "statement"));
        let lost = self.failure.connection_lost && !self.lock_lost();
        if self.failure.in_doubt {
            format!("{inside}; how {} ended is not known", self.place())
        } else if lost && self.work.atomic {
            "all of this file is in the database or nothing of it, as the record says".to_owned()
        } else if lost && done == total {
            format!("{inside}; whether that is recorded is not known")
        } else if lost {
            format!("at least {inside}")
        } else if done == 0 {
            "nothing of this file is in the database".to_owned()
        } else {
            format!("{inside} and stay there")
        }
    }

    fn exit(&self) -> Exit {
        if self.failure.done > 0 || self.failure.in_doubt {
            Exit::HalfApplied
        } else if self.failure.worth_retrying {
            Exit::Lock
        } else {
            Exit::Failed
        }
    }

    fn remedy(&self) -> String {
        let (failure, target) = (self.failure, self.target);
        let again = self.again;
        let go_on = format!("go on with: {again}");
        if self.lock_lost() {
            format!("connect to the server itself, not to a pooler or proxy, then {go_on}")
        } else if failure.connection_lost {
            format!("see what is in the database: sgmp-db status --only {target}; {go_on}")
        } else if failure.in_doubt {
            in_doubt(self.work.version, target, again)
        } else if failure.stopped {
            go_on
        } else if failure.worth_retrying {
            format!("end whoever is in the way or wait for them, then {go_on} --lock-wait 10m")
        } else if failure.statement.is_none() {
            format!("remove what is in the way, then {go_on}")
        } else if failure.done > 0 {
            format!("correct the file from this statement on, then {go_on}")
        } else {
            format!("correct the file, then type: {again}")
        }
    }
}

/// The line of the file that the server's error points to, and in words the column where it tells one.
fn in_file(
    failure: &StepFailure,
    work: &Work<'_>,
    statement: &Statement,
) -> (Option<usize>, String) {
    let Some(place) = failure.place else {
        return (Some(statement.line), String::new());
    };
    let before = &work.text[..statement.range.start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = match place.line {
        1 => before[line_start..]
            .trim_start_matches('\u{feff}')
            .chars()
            .count(),
        _ => 0,
    };
    let column = place.column.map_or_else(String::new, |column| {
        format!(" at column {}", column + indent)
    });
    (Some(statement.line + place.line.saturating_sub(1)), column)
}

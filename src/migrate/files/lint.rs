//! What is wrong inside the files: found offline, refused before a run.

use super::{Migration, MigrationSet, Script, parallel, session, transaction};
use crate::{
    outcome::{Exit, Failure},
    sql::{Commits, Dialect, SyntaxError},
    target::Target,
};

/// Rules that an `allow` cannot switch off, because the file, or the one behind it, could not run as written.
const ABSOLUTE: [&str; 4] = ["syntax", "client-command", "left-behind", "runner-lock"];

/// On PostgreSQL a COMMIT of the file's own would part the file from its record.
fn is_absolute(dialect: Dialect, rule: &str) -> bool {
    ABSOLUTE.contains(&rule) || (dialect == Dialect::Postgres && rule == "transaction-control")
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintProblem {
    pub rule: &'static str,
    pub file: String,
    pub line: Option<usize>,
    pub message: String,
    pub remedy: String,
}

impl LintProblem {
    /// Must the file not run?
    pub fn blocks(&self) -> bool {
        !["missing-down", "statement-by-statement"].contains(&self.rule)
    }

    /// The same as a reason to stop.
    pub fn failure(&self, target: Target) -> Failure {
        Failure::new(Exit::Usage, format!("{} ({})", self.message, self.rule))
            .on(target)
            .at(self.file.clone(), self.line)
            .remedy(format!(
                "{}; then look again: sgmp-db check --only {target}",
                self.remedy
            ))
    }
}

/// Every problem of every file.
pub fn lint(set: &MigrationSet) -> Vec<LintProblem> {
    let each = parallel::each(&set.migrations, |migration| {
        lint_migration(set.target, migration)
    });
    let mut problems: Vec<LintProblem> = each.into_iter().flatten().collect();
    if set.target == Target::Timescale {
        problems.extend(transaction::concurrent_indexes(set));
    }
    problems
}

/// The rules that one migration's files break and may be allowed to.
pub(super) fn broken(target: Target, migration: &Migration) -> impl Iterator<Item = &'static str> {
    let problems = problems(migration).into_iter();
    let names = problems.map(|problem| problem.rule);
    names.filter(move |rule| !is_absolute(target.dialect(), rule))
}

/// Every problem of one migration's files.
pub fn lint_migration(target: Target, migration: &Migration) -> Vec<LintProblem> {
    let mut problems = problems(migration);
    let allowed = &migration.up.directives.allow;
    problems.retain(|problem| {
        is_absolute(target.dialect(), problem.rule)
            || !allowed.iter().any(|allow| allow.rule == problem.rule)
    });
    problems
}

fn problems(migration: &Migration) -> Vec<LintProblem> {
    let mut problems = lint_script(&migration.up);
    match &migration.down {
        Some(down) => problems.extend(lint_script(down)),
        None => problems.push(LintProblem {
            rule: "missing-down",
            file: migration.up.file.clone(),
            line: None,
            message: "the file has no way back".to_owned(),
            remedy: format!(
                "write V{}__{}.down.sql beside it",
                migration.version, migration.name
            ),
        }),
    }
    problems
}

fn lint_script(script: &Script) -> Vec<LintProblem> {
    let statements = match script.sql.parsed() {
        Ok(statements) => statements,
        Err(error) => return vec![of_syntax(script, error)],
    };
    if statements.is_empty() {
        let message = "the file has no statement".to_owned();
        return vec![problem(
            script,
            "syntax",
            None,
            message,
            "write its SQL, or remove it",
        )];
    }
    let mut problems = Vec::new();
    invisible_characters(script, &mut problems);
    transaction_control(script, &mut problems);
    match script.sql.dialect() {
        Dialect::Postgres => mixed_transaction(script, &mut problems),
        Dialect::Mysql => load_data_local(script, &mut problems),
    }
    problems.extend(session::problems(script));
    problems.extend(transaction::told(script));
    problems
}

pub(super) fn problem(
    script: &Script,
    rule: &'static str,
    line: Option<usize>,
    message: String,
    remedy: &str,
) -> LintProblem {
    LintProblem {
        rule,
        file: script.file.clone(),
        line,
        message,
        remedy: remedy.to_owned(),
    }
}

fn of_syntax(script: &Script, error: &SyntaxError) -> LintProblem {
    let rule = if error.client_command {
        "client-command"
    } else {
        "syntax"
    };
    let remedy = error
        .hint
        .as_deref()
        .unwrap_or("end it where it should end");
    problem(
        script,
        rule,
        Some(error.line),
        error.message.clone(),
        remedy,
    )
}

/// A blank from elsewhere makes a name longer instead of ending it.
fn invisible_characters(script: &Script, problems: &mut Vec<LintProblem>) {
    for statement in script.statements() {
        if let Some((found, at)) = statement.facts.invisible {
            let code = u32::from(found);
            let message = format!(
                "U+{code:04X} looks like a blank or like nothing, and for the server it is a part of a name"
            );
            let before = script.text().get(statement.range.start..at);
            let line = statement.line + before.map_or(0, |before| before.matches('\n').count());
            let remedy = "write an ordinary blank, or quote the name";
            problems.push(problem(
                script,
                "invisible-character",
                Some(line),
                message,
                remedy,
            ));
        }
    }
}

/// The runner opens and ends the transactions; a COMMIT of the file's own would end ours early.
fn transaction_control(script: &Script, problems: &mut Vec<LintProblem>) {
    for statement in script.statements() {
        if statement.facts.commits == Commits::Control {
            let message = format!(
                "`{}` would cut across the runner's own transactions",
                statement.summary()
            );
            let remedy =
                "remove it: each file already runs in a transaction where the database can do that";
            problems.push(problem(
                script,
                "transaction-control",
                Some(statement.line),
                message,
                remedy,
            ));
        }
    }
}

fn mixed_transaction(script: &Script, problems: &mut Vec<LintProblem>) {
    if !transaction::is_atomic(script) {
        return;
    }
    for statement in script.statements() {
        if let Some(why) = statement.facts.outside_transaction {
            let message = format!(
                "`{}` cannot run in the file's transaction: {why}",
                statement.summary()
            );
            let remedy =
                "put it into a file of its own that begins with: -- sgmp-db: no-transaction";
            problems.push(problem(
                script,
                "mixed-transaction",
                Some(statement.line),
                message,
                remedy,
            ));
        }
    }
}

fn load_data_local(script: &Script, problems: &mut Vec<LintProblem>) {
    for statement in script.statements() {
        let words: Vec<String> = statement
            .text()
            .split_whitespace()
            .take(5)
            .map(str::to_uppercase)
            .collect();
        if words.first().is_some_and(|word| word == "LOAD") && words.contains(&"LOCAL".to_owned()) {
            let message = "LOAD DATA LOCAL reads a file of whoever runs the upgrade".to_owned();
            let remedy = "write the rows as INSERT … VALUES";
            problems.push(problem(
                script,
                "load-data-local",
                Some(statement.line),
                message,
                remedy,
            ));
        }
    }
}

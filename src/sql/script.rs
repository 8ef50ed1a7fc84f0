//! Statements and remarks for a database's own command line, in which nothing that a name or a value
//! holds is more than a name or a value.
//!
//! This is the one place that writes SQL comments: a remark is one line whatever it says, and a
//! statement whose text could end a comment is never put into one.

use super::{
    Dialect,
    client::for_client,
    hidden::{Bodies, Written, written},
    modes::Modes,
    split,
    words::tokens_by,
};
use crate::visible;

/// A text for `psql` or `mysql`.
#[derive(Debug, Clone)]
pub struct Script {
    dialect: Dialect,
    text: String,
    shown: String,
    /// What the statements so far make of quotes, and the statement that did.
    modes: Modes,
    mode_statement: String,
}

impl Script {
    /// An empty one.
    pub fn new(dialect: Dialect) -> Script {
        Script {
            dialect,
            text: String::new(),
            shown: String::new(),
            modes: Modes::of(dialect),
            mode_statement: String::new(),
        }
    }

    /// A comment of one line.
    pub fn remark(&mut self, text: &str) {
        let line = format!("-- {}\n", visible::line(text));
        self.both(&line);
    }

    /// A statement to be run. One that the client would not send as it is becomes a remark that says so.
    pub fn statement(&mut self, statement: &str) {
        match self.checked(statement, Bodies::AsWritten) {
            Ok((text, shown)) => {
                self.text.push_str(&text);
                self.shown.push_str(&shown);
            }
            Err(why) => self.left_out(why),
        }
        self.remember(statement);
    }

    /// A statement that is not to be run, as a comment.
    pub fn withhold(&mut self, statement: &str) {
        match self.checked(statement, Bodies::OnOneLine) {
            // Tabs stay, so that what somebody takes out of the comment is the statement.
            Ok((text, _)) => text
                .lines()
                .for_each(|line| self.both(&format!("-- {}\n", visible::lines(line)))),
            Err(why) => self.left_out(why),
        }
    }

    fn left_out(&mut self, why: &str) {
        self.remark(&format!("the statement is not written here: {why}"));
        self.remark("it is a member of: sgmp-db diff --sql --json");
    }

    /// What goes into a file or a pipe.
    pub fn text(&self) -> String {
        self.with_head(&self.text)
    }

    /// The same for a terminal: it may not be exact, and then cannot be pasted.
    pub fn shown(&self) -> String {
        self.with_head(&self.shown)
    }

    /// A client's own character set would make other names of these.
    fn with_head(&self, text: &str) -> String {
        let needs = !self.text.is_ascii() || self.text.contains(" USING utf8mb4)");
        match self.dialect == Dialect::Mysql && needs {
            true => format!("SET NAMES utf8mb4;\n{text}"),
            false => text.to_owned(),
        }
    }

    fn both(&mut self, line: &str) {
        self.text.push_str(line);
        self.shown.push_str(line);
    }

    fn remember(&mut self, statement: &str) {
        let tokens = tokens_by(self.dialect, self.modes, statement);
        let modes = self.modes.behind(self.dialect, &tokens);
        if modes != self.modes {
            self.modes = modes;
            self.mode_statement = format!("{statement};\n");
        }
    }

    /// The text for the client, and for a terminal. A text that the client would not read as exactly
    /// these statements is none.
    fn checked(&self, statement: &str, bodies: Bodies) -> Result<(String, String), &'static str> {
        let Written { statements, shown } = written(self.dialect, self.modes, statement, bodies)?;
        let all = |statements: &[String]| -> String {
            statements
                .iter()
                .map(|one| for_client(self.dialect, one))
                .collect()
        };
        let text = all(&statements);
        let read = format!("{}{text}", self.mode_statement);
        let expected = statements.len() + usize::from(!self.mode_statement.is_empty());
        match split(self.dialect, &read) {
            Ok(found) if found.len() == expected => Ok((text, all(&shown))),
            _ => Err("the client would not read it as one statement"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_one_line_for_every_reader() {
        for dialect in [Dialect::Mysql, Dialect::Postgres] {
            let mut script = Script::new(dialect);
            script.remark("table x\nDROP TABLE a;\r\\! sh\u{b}\u{c}\u{85}\u{2028}\u{2029}*/");
            let text = script.text();
            assert_eq!(
                text.chars()
                    .filter(|c| visible::is_hidden(*c))
                    .collect::<String>(),
                "\n"
            );
            assert!(
                text.starts_with("-- table x\\nDROP TABLE a;\\r\\! sh"),
                "{text}"
            );
        }
    }

    #[test]
    fn every_line_of_a_withheld_statement_is_a_comment() {
        let statements = [
            (Dialect::Postgres, "DROP VIEW \"x\n\\! sh\""),
            (
                Dialect::Postgres,
                "CREATE FUNCTION f() AS $a$\n\\! sh\r\n$a$",
            ),
            (Dialect::Mysql, "DROP TABLE `x -- \n DROP TABLE t;`"),
            (Dialect::Mysql, "DROP TRIGGER `x -- \n DROP TABLE t;`"),
            (
                Dialect::Mysql,
                "CREATE PROCEDURE p() BEGIN SELECT 1;\n SELECT '\n'; END",
            ),
            (Dialect::Mysql, "ALTER TABLE t\n  ADD a int,\n  ADD b int"),
        ];
        for (dialect, statement) in statements {
            let mut script = Script::new(dialect);
            script.withhold(statement);
            let text = script.text();
            let body = text.strip_prefix("SET NAMES utf8mb4;\n").unwrap_or(&text);
            assert!(body.lines().all(|line| line.starts_with("-- ")), "{text}");
            assert!(split(dialect, body).unwrap().is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_statement_is_left_out() {
        for (dialect, statement) in [
            (
                Dialect::Postgres,
                "ALTER TABLE t ADD CHECK (true); DROP TABLE x",
            ),
            (Dialect::Postgres, "COMMENT ON TABLE t IS 'a"),
            (Dialect::Postgres, "SELECT 1 \\! sh"),
            (Dialect::Mysql, "ALTER TABLE t COMMENT 'a"),
            (Dialect::Mysql, "SELECT 1 \\! sh"),
        ] {
            let mut script = Script::new(dialect);
            script.statement(statement);
            assert!(
                split(dialect, &script.text()).unwrap().is_empty(),
                "{}",
                script.text()
            );
        }
        let mut script = Script::new(Dialect::Mysql);
        script.statement("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'");
        script.statement("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = '\\'");
        assert_eq!(split(Dialect::Mysql, &script.text()).unwrap().len(), 2);
    }
}

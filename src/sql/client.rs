//! How must a statement be written so that the database's own command line reads it as one?

use super::Dialect;

/// With its end, and a line feed after it. `mysql` splits at every semicolon, also inside a body,
/// unless it is told another delimiter (MySQL 8.0 Reference Manual, 4.5.1.2 mysql Client Commands).
pub fn for_client(dialect: Dialect, statement: &str) -> String {
    let statement = statement.trim_end();
    if dialect == Dialect::Postgres || !statement.contains(';') {
        // On a line of its own where the statement may end in a comment.
        let is_commented = statement
            .lines()
            .last()
            .is_some_and(|line| line.contains("--") || line.contains('#'));
        return match is_commented {
            true => format!("{statement}\n;\n"),
            false => format!("{statement};\n"),
        };
    }
    let mut delimiter = "$$".to_owned();
    while statement.contains(&delimiter) {
        delimiter.push('$');
    }
    format!("DELIMITER {delimiter}\n{statement}\n{delimiter}\nDELIMITER ;\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    #[test]
    fn a_body_reaches_the_server_whole() {
        let trigger =
            "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = '$$'; END";
        for statement in [trigger, "DROP TABLE t", "SELECT 1 -- one"] {
            let script = for_client(Dialect::Mysql, statement).repeat(2);
            let split = split(Dialect::Mysql, &script).unwrap();
            assert_eq!(split.len(), 2, "{script}");
            assert!(
                split
                    .iter()
                    .all(|one| one.text().starts_with(&statement[..8]))
            );
        }
        let function = "CREATE FUNCTION f() AS $$ SELECT 1; $$";
        let script = for_client(Dialect::Postgres, function);
        assert_eq!(split(Dialect::Postgres, &script).unwrap().len(), 1);
    }
}

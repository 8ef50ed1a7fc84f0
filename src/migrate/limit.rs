//! Does the server take every statement of a file? Asked before anything is touched.

use super::files::Script;
use crate::{engine::StatementLimit, outcome::Failure};

/// The first statement of the file that is longer than the server takes.
pub fn too_long(script: &Script, limit: &StatementLimit) -> Option<Failure> {
    if script.text().len() <= limit.bytes {
        return None;
    }
    // A file that cannot be split is refused elsewhere.
    let statement = script
        .statements()
        .iter()
        .find(|statement| statement.text().len() > limit.bytes)?;
    let (length, most, name) = (statement.text().len(), limit.bytes, limit.name);
    let message = format!(
        "the statement has {length} bytes, and this server takes at most {most} ({name}); nothing was changed"
    );
    let failure = Failure::failed(message)
        .at(&script.file, Some(statement.line))
        .remedy(limit.remedy);
    Some(failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        migrate::files::Directives,
        sql::{Dialect, SqlText},
    };

    #[test]
    fn a_statement_over_the_limit_is_told_with_its_line_its_size_and_the_limits_name() {
        let limit = StatementLimit {
            name: "the_limit",
            bytes: 30,
            remedy: "split it",
        };
        let text = format!("SELECT 1;\nSELECT 2;\n\nSELECT '{}';\n", "x".repeat(22));
        for dialect in [Dialect::Mysql, Dialect::Postgres] {
            let script = |text: String| Script {
                file: "V1__a.sql".to_owned(),
                sql: SqlText::new(dialect, text),
                directives: Directives::default(),
            };
            let failure = too_long(&script(text.clone()), &limit).unwrap();
            assert_eq!(failure.line, Some(4));
            assert!(failure.message.contains("31 bytes"), "{}", failure.message);
            assert!(failure.message.contains("at most 30 (the_limit)"));
            let short = text.replace("'x", "'");
            assert!(too_long(&script(short), &limit).is_none());
        }
    }
}

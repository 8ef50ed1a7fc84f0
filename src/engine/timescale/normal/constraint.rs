//! What does pg_get_constraintdef say? What is constrained, and the words after it.

use super::cursor::{Cursor, unquoted};
use crate::engine::timescale::catalog::constraints::Constraint;

/// Takes a printed definition apart; none for one of another form.
pub fn constraint(definition: &str) -> Option<Constraint> {
    let mut cursor = Cursor(definition);
    let mut constraint = Constraint::default();
    let mut is = |name: &str, cursor: &mut Cursor<'_>, word: &str| {
        let is = cursor.take(word);
        if is {
            constraint.type_name = name.to_owned();
        }
        is
    };
    if is("primary_key", &mut cursor, "PRIMARY KEY") || is("unique", &mut cursor, "UNIQUE") {
        constraint.nulls_not_distinct = cursor.take("NULLS NOT DISTINCT");
        constraint.columns = names(cursor.list()?);
        index_clauses(&mut cursor, &mut constraint)?;
    } else if is("check", &mut cursor, "CHECK") {
        // The outer parentheses are the clause's; the server prints the expression's own within.
        constraint.expression = Some(cursor.parenthesis()?.to_owned());
    } else if is("foreign_key", &mut cursor, "FOREIGN KEY") {
        constraint.columns = names(cursor.list()?);
        references(&mut cursor, &mut constraint)?;
    } else if is("exclude", &mut cursor, "EXCLUDE") {
        if !cursor.take("USING") {
            return None;
        }
        let method = cursor.word();
        constraint.expression = Some(format!("USING {method} ({})", cursor.parenthesis()?));
        index_clauses(&mut cursor, &mut constraint)?;
        if cursor.take("WHERE") {
            let predicate = cursor.parenthesis()?;
            if let Some(expression) = &mut constraint.expression {
                expression.push_str(&format!(" WHERE ({predicate})"));
            }
        }
    } else {
        return None;
    }
    endings(&mut cursor, &mut constraint);
    cursor.0.is_empty().then_some(constraint)
}

fn index_clauses(cursor: &mut Cursor<'_>, constraint: &mut Constraint) -> Option<()> {
    if cursor.take("INCLUDE") {
        constraint.include = names(cursor.list()?);
    }
    if cursor.take("WITH") {
        constraint.options = Some(cursor.parenthesis()?.to_owned());
    }
    if cursor.take("USING INDEX TABLESPACE") {
        cursor.word();
    }
    Some(())
}

fn references(cursor: &mut Cursor<'_>, constraint: &mut Constraint) -> Option<()> {
    if !cursor.take("REFERENCES") {
        return None;
    }
    constraint.references = Some(cursor.word().to_owned());
    constraint.referenced_columns = names(cursor.list()?);
    if cursor.take("MATCH") {
        constraint.match_type = Some(cursor.word().to_ascii_lowercase());
    }
    if cursor.take("ON UPDATE") {
        constraint.on_update = Some(action(cursor)?);
    }
    if cursor.take("ON DELETE") {
        constraint.on_delete = Some(action(cursor)?);
    }
    Some(())
}

/// `SET NULL (a, b)` names columns since 15.
fn action(cursor: &mut Cursor<'_>) -> Option<String> {
    for action in [
        "CASCADE",
        "RESTRICT",
        "NO ACTION",
        "SET NULL",
        "SET DEFAULT",
    ] {
        if cursor.take(action) {
            let words = action.to_ascii_lowercase();
            return Some(match cursor.parenthesis() {
                Some(columns) => format!("{words} ({columns})"),
                None => words,
            });
        }
    }
    None
}

fn endings(cursor: &mut Cursor<'_>, constraint: &mut Constraint) {
    loop {
        let flag = if cursor.take("NO INHERIT") {
            &mut constraint.no_inherit
        } else if cursor.take("DEFERRABLE") {
            &mut constraint.deferrable
        } else if cursor.take("INITIALLY DEFERRED") {
            &mut constraint.initially_deferred
        } else if cursor.take("NOT VALID") {
            &mut constraint.not_valid
        } else if cursor.take("NOT ENFORCED") {
            &mut constraint.not_enforced
        } else {
            return;
        };
        *flag = true;
    }
}

fn names(list: Vec<String>) -> Vec<String> {
    list.iter().map(|name| unquoted(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_key_is_told_by_its_parts() {
        let key = constraint("FOREIGN KEY (\"A\", b) REFERENCES app.\"T\"(x, y) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (b) DEFERRABLE INITIALLY DEFERRED NOT VALID").unwrap();
        assert_eq!(key.columns, ["A", "b"]);
        assert_eq!(key.references.as_deref(), Some("app.\"T\""));
        assert_eq!(key.referenced_columns, ["x", "y"]);
        assert_eq!(key.match_type.as_deref(), Some("full"));
        assert_eq!(key.on_delete.as_deref(), Some("set null (b)"));
        assert!(key.deferrable && key.initially_deferred && key.not_valid);
    }

    #[test]
    fn a_check_ends_where_its_parenthesis_does() {
        let check = constraint("CHECK ((a <> ') NOT VALID'::text)) NO INHERIT NOT VALID").unwrap();
        assert_eq!(
            check.expression.as_deref(),
            Some("(a <> ') NOT VALID'::text)")
        );
        assert!(check.no_inherit && check.not_valid);
    }

    #[test]
    fn an_exclusion_keeps_operators_and_predicate() {
        let text = "EXCLUDE USING gist (during WITH &&) WHERE ((NOT cancelled)) DEFERRABLE";
        let exclude = constraint(text).unwrap();
        assert_eq!(
            exclude.expression.as_deref(),
            Some("USING gist (during WITH &&) WHERE ((NOT cancelled))")
        );
        assert!(exclude.deferrable);
    }
}

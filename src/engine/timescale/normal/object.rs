//! Which parts of an object are expressions that the server prints? All of them, in the print that
//! is stable: of what is read, and of what was stored before this was done.

use super::expression;
use crate::{
    engine::timescale::catalog,
    schema::{EACH, Object, Place, change_texts},
};

/// Every expression that is not in a definition.
const EXPRESSIONS: &[Place] = &[
    (catalog::constraints::CONSTRAINT, &["expression"]),
    (catalog::types::DOMAIN, &["default"]),
    (catalog::types::DOMAIN, &["checks", EACH]),
    (catalog::indexes::INDEX, &["keys", EACH]),
    (catalog::indexes::INDEX, &["predicate"]),
    (catalog::tables::TABLE, &["partition_by"]),
    (catalog::tables::TABLE, &["columns", EACH, "default"]),
    (
        catalog::tables::TABLE,
        &["columns", EACH, "generated", "expression"],
    ),
    (
        catalog::tables::FOREIGN_TABLE,
        &["columns", EACH, "default"],
    ),
    (
        catalog::tables::FOREIGN_TABLE,
        &["columns", EACH, "generated", "expression"],
    ),
    (catalog::row_policies::ROW_POLICY, &["using"]),
    (catalog::row_policies::ROW_POLICY, &["check"]),
    (catalog::triggers::TRIGGER, &["definition"]),
    (catalog::views::VIEW, &["defaults", EACH]),
    (catalog::statistics::STATISTICS, &["of"]),
    (
        catalog::publications::PUBLICATION,
        &["tables", EACH, "rows"],
    ),
    // Defaults of arguments.
    (catalog::routines::FUNCTION, &["arguments"]),
    (catalog::routines::PROCEDURE, &["arguments"]),
];

/// Brings every expression of an object into the print that is stable.
pub fn object(object: &mut Object) {
    change_texts(object, EXPRESSIONS, expression);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Key;
    use serde_json::json;

    #[test]
    fn expressions_change_and_other_texts_do_not() {
        let before = "((a AND b) AND c)";
        let after = "(a AND b AND c)";
        let mut table = Object::new(
            Key::new("table", "t"),
            json!({"columns": {"x": {"type": before, "default": before}, "y": {"generated": {"expression": before}}}}),
        );
        object(&mut table);
        assert_eq!(
            table.value,
            json!({"columns": {"x": {"type": before, "default": after}, "y": {"generated": {"expression": after}}}})
        );
        let mut index = Object::new(
            Key::new("index", "t.i"),
            json!({"keys": ["a", before], "predicate": before}),
        );
        object(&mut index);
        assert_eq!(
            index.value,
            json!({"keys": ["a", after], "predicate": after})
        );
        let mut function = Object::new(Key::new("function", "f()"), json!({"body": before}));
        function.per_major = Some(json!({"definition": before}));
        object(&mut function);
        assert_eq!(function.value, json!({"body": before}));
        assert_eq!(function.per_major, Some(json!({"definition": after})));
    }
}

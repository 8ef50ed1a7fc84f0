//! How is a condition written once the server has read its own print?
//!
//! `(a, b) = (1, 2)` is kept as a list of comparisons within the list that it stands in, and printed
//! so; a list that is read is one with those in it. A dump that is restored is such a reading. Tried
//! on 9.7 with every operator in every place that holds an expression.

use crate::{
    engine::mysql::catalog,
    schema::{EACH, Object, Place, change_texts},
    sql::{Dialect, printed::flattened},
};

/// Every expression that is not in a definition.
const EXPRESSIONS: &[Place] = &[
    (catalog::checks::KIND, &["expression"]),
    (catalog::indexes::KIND, &["parts", EACH]),
    (catalog::tables::KIND, &["columns", EACH, "default"]),
    (
        catalog::tables::KIND,
        &["columns", EACH, "generated", "expression"],
    ),
];

/// Brings every condition of an object into the print that is stable.
pub fn object(object: &mut Object) {
    change_texts(object, EXPRESSIONS, |text| flattened(Dialect::Mysql, text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Key;
    use serde_json::json;

    #[test]
    fn a_comparison_of_rows_is_read_back_as_part_of_its_list() {
        let before = "(((`a` = 1) and (`b` = 2)) and (`c` > 0))";
        let after = "((`a` = 1) and (`b` = 2) and (`c` > 0))";
        let literal = "'((a and b) and c)'";
        let mut table = Object::new(
            Key::new("table", "t"),
            json!({"columns": {"x": {"default": before}, "y": {"default": literal}, "z": {"generated": {"expression": before}}}}),
        );
        object(&mut table);
        assert_eq!(
            table.value,
            json!({"columns": {"x": {"default": after}, "y": {"default": literal}, "z": {"generated": {"expression": after}}}})
        );
    }
}

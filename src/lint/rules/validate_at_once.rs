//! NOT VALID wins nothing where the same transaction validates.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "validate-at-once",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "The lock of ADD CONSTRAINT … NOT VALID lasts until the transaction ends, so that VALIDATE in the same file reads the \
             table under it after all.",
    safer: "move VALIDATE CONSTRAINT into the next file",
    bad: "ALTER TABLE house ADD CONSTRAINT house_number CHECK (number > 0) NOT VALID;\nALTER TABLE house VALIDATE CONSTRAINT house_number;",
    good: "ALTER TABLE house VALIDATE CONSTRAINT house_number;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| at.file.atomic && at.read.what == What::AlterTable)?;
    let [validate, _, name, ..] = at.read.rest() else {
        return None;
    };
    let name = folded(Dialect::Postgres, name);
    let adds = |read: &Read<'_>| {
        let of_table = read.table.as_deref() == Some(table);
        of_table
            && read
                .clauses
                .iter()
                .any(|one| one.act == Act::AddKey && one.name.as_ref() == Some(&name))
    };
    let at_once = validate.is("validate") && at.file.statements[..at.index].iter().any(adds);
    at_once.then(|| format!("{name} is validated under the lock of the statement that added it"))
}

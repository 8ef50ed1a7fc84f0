//! Several changes of the schema with data between them, where nothing rolls back.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "data-between-ddl",
    subject: Subject::Running,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL commits at every change of the schema. When a statement of data between two of them fails, the file is half \
             applied and cannot be rolled back.",
    safer: "three files: the schema that takes both forms, the data, the schema that takes the new form only",
    bad: "CREATE TABLE street (id INT PRIMARY KEY);\nUPDATE house SET number = 1 WHERE number IS NULL;\nCREATE TABLE town (id INT PRIMARY KEY);",
    good: "UPDATE house SET number = 1 WHERE number IS NULL;\nUPDATE house SET number = 2 WHERE number = 3;",
    find: Find::File(find),
};

fn find(file: &File<'_>, _: &Known) -> Vec<(usize, String)> {
    let of = |read: &Read<'_>| read.is_ddl();
    let first = file.statements.iter().position(of);
    let last = file.statements.iter().rposition(of);
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let data = (first..last).find(|index| file.statements[*index].is_data());
    let told = data.map(|index| {
        (
            index,
            "data between changes of the schema: if it fails, what stands above stays".to_owned(),
        )
    });
    told.into_iter().collect()
}

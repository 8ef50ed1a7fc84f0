//! A file that waits for locks as long as it takes.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "unbounded-lock-wait",
    subject: Subject::Locks,
    dialect: None,
    severity: Severity::Warning,
    reason: "A statement that waits for a lock keeps everybody behind it waiting too. `upgrade` therefore bounds the wait, gives up and \
             tries again; the file takes that away.",
    safer: "at the top of the file: -- sgmp-db: lock-timeout=5s",
    bad: "-- MySQL:\nSET lock_wait_timeout = 31536000;\n-- PostgreSQL:\nSET lock_timeout = 0;",
    good: "-- sgmp-db: lock-timeout=5s\nSELECT 1;",
    find: Find::File(find),
};

fn find(file: &File<'_>, _: &Known) -> Vec<(usize, String)> {
    let setting = match file.dialect {
        Dialect::Mysql => "lock_wait_timeout",
        Dialect::Postgres => "lock_timeout",
    };
    let sets = |read: &Read<'_>| {
        let short = read
            .value_of(&[setting])
            .and_then(|value| value.parse::<u64>().ok());
        let is_long = match file.dialect {
            Dialect::Mysql => short.is_none_or(|seconds| seconds > 3600),
            Dialect::Postgres => short == Some(0),
        };
        read.begins(&["set"]) && read.has(&[setting]) && is_long
    };
    let found = file
        .statements
        .iter()
        .enumerate()
        .filter(|(_, read)| sets(read));
    found
        .map(|(index, _)| {
            (
                index,
                format!("{setting} lets the file wait for locks without an end"),
            )
        })
        .collect()
}

//! A setting of the whole server.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "server-setting",
    subject: Subject::Elsewhere,
    dialect: None,
    severity: Severity::Warning,
    reason: "It holds for every database of the server, takes a privilege that RDS does not give, and is not what the parameter group \
             or Patroni says, which wins at the next restart.",
    safer: "the parameter group of RDS, Patroni's configuration; for this file only: SET SESSION, SET LOCAL",
    bad: "-- MySQL:\nSET GLOBAL max_connections = 500;\n-- PostgreSQL:\n-- sgmp-db: no-transaction\nALTER SYSTEM SET max_connections = 500;",
    good: "-- MySQL:\nSET SESSION group_concat_max_len = 4096;\n-- PostgreSQL:\nSET LOCAL work_mem = '64MB';",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let mysql = read.begins(&["set"])
        && (read
            .tokens
            .iter()
            .any(|word| word.is_any(&["global", "persist", "persist_only"]))
            || read.has(&["sql_log_bin"]));
    let sets = match at.file.dialect {
        Dialect::Mysql => mysql,
        Dialect::Postgres => read.begins(&["alter", "system"]),
    };
    sets.then(|| "the setting holds for the whole server".to_owned())
}

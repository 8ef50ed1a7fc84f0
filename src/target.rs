//! Which of the two databases?

use crate::sql::Dialect;
use serde::Serialize;
use std::fmt;

/// One of the databases that every command addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// MySQL (AWS RDS).
    Mysql,
    /// PostgreSQL with the TimescaleDB extension.
    Timescale,
}

impl Target {
    /// Every target, in the order in which reports show them.
    pub const ALL: [Target; 2] = [Target::Mysql, Target::Timescale];

    /// The name as typed after `--only`, and the folder's name below `migrations/`.
    pub fn name(self) -> &'static str {
        match self {
            Target::Mysql => "mysql",
            Target::Timescale => "timescale",
        }
    }

    /// Which SQL its files are written in.
    pub fn dialect(self) -> Dialect {
        match self {
            Target::Mysql => Dialect::Mysql,
            Target::Timescale => Dialect::Postgres,
        }
    }

    /// The target of that name.
    pub fn from_name(name: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.name() == name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

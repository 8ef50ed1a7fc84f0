//! `upgrade`: its options, and what `--to` means.

use super::versions;
use crate::{outcome::Failure, target::Target};
use clap::Args;
use std::collections::BTreeMap;

/// `upgrade`.
#[derive(Debug, Clone, Args)]
pub struct UpgradeArguments {
    /// Stop at this version: V with --only, else mysql=V,timescale=V
    #[arg(long, value_name = "V")]
    pub to: Option<String>,
    /// Show what would run, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep trying while a server is still starting
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
    /// Go on where the schema is not as expected; recorded
    #[arg(long)]
    pub allow_drift: bool,
    /// Let a policy change make the server drop data
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Make an absent database also when it is not called sgmp
    #[arg(long)]
    pub create_database: bool,
}

impl UpgradeArguments {
    /// The version to stop at for each database that `--to` names.
    ///
    /// # Errors
    /// Exit 2: a bare number for two databases, a name twice, something that is no number.
    pub fn goals(&self, targets: &[Target]) -> Result<BTreeMap<Target, i32>, Failure> {
        match &self.to {
            Some(to) => versions::goals("upgrade", to, targets),
            None => Ok(BTreeMap::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goals(to: &str, targets: &[Target]) -> Result<Vec<i32>, Failure> {
        let arguments = UpgradeArguments {
            to: Some(to.to_owned()),
            dry_run: false,
            wait: None,
            lock_wait: None,
            allow_drift: false,
            allow_data_loss: false,
            create_database: false,
        };
        Ok(arguments.goals(targets)?.into_values().collect())
    }

    #[test]
    fn a_bare_version_needs_one_database() {
        assert_eq!(goals("7", &[Target::Mysql]).unwrap(), [7]);
        assert!(
            goals("7", &Target::ALL)
                .unwrap_err()
                .remedy
                .unwrap()
                .contains("--only")
        );
        assert_eq!(goals("mysql=7,timescale=1", &Target::ALL).unwrap(), [7, 1]);
        for wrong in ["mysql=7,mysql=8", "oracle=1", "mysql=", "seven"] {
            assert!(goals(wrong, &Target::ALL).is_err(), "{wrong}");
        }
    }
}

//! Every setting there is, one line each.

/// A setting: its flag, its variable, and so its keys in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Without the dashes; absent for passwords, which are never flags.
    pub flag: Option<&'static str>,
    /// The backend's own name where it has one, else ours.
    pub variable: &'static str,
}

impl Known {
    /// The flag with underscores: the other way to write the key in `sgmp-db.yaml`.
    pub fn file_key(&self) -> Option<String> {
        self.flag.map(|flag| flag.replace('-', "_"))
    }
}

const fn known(flag: &'static str, variable: &'static str) -> Known {
    Known {
        flag: Some(flag),
        variable,
    }
}

const fn secret(variable: &'static str) -> Known {
    Known {
        flag: None,
        variable,
    }
}

/// All of them. docs/configuration.md describes each; a test compares.
pub const KNOWN: [Known; 36] = [
    known("mysql-host", "MYSQL_HOST"),
    known("mysql-port", "MYSQL_PORT"),
    known("mysql-user", "MYSQL_USER"),
    secret("MYSQL_PASS"),
    known("mysql-database", "MYSQL_DATABASE"),
    secret("DATABASE_URL"),
    known("timescale-host", "TSDB_HOST"),
    known("timescale-port", "TSDB_PORT"),
    known("timescale-user", "TSDB_USER"),
    secret("TSDB_PASS"),
    known("timescale-database", "TSDB_DATABASE"),
    secret("AWS_REGION"),
    secret("DEPLOYMENT_NAME"),
    known("mysql-tls", "SGMP_DB_MYSQL_TLS"),
    known("mysql-ca", "SGMP_DB_MYSQL_CA"),
    known("mysql-tls-name", "SGMP_DB_MYSQL_TLS_NAME"),
    known("timescale-tls", "SGMP_DB_TIMESCALE_TLS"),
    known("timescale-ca", "SGMP_DB_TIMESCALE_CA"),
    known("timescale-tls-name", "SGMP_DB_TIMESCALE_TLS_NAME"),
    known("ca", "SGMP_DB_CA"),
    known("bastion", "SGMP_DB_BASTION"),
    known("identity", "SGMP_DB_IDENTITY"),
    known("accept-new-host-key", "SGMP_DB_ACCEPT_NEW_HOST_KEY"),
    known("ssh-option", "SGMP_DB_SSH_OPTION"),
    known("migrations", "SGMP_DB_MIGRATIONS"),
    known("policies", "SGMP_DB_POLICIES"),
    known("env", "SGMP_DB_ENV"),
    known("secrets-file", "SGMP_DB_SECRETS_FILE"),
    known("consul", "SGMP_DB_CONSUL"),
    known("connect-timeout", "SGMP_DB_CONNECT_TIMEOUT"),
    known("wait", "SGMP_DB_WAIT"),
    known("lock-wait", "SGMP_DB_LOCK_WAIT"),
    known("create-database", "SGMP_DB_CREATE_DATABASE"),
    secret("SGMP_DB_TSDB_APP_PASS"),
    secret("SGMP_DB_TSDB_ADMIN_USER"),
    secret("SGMP_DB_TSDB_ADMIN_PASS"),
];

/// Variables of ours that are no settings: the sandbox's images and the tests' tools.
pub const OTHER_VARIABLES: [&str; 10] = [
    "SGMP_DB_CONFIG",
    "SGMP_DB_MYSQL_IMAGE",
    "SGMP_DB_TIMESCALE_IMAGE",
    "SGMP_DB_TIMESCALE_APACHE17_IMAGE",
    "SGMP_DB_TIMESCALE_APACHE18_IMAGE",
    "SGMP_DB_TIMESCALE_COMMUNITY_IMAGE",
    "SGMP_DB_REFINERY",
    "SGMP_DB_FLASK",
    "SGMP_DB_SSHD",
    "SGMP_DB_TEST_RUN",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_documented() {
        let page = include_str!("../../docs/configuration.md");
        for known in KNOWN {
            assert!(
                page.contains(&format!("`{}`", known.variable)),
                "{}",
                known.variable
            );
            if let Some(flag) = known.flag {
                assert!(page.contains(&format!("`--{flag}`")), "--{flag}");
            }
        }
    }

    #[test]
    fn our_own_variables_equal_their_flags() {
        for known in KNOWN
            .iter()
            .filter(|known| known.variable.starts_with("SGMP_DB_"))
        {
            if let Some(flag) = known.flag {
                let expected = format!("SGMP_DB_{}", flag.replace('-', "_").to_uppercase());
                assert_eq!(known.variable, expected);
            }
        }
    }
}

//! Which place wins, and what is refused: flags over environment over file over secrets file over defaults.

use secrecy::ExposeSecret;
use sgmp_db::{
    config::{Bastion, Environment, Flags, MigrationsFrom, Settings, TlsMode},
    outcome::Failure,
};
use std::fs;

/// What was typed, the variables, and the files where one stands.
#[derive(Default)]
struct Given<'a> {
    flags: &'a [(&'static str, &'a str)],
    variables: &'a [(&'a str, &'a str)],
    files: &'a [(&'a str, &'a str)],
}

impl Given<'_> {
    fn resolve(&self) -> Result<Settings, Vec<Failure>> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in self.files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let flags = Flags {
            values: self
                .flags
                .iter()
                .map(|(flag, text)| (*flag, (*text).to_owned()))
                .collect(),
            ..Flags::default()
        };
        let variables: Environment = self.variables.iter().copied().collect();
        Settings::resolve(&flags, &variables, directory.path())
    }

    #[track_caller]
    fn settings(&self) -> Settings {
        self.resolve().unwrap()
    }

    /// The one thing that is wrong.
    #[track_caller]
    fn refusal(&self) -> Failure {
        let mut failures = self.resolve().unwrap_err();
        assert_eq!(failures.len(), 1, "{failures:?}");
        failures.remove(0)
    }
}

/// A setting, its key in `sgmp-db.yaml`, its variable and its flag where it has them, three values
/// that differ, the default, and how it reads back.
struct Row {
    variable: &'static str,
    flag: Option<&'static str>,
    values: [&'static str; 3],
    default: &'static str,
    read: fn(&Settings) -> String,
}

fn password(secret: &Option<secrecy::SecretString>) -> String {
    secret
        .as_ref()
        .map_or_else(String::new, |secret| secret.expose_secret().to_owned())
}

fn bastion(settings: &Settings) -> Option<&Bastion> {
    settings.bastion.as_ref()
}

fn shown(path: &Option<std::path::PathBuf>) -> String {
    path.as_ref()
        .map_or_else(String::new, |path| path.display().to_string())
}

fn row(
    variable: &'static str,
    flag: Option<&'static str>,
    values: [&'static str; 3],
    default: &'static str,
    read: fn(&Settings) -> String,
) -> Row {
    Row {
        variable,
        flag,
        values,
        default,
        read,
    }
}

const NAMES: [&str; 3] = ["file-x", "env-x", "flag-x"];

fn rows() -> Vec<Row> {
    let seconds = ["1s", "2s", "3s"];
    vec![
        row("MYSQL_HOST", Some("mysql-host"), NAMES, "127.0.0.1", |s| {
            s.mysql.host.clone()
        }),
        row(
            "MYSQL_PORT",
            Some("mysql-port"),
            ["1", "2", "3"],
            "3306",
            |s| s.mysql.port.to_string(),
        ),
        row("MYSQL_USER", Some("mysql-user"), NAMES, "sgmp", |s| {
            s.mysql.user.clone()
        }),
        row("MYSQL_PASS", None, NAMES, "", |s| {
            password(&s.mysql.password)
        }),
        row(
            "MYSQL_DATABASE",
            Some("mysql-database"),
            NAMES,
            "sgmp",
            |s| s.mysql.database.clone(),
        ),
        row(
            "TSDB_HOST",
            Some("timescale-host"),
            NAMES,
            "127.0.0.1",
            |s| s.timescale.host.clone(),
        ),
        row(
            "TSDB_PORT",
            Some("timescale-port"),
            ["1", "2", "3"],
            "5432",
            |s| s.timescale.port.to_string(),
        ),
        row(
            "TSDB_USER",
            Some("timescale-user"),
            NAMES,
            "postgres",
            |s| s.timescale.user.clone(),
        ),
        row("TSDB_PASS", None, NAMES, "", |s| {
            password(&s.timescale.password)
        }),
        row(
            "TSDB_DATABASE",
            Some("timescale-database"),
            NAMES,
            "sgmp",
            |s| s.timescale.database.clone(),
        ),
        row(
            "SGMP_DB_MYSQL_TLS",
            Some("mysql-tls"),
            ["disable", "require", "verify-ca"],
            "prefer",
            |s| s.mysql.tls.mode.to_string(),
        ),
        row(
            "SGMP_DB_TIMESCALE_TLS",
            Some("timescale-tls"),
            ["disable", "require", "verify-ca"],
            "prefer",
            |s| s.timescale.tls.mode.to_string(),
        ),
        row("SGMP_DB_MYSQL_CA", Some("mysql-ca"), NAMES, "", |s| {
            shown(&s.mysql.tls.ca)
        }),
        row(
            "SGMP_DB_TIMESCALE_CA",
            Some("timescale-ca"),
            NAMES,
            "",
            |s| shown(&s.timescale.tls.ca),
        ),
        row("SGMP_DB_CA", Some("ca"), NAMES, "", |s| {
            shown(&s.mysql.tls.ca)
        }),
        row(
            "SGMP_DB_MYSQL_TLS_NAME",
            Some("mysql-tls-name"),
            NAMES,
            "",
            |s| s.mysql.tls.name.clone().unwrap_or_default(),
        ),
        row(
            "SGMP_DB_TIMESCALE_TLS_NAME",
            Some("timescale-tls-name"),
            NAMES,
            "",
            |s| s.timescale.tls.name.clone().unwrap_or_default(),
        ),
        row(
            "SGMP_DB_MIGRATIONS",
            Some("migrations"),
            NAMES,
            "",
            |s| match &s.migrations {
                Some(MigrationsFrom::Directory(directory)) => directory.display().to_string(),
                Some(MigrationsFrom::BuiltIn) => "built-in".to_owned(),
                None => String::new(),
            },
        ),
        row("SGMP_DB_BASTION", Some("bastion"), NAMES, "", |s| {
            bastion(s).map_or_else(String::new, |bastion| bastion.host.clone())
        }),
        row("SGMP_DB_IDENTITY", Some("identity"), NAMES, "", |s| {
            shown(&bastion(s).and_then(|bastion| bastion.identity.clone()))
        }),
        row(
            "SGMP_DB_ACCEPT_NEW_HOST_KEY",
            Some("accept-new-host-key"),
            ["yes", "no", "true"],
            "false",
            |s| {
                bastion(s).map_or_else(String::new, |bastion| {
                    bastion.accept_new_host_key.to_string()
                })
            },
        ),
        row(
            "SGMP_DB_SSH_OPTION",
            Some("ssh-option"),
            ["A=1", "A=2", "A=3"],
            "",
            |s| bastion(s).map_or_else(String::new, |bastion| bastion.options.join("; ")),
        ),
        row("SGMP_DB_POLICIES", Some("policies"), NAMES, "", |s| {
            shown(&s.policies)
        }),
        row("SGMP_DB_ENV", Some("env"), NAMES, "", |s| {
            s.environment.clone().unwrap_or_default()
        }),
        row(
            "SGMP_DB_CONNECT_TIMEOUT",
            Some("connect-timeout"),
            seconds,
            "10s",
            |s| humantime::format_duration(s.connect_timeout).to_string(),
        ),
        row("SGMP_DB_WAIT", Some("wait"), seconds, "", |s| {
            s.wait.map_or_else(String::new, |wait| {
                humantime::format_duration(wait).to_string()
            })
        }),
        row("SGMP_DB_LOCK_WAIT", Some("lock-wait"), seconds, "1m", |s| {
            humantime::format_duration(s.lock_wait).to_string()
        }),
        row(
            "SGMP_DB_CREATE_DATABASE",
            Some("create-database"),
            ["yes", "no", "true"],
            "false",
            |s| s.create_database.to_string(),
        ),
        row("SGMP_DB_TSDB_APP_PASS", None, NAMES, "", |s| {
            s.app_role
                .as_ref()
                .map_or_else(String::new, |role| role.password.expose_secret().to_owned())
        }),
    ]
}

/// What makes a setting readable where it is not the only one that matters: a CA or a name given for
/// a loopback host wants a name and hosts, and what is for a bastion wants one.
const BESIDE: [(&str, &str); 3] = [
    ("MYSQL_HOST", "my.test"),
    ("TSDB_HOST", "ts.test"),
    ("SGMP_DB_BASTION", "bastion.test"),
];

#[test]
fn a_flag_beats_a_variable_and_a_variable_beats_the_file() {
    for Row {
        variable,
        flag,
        values: [in_file, in_variable, in_flag],
        default,
        read,
    } in rows()
    {
        let beside: Vec<_> = BESIDE
            .into_iter()
            .filter(|(name, _)| {
                *name != variable && (!variable.ends_with("_HOST") || default.is_empty())
            })
            .collect();
        let expected = |text: &str| match text {
            "yes" => "true".to_owned(),
            "no" => "false".to_owned(),
            other => other.to_owned(),
        };
        let check = |given: Given<'_>, text: &str, place: &str| {
            let actual = read(&given.settings());
            let actual = actual.rsplit('/').next().unwrap_or_default();
            assert_eq!(actual, expected(text), "{variable} from {place}");
        };
        let line = format!("{variable}: {in_file}\n");
        let with_variable: Vec<_> = beside
            .iter()
            .copied()
            .chain([(variable, in_variable)])
            .collect();
        let files = [("sgmp-db.yaml", line.as_str())];
        check(
            Given {
                variables: &beside,
                ..Given::default()
            },
            default,
            "nowhere",
        );
        check(
            Given {
                variables: &beside,
                files: &files,
                ..Given::default()
            },
            in_file,
            "the file",
        );
        check(
            Given {
                variables: &with_variable,
                files: &files,
                ..Given::default()
            },
            in_variable,
            "the variable",
        );
        let Some(flag) = flag else { continue };
        let flags = [(flag, in_flag)];
        check(
            Given {
                flags: &flags,
                variables: &with_variable,
                files: &files,
            },
            in_flag,
            "the flag",
        );
        // The flag's name is a key of the file too.
        let line = format!("{}: {in_file}\n", flag.replace('-', "_"));
        let files = [("sgmp-db.yaml", line.as_str())];
        check(
            Given {
                variables: &beside,
                files: &files,
                ..Given::default()
            },
            in_file,
            "the flag's key",
        );
    }
}

#[test]
fn every_setting_is_in_the_table_or_has_a_test_of_its_own() {
    let own = [
        "DATABASE_URL",
        "AWS_REGION",
        "DEPLOYMENT_NAME",
        "SGMP_DB_CONSUL",
        "SGMP_DB_SECRETS_FILE",
        "SGMP_DB_TSDB_ADMIN_USER",
        "SGMP_DB_TSDB_ADMIN_PASS",
    ];
    let rows = rows();
    for known in sgmp_db::config::KNOWN {
        let row = rows.iter().find(|row| row.variable == known.variable);
        assert!(
            row.is_some_and(|row| row.flag == known.flag) || own.contains(&known.variable),
            "{known:?}"
        );
    }
}

#[test]
fn consul_is_asked_for_its_own_names_only_and_by_service_where_no_port_is_set() {
    let files = [(
        "sgmp-db.yaml",
        "consul: 10.0.0.1\nTSDB_HOST: master.tsdb.service.consul\nMYSQL_HOST: rds.test\n",
    )];
    let given = |files, variables, flags| Given {
        files,
        variables,
        flags,
    };
    let servers = |given: Given<'_>| {
        let settings = given.settings();
        assert_eq!(settings.mysql.consul, None);
        let consul = settings.timescale.consul.expect("a name that Consul knows");
        let servers: Vec<String> = consul.servers.iter().map(ToString::to_string).collect();
        (servers.join(" "), consul.any_port)
    };
    let variable = [("SGMP_DB_CONSUL", "b:1,c"), ("TSDB_PORT", "6432")];
    let flag = [("consul", "d:2")];
    assert_eq!(
        servers(given(&files, &[], &[])),
        ("10.0.0.1:8600".to_owned(), true)
    );
    assert_eq!(
        servers(given(&files, &variable, &[])),
        ("b:1 c:8600".to_owned(), false)
    );
    assert_eq!(
        servers(given(&files, &variable, &flag)),
        ("d:2".to_owned(), false)
    );
}

#[test]
fn a_named_file_beats_sgmp_db_yaml_which_beats_the_backends_own() {
    let files = [
        ("config.yaml", "MYSQL_HOST: backend\n"),
        ("sgmp-db.yaml", "MYSQL_HOST: ours\n"),
        ("other.yaml", "MYSQL_HOST: other\n"),
    ];
    let host = |files, variables| {
        let given = Given {
            files,
            variables,
            ..Given::default()
        };
        given.settings().mysql.host
    };
    assert_eq!(host(&files[..1], &[]), "backend");
    assert_eq!(host(&files, &[]), "ours");
    assert_eq!(host(&files, &[("SGMP_DB_CONFIG", "other.yaml")]), "other");
}

#[test]
fn the_secrets_file_is_below_everything_but_the_defaults() {
    let secrets = r#"{"rds": "s-rds", "tsdb_postgres": "s-pg", "tsdb_sgmp": "s-app", "tsdb_replicator": "x"}"#;
    let files = [
        ("secrets.json", secrets),
        ("sgmp-db.yaml", "secrets_file: secrets.json\n"),
    ];
    let settings = Given {
        files: &files,
        ..Given::default()
    }
    .settings();
    assert_eq!(password(&settings.mysql.password), "s-rds");
    assert_eq!(password(&settings.timescale.password), "s-pg");
    assert_eq!(settings.app_role.unwrap().password.expose_secret(), "s-app");
    let variables = [
        ("MYSQL_PASS", "e"),
        ("TSDB_PASS", "e"),
        ("SGMP_DB_TSDB_APP_PASS", "e"),
    ];
    let settings = Given {
        files: &files,
        variables: &variables,
        ..Given::default()
    }
    .settings();
    assert_eq!(password(&settings.mysql.password), "e");
    assert_eq!(password(&settings.timescale.password), "e");
    assert_eq!(settings.app_role.unwrap().password.expose_secret(), "e");
    // postgres's password is not somebody else's, and RDS's form of a secret has it one level down.
    let variables = [("TSDB_USER", "somebody")];
    let nested = [
        (
            "secrets.json",
            r#"{"rds": {"username": "sgmp", "password": "deep"}}"#,
        ),
        files[1],
    ];
    let settings = Given {
        files: &nested,
        variables: &variables,
        ..Given::default()
    }
    .settings();
    assert_eq!(password(&settings.mysql.password), "deep");
    assert_eq!(password(&settings.timescale.password), "");
}

#[test]
fn the_backends_own_file_and_names_work_unchanged() {
    let backend = "TSDB_HOST: master.tsdb.service.consul\nTSDB_USER: sgmp\nTSDB_PASS: app\nTSDB_DATABASE: sgmp\n\
                   MYSQL_HOST: rds.test\nMYSQL_USER: sgmp\nMYSQL_PASS: '007'\nMYSQL_DATABASE: sgmp\n\
                   AWS_REGION: us-west-1\nDEPLOYMENT_NAME: gismolab_sgmp\nIOT_ENDPOINT: x\nCOGNITO_USER_POOL_ID: y\n";
    let files = [("config.yaml", backend)];
    let settings = Given {
        files: &files,
        ..Given::default()
    }
    .settings();
    assert_eq!(settings.mysql.host, "rds.test");
    assert_eq!(password(&settings.mysql.password), "007");
    assert_eq!(settings.timescale.user, "sgmp");
    assert!(settings.notes.is_empty(), "{:?}", settings.notes);
    // The login that migrates beside it: then TSDB_USER is the application's, and so is its password.
    let variables = [
        ("SGMP_DB_TSDB_ADMIN_USER", "postgres"),
        ("SGMP_DB_TSDB_ADMIN_PASS", "admin"),
    ];
    let settings = Given {
        files: &files,
        variables: &variables,
        ..Given::default()
    }
    .settings();
    assert_eq!(settings.timescale.user, "postgres");
    assert_eq!(password(&settings.timescale.password), "admin");
    let app = settings.app_role.unwrap();
    assert_eq!(
        (app.name.as_str(), app.password.expose_secret()),
        ("sgmp", "app")
    );
}

#[test]
fn a_near_miss_in_the_backends_file_and_in_the_environment_is_hinted() {
    let files = [("config.yaml", "MYSQL_HOTS: x\nIOT_ENDPOINT: y\n")];
    let variables = [("SGMP_DB_MYSQL_TSL", "require"), ("SGMP_DB_TEST_RUN", "r")];
    let notes = Given {
        files: &files,
        variables: &variables,
        ..Given::default()
    }
    .settings()
    .notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("MYSQL_HOTS") && notes[0].contains("MYSQL_HOST"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("SGMP_DB_MYSQL_TSL") && notes[1].contains("SGMP_DB_MYSQL_TLS"),
        "{notes:?}"
    );
}

#[test]
fn a_database_url_replaces_the_mysql_keys_of_its_own_place_and_below() {
    let url =
        "mysql+pymysql://u%40x:p%40%3A%2F%25%27%22%24%20%C3%BC@[::1]:3307/d%2Fb?charset=utf8mb4";
    let files = [(
        "config.yaml",
        "MYSQL_HOST: file\nMYSQL_USER: file\nMYSQL_PASS: file\nMYSQL_PORT: 1\n",
    )];
    let settings = Given {
        files: &files,
        variables: &[("DATABASE_URL", url)],
        ..Given::default()
    }
    .settings();
    let mysql = &settings.mysql;
    assert_eq!((mysql.host.as_str(), mysql.port), ("::1", 3307));
    assert_eq!(
        (mysql.user.as_str(), mysql.database.as_str()),
        ("u@x", "d/b")
    );
    assert_eq!(password(&mysql.password), "p@:/%'\"$ ü");
    // What it does not say is the default, not the file's: the backend uses nothing else beside it.
    let short = [("DATABASE_URL", "mysql://h")];
    let settings = Given {
        files: &files,
        variables: &short,
        ..Given::default()
    }
    .settings();
    assert_eq!(
        (settings.mysql.host.as_str(), settings.mysql.port),
        ("h", 3306)
    );
    assert!(settings.mysql.password.is_none());
    // A variable beats the file's URL; a flag beats every URL.
    let in_file = [("config.yaml", "DATABASE_URL: mysql://u:p@file/d\n")];
    let variables = [("MYSQL_HOST", "variable")];
    let given = Given {
        files: &in_file,
        variables: &variables,
        flags: &[("mysql-user", "flag")],
    };
    let settings = given.settings();
    assert_eq!(
        (settings.mysql.host.as_str(), settings.mysql.user.as_str()),
        ("variable", "flag")
    );
}

#[test]
fn an_empty_variable_counts_as_not_set_and_an_empty_password_can_be_written_in_a_file() {
    let files = [("sgmp-db.yaml", "MYSQL_HOST: file\nMYSQL_PASS: ''\n")];
    let variables = [("MYSQL_HOST", ""), ("MYSQL_PASS", "")];
    let settings = Given {
        files: &files,
        variables: &variables,
        ..Given::default()
    }
    .settings();
    assert_eq!(settings.mysql.host, "file");
    assert_eq!(password(&settings.mysql.password), "");
}

#[test]
fn a_mode_that_would_leave_out_what_was_given_is_refused() {
    let host = [("MYSQL_HOST", "my.test"), ("TSDB_HOST", "ts.test")];
    let refused = |flags: &[(&'static str, &str)]| {
        Given {
            flags,
            variables: &host,
            ..Given::default()
        }
        .refusal()
    };
    for mode in ["disable", "prefer", "require"] {
        for target in ["mysql", "timescale"] {
            let (tls, ca, name) = match target {
                "mysql" => ("mysql-tls", "mysql-ca", "mysql-tls-name"),
                _ => ("timescale-tls", "timescale-ca", "timescale-tls-name"),
            };
            for given in [ca, name] {
                let failure = refused(&[(tls, mode), (given, "x")]);
                assert!(
                    failure.message.contains(mode) && failure.message.contains(given),
                    "{failure:?}"
                );
                assert!(failure.remedy.unwrap().contains("verify-"));
            }
        }
        let both = [("mysql-tls", mode), ("timescale-tls", mode), ("ca", "x")];
        assert!(refused(&both).message.contains("--ca"));
    }
    let failure = refused(&[("mysql-tls", "verify-ca"), ("mysql-tls-name", "x")]);
    assert!(failure.remedy.unwrap().contains("verify-full"));
    // One database of two may do without the CA that is for both.
    let flags = [("timescale-tls", "disable"), ("ca", "x")];
    let settings = Given {
        flags: &flags,
        variables: &host,
        ..Given::default()
    }
    .settings();
    assert_eq!(settings.mysql.tls.mode, TlsMode::VerifyFull);
    assert_eq!(settings.timescale.tls.mode, TlsMode::Disable);
    // A stronger place overrides the file knowingly; a weaker one does not.
    let files = [("sgmp-db.yaml", "mysql_ca: x\nmysql_tls_name: y\n")];
    let given = Given {
        flags: &[("mysql-tls", "disable")],
        files: &files,
        ..Given::default()
    };
    assert_eq!(given.settings().mysql.tls.mode, TlsMode::Disable);
    let files = [("sgmp-db.yaml", "mysql_tls: disable\n")];
    let given = Given {
        flags: &[("mysql-ca", "x")],
        variables: &host,
        files: &files,
    };
    let failure = given.refusal();
    assert_eq!(
        (failure.file.as_deref(), failure.line),
        (Some("sgmp-db.yaml"), Some(1))
    );
}

#[test]
fn verify_full_wants_a_name_at_the_near_end_of_a_tunnel() {
    for host in ["127.0.0.1", "localhost", "::1"] {
        let given = Given {
            flags: &[("ca", "x")],
            variables: &[("MYSQL_HOST", host), ("TSDB_HOST", "ts.test")],
            ..Given::default()
        };
        let failure = given.refusal();
        assert!(
            failure.remedy.unwrap().contains("--mysql-tls-name"),
            "{host}"
        );
    }
}

#[test]
fn what_cannot_be_a_value_is_refused_at_its_place() {
    let flags = |flags, says| {
        (
            Given {
                flags,
                ..Given::default()
            },
            says,
        )
    };
    let variables = |variables, says| {
        (
            Given {
                variables,
                ..Given::default()
            },
            says,
        )
    };
    let cases = [
        flags(&[("mysql-port", "0")], "--mysql-port"),
        flags(&[("mysql-port", "65536")], "--mysql-port"),
        flags(&[("timescale-port", "x")], "--timescale-port"),
        flags(&[("connect-timeout", "-1s")], "--connect-timeout"),
        variables(&[("TSDB_PORT", "5432x")], "the variable TSDB_PORT"),
        variables(&[("SGMP_DB_MYSQL_TLS", "required")], "verify-full"),
        variables(
            &[("SGMP_DB_CREATE_DATABASE", "perhaps")],
            "neither true nor false",
        ),
        variables(
            &[("DATABASE_URL", "postgres://h/d")],
            "the scheme must be mysql",
        ),
        variables(&[("DATABASE_URL", "mysql://h:port/d")], "DATABASE_URL"),
    ];
    for (given, says) in cases {
        let failure = given.refusal();
        assert!(failure.message.contains(says), "{failure:?}");
        assert_eq!(failure.exit.code(), 2);
    }
}

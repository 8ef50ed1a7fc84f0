//! The plain `upgrade` typed again finishes a job that was killed: decided by evidence, never guessed.

mod support;

use support::{
    MysqlDatabase, Sgmp,
    killed::{Fate, kill_in, project},
};
use tempfile::TempDir;

fn sgmp(mysql: &MysqlDatabase, directory: &TempDir) -> Sgmp {
    Sgmp::default()
        .mysql(mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
}

/// One statement of a kind that evidence decides: what is there before it, and the table to block.
struct Case {
    before: &'static str,
    blocked: &'static str,
    statement: &'static str,
}

const CASES: [Case; 15] = [
    Case {
        before: "",
        blocked: "t",
        statement: "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 7 COMMENT 'new'",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "ALTER TABLE t MODIFY COLUMN name varchar(99), ALGORITHM=COPY",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "ALTER TABLE t ADD COLUMN x int, ADD INDEX ix (x), DROP INDEX by_name, RENAME COLUMN n TO m",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "CREATE INDEX ix ON t (n)",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "DROP INDEX by_name ON t",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t (id)",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "RENAME TABLE t TO old_t, u TO t",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "ALTER TABLE t RENAME TO new_t, ADD COLUMN z int",
    },
    Case {
        before: "",
        blocked: "u",
        statement: "DROP TABLE u, v",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "CREATE TABLE w (t_id int NOT NULL, FOREIGN KEY (t_id) REFERENCES t (id), CHECK (t_id > 0))",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "DELIMITER $$\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SET NEW.n = NEW.n + 1; -- why\nEND$$\nDELIMITER ;\n",
    },
    Case {
        before: "CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;\n",
        blocked: "t",
        statement: "DROP TRIGGER h",
    },
    Case {
        before: "CREATE TABLE p (id int NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10));\n",
        blocked: "p",
        statement: "ALTER TABLE p ADD PARTITION (PARTITION p1 VALUES LESS THAN (20))",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "ALTER TABLE t DROP COLUMN n, ADD COLUMN n bigint",
    },
    Case {
        before: "",
        blocked: "t",
        statement: "TRUNCATE TABLE v",
    },
];

const TABLES: &str = "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, name varchar(20), n int, KEY by_name (name)) COMMENT 'a table';\n\
    CREATE TABLE u (id int PRIMARY KEY, t_id int NOT NULL);\n\
    CREATE TABLE v (id int PRIMARY KEY);\n\
    INSERT INTO t (name, n) VALUES ('a', 1), ('b', 2);\n\
    INSERT INTO v VALUES (1);\n";

async fn whole_schema(mysql: &MysqlDatabase) -> String {
    let mut text = mysql.definitions().await;
    for query in [
        "SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
        "SELECT TABLE_NAME, CREATE_OPTIONS FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
        "SELECT count(*) FROM refinery_schema_history",
    ] {
        text.push_str(&mysql.rows(query).await.join("\n"));
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn every_kind_of_ddl_is_decided_after_a_kill_and_the_end_is_as_if_nothing_had_happened() {
    for case in &CASES {
        let blocked = if case.statement.starts_with("TRUNCATE") {
            "v"
        } else {
            case.blocked
        };
        let text = format!(
            "{};\nINSERT INTO log VALUES (1);\n",
            case.statement.trim_end_matches("DELIMITER ;\n")
        );
        let text = if case.statement.contains("DELIMITER") {
            format!("{}INSERT INTO log VALUES (1);\n", case.statement)
        } else {
            text
        };
        let first = format!("{TABLES}{}CREATE TABLE log (id int);\n", case.before);
        let undisturbed = MysqlDatabase::new().await;
        let directory = project("mysql", &[&first, &text]);
        sgmp(&undisturbed, &directory)
            .run(&["upgrade", "--only", "mysql"])
            .await
            .expect(0);
        let expected = whole_schema(&undisturbed).await;
        for fate in [Fate::Applied, Fate::NotApplied] {
            let mysql = MysqlDatabase::new().await;
            let sgmp = sgmp(&mysql, &directory);
            sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
                .await
                .expect(0);
            kill_in(&sgmp, &mysql, blocked, fate).await;
            let run = sgmp.run(&["upgrade", "--only", "mysql"]).await;
            assert_eq!(run.code, Some(0), "{}: {}", case.statement, run.all());
            let actual = whole_schema(&mysql).await;
            assert_eq!(actual, expected, "{}", case.statement);
            assert_eq!(mysql.rows("SELECT count(*) FROM log").await, ["1"]);
            let found = mysql
                .rows(
                    "SELECT details FROM sgmp_db_ledger WHERE version = 2 ORDER BY id DESC LIMIT 1",
                )
                .await;
            let words = match fate {
                Fate::Applied => "it is in the database",
                Fate::NotApplied => "it is not in the database",
            };
            assert!(found[0].contains(words), "{}: {found:?}", case.statement);
        }
    }
}

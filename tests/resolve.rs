//! What evidence cannot decide ends in exit 7 with both commands spelled out, and `resolve` settles it.

mod support;

use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    golden::golden,
    killed::{Fate, kill_in, project, told, write},
};
use tempfile::TempDir;

fn sgmp(mysql: &MysqlDatabase, directory: &TempDir) -> Sgmp {
    Sgmp::default()
        .mysql(mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
}

const UPGRADE: [&str; 3] = ["upgrade", "--only", "mysql"];

/// A statement that leaves no trace, and what tells whether it ran.
struct Traceless {
    name: &'static str,
    tables: &'static str,
    blocked: &'static str,
    statement: &'static str,
    asked: &'static str,
    before: &'static str,
    after: &'static str,
}

const TRACELESS: [Traceless; 2] = [
    Traceless {
        name: "exchange",
        tables: "CREATE TABLE p (id int NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10));\n\
            CREATE TABLE x (id int NOT NULL);\nINSERT INTO x VALUES (1);\n",
        blocked: "p",
        statement: "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE x",
        asked: "SELECT count(*) FROM p",
        before: "0",
        after: "1",
    },
    Traceless {
        name: "swap",
        tables: "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nINSERT INTO b VALUES (1);\n",
        blocked: "a",
        statement: "RENAME TABLE a TO t, b TO a, t TO b",
        asked: "SELECT count(*) FROM a",
        before: "0",
        after: "1",
    },
];

#[tokio::test]
async fn a_statement_without_a_trace_is_settled_by_hand_and_the_upgrade_goes_on() {
    for case in &TRACELESS {
        for fate in [Fate::Applied, Fate::NotApplied] {
            let mysql = MysqlDatabase::new().await;
            let second = format!("{};\nCREATE TABLE later (id int);\n", case.statement);
            let directory = project("mysql", &[case.tables, &second]);
            let sgmp = sgmp(&mysql, &directory);
            sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
                .await
                .expect(0);
            kill_in(&sgmp, &mysql, case.blocked, fate).await;
            let status = sgmp.run(&["status", "--only", "mysql"]).await;
            status
                .expect(7)
                .says("nobody recorded how statement 1 ended");
            let run = sgmp.run(&UPGRADE).await;
            run.expect(7)
                .says("sgmp-db resolve 2 --only mysql --applied")
                .says("sgmp-db resolve 2 --only mysql --reverted");
            golden(
                &format!("undecidable-{}.txt", case.name),
                &told(&run, &mysql.name, &directory),
            );
            assert!(mysql.rows("SHOW TABLES LIKE 'later'").await.is_empty());
            let (claim, number) = match fate {
                Fate::Applied => ("--applied", case.after),
                Fate::NotApplied => ("--reverted", case.before),
            };
            assert_eq!(mysql.rows(case.asked).await, [number]);
            let unconfirmed = sgmp.run(&["resolve", "2", claim]).await;
            unconfirmed.expect(2).says(case.statement).says("--yes");
            let settled = sgmp
                .run(&[
                    "resolve",
                    "2",
                    claim,
                    "--yes",
                    "--reason",
                    "looked at the rows",
                ])
                .await;
            settled
                .expect(0)
                .says(case.statement)
                .says("to be recorded");
            let audit = mysql
                .rows("SELECT event, state, details, os_user <> '' FROM sgmp_db_ledger ORDER BY id DESC LIMIT 1")
                .await;
            assert!(
                audit[0].starts_with("resolve|stopped|")
                    && audit[0].contains("looked at the rows")
                    && audit[0].ends_with("|1"),
                "{audit:?}"
            );
            sgmp.run(&UPGRADE).await.expect(0);
            assert_eq!(mysql.rows(case.asked).await, [case.after]);
            assert_eq!(mysql.rows("SHOW TABLES LIKE 'later'").await.len(), 1);
        }
    }
}

#[tokio::test]
async fn somebody_elses_change_during_the_outage_is_not_taken_for_the_statements() {
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        "mysql",
        &[
            "CREATE TABLE a (id int);",
            "ALTER TABLE a ADD COLUMN b int NOT NULL;\nCREATE TABLE later (id int);",
        ],
    );
    let sgmp = sgmp(&mysql, &directory);
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
        .await
        .expect(0);
    kill_in(&sgmp, &mysql, "a", Fate::NotApplied).await;
    mysql.execute("ALTER TABLE a ADD COLUMN b varchar(9)").await;
    let run = sgmp.run(&UPGRADE).await;
    run.expect(7)
        .says("somebody else changed it")
        .says("resolve 2 --only mysql --applied");
    golden(
        "undecidable-changed-by-hand.txt",
        &told(&run, &mysql.name, &directory),
    );
    // Put back by hand, the evidence decides again.
    mysql.execute("ALTER TABLE a DROP COLUMN b").await;
    let refused = sgmp.run(&["resolve", "2", "--applied", "--yes"]).await;
    refused
        .expect(1)
        .says("the schema says that statement 1 is not in the database");
    golden(
        "resolve-contradicted.txt",
        &told(&refused, &mysql.name, &directory),
    );
    sgmp.run(&UPGRADE).await.expect(0);
    assert_eq!(mysql.rows("SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'b'").await, ["int"]);
}

/// What somebody changed by hand may stay: then one of the claims says what that amounts to.
#[tokio::test]
async fn somebody_elses_change_that_stays_is_settled_by_either_claim() {
    for (by_hand, claim, expected) in [
        (
            "ADD COLUMN b int NOT NULL, ADD COLUMN c int",
            "--applied",
            ["b", "c", "id"].as_slice(),
        ),
        (
            "ADD COLUMN c int",
            "--reverted",
            ["b", "c", "id"].as_slice(),
        ),
    ] {
        let mysql = MysqlDatabase::new().await;
        let directory = project(
            "mysql",
            &[
                "CREATE TABLE a (id int);",
                "ALTER TABLE a ADD COLUMN b int NOT NULL;\nCREATE TABLE later (id int);",
            ],
        );
        let sgmp = sgmp(&mysql, &directory);
        let first = ["upgrade", "--only", "mysql", "--to", "1"];
        sgmp.run(&first).await.expect(0);
        kill_in(&sgmp, &mysql, "a", Fate::NotApplied).await;
        mysql.execute(&format!("ALTER TABLE a {by_hand}")).await;
        sgmp.run(&UPGRADE)
            .await
            .expect(7)
            .says("somebody else changed it");
        sgmp.run(&["resolve", "2", claim, "--yes"]).await.expect(0);
        if claim == "--reverted" {
            // Nothing of the file is there, so the change is drift like any other, and stays it.
            let blocked = sgmp.run(&UPGRADE).await;
            blocked.expect(4).says("columns.c is not expected");
            let go_on = [UPGRADE.as_slice(), &["--allow-drift"]].concat();
            sgmp.run(&go_on).await.expect(0);
            let status = sgmp.run(&["status", "--only", "mysql"]).await;
            status.expect(4).says("columns.c is not expected");
        } else {
            sgmp.run(&UPGRADE).await.expect(0);
        }
        let columns = "SELECT COLUMN_NAME FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'a' ORDER BY 1";
        assert_eq!(mysql.rows(columns).await, expected);
        assert_eq!(mysql.rows("SHOW TABLES LIKE 'later'").await.len(), 1);
    }
}

/// The run that resumes knows the schema from before the outage only.
#[tokio::test]
async fn what_somebody_made_elsewhere_during_the_outage_is_drift_and_not_the_files_doing() {
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        "mysql",
        &[
            "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE other (id int);\n\
             CREATE TABLE child (a int, CONSTRAINT fk FOREIGN KEY (a) REFERENCES a (id));",
            "ALTER TABLE a RENAME COLUMN id TO number;\nCREATE TABLE later (id int);",
        ],
    );
    let sgmp = sgmp(&mysql, &directory);
    let first = ["upgrade", "--only", "mysql", "--to", "1"];
    sgmp.run(&first).await.expect(0);
    kill_in(&sgmp, &mysql, "a", Fate::Applied).await;
    for sql in [
        "CREATE TABLE strange (n int)",
        "ALTER TABLE other ADD COLUMN x int",
    ] {
        mysql.execute(sql).await;
    }
    sgmp.run(&UPGRADE).await.expect(0);
    let status = ["status", "--only", "mysql"];
    let (run, document) = sgmp.json(&status).await;
    run.expect(4);
    let objects: Vec<&str> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| finding["object"].as_str())
        .collect();
    assert_eq!(objects, ["table other", "table strange"]);
    for sql in ["DROP TABLE strange", "ALTER TABLE other DROP COLUMN x"] {
        mysql.execute(sql).await;
    }
    sgmp.run(&status).await.expect(0);
}

#[tokio::test]
async fn a_whole_file_is_declared_applied_only_when_its_tables_are_there() {
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        "mysql",
        &["CREATE TABLE a (id int);\nALTER TABLE nothing ADD b int;\nCREATE TABLE c (id int);\n"],
    );
    let sgmp = sgmp(&mysql, &directory);
    sgmp.run(&UPGRADE).await.expect(7);
    let refused = sgmp.run(&["resolve", "1", "--applied", "--yes"]).await;
    refused.expect(1).says("c of V1 not there");
    sgmp.run(&["resolve", "1", "--reverted", "--yes"])
        .await
        .expect(1)
        .says("a of V1 still there");
    mysql.execute("CREATE TABLE c (id int)").await;
    let (run, document) = sgmp.json(&["resolve", "V1", "--applied", "--yes"]).await;
    run.expect(0);
    assert_eq!(document["recorded"], true);
    assert_eq!(document["targets"]["mysql"]["version"], 1);
    let mut told = document;
    told["targets"] = serde_json::Value::Null;
    let place = directory.path().display().to_string();
    golden(
        "resolve.json",
        &format!("{told:#}\n").replace(&place, "DIR"),
    );
    // Nobody saw the schema before and behind the file, until the next run records it.
    sgmp.run(&["status", "--only", "mysql"])
        .await
        .expect(8)
        .says("the next upgrade records it too");
    sgmp.run(&UPGRADE).await.expect(0);
    sgmp.run(&["status", "--only", "mysql"])
        .await
        .expect(0)
        .says("in sync");
    assert_eq!(
        mysql
            .rows("SELECT version FROM refinery_schema_history")
            .await,
        ["1"]
    );
    // And taken back again, once nothing of it is there.
    mysql.execute("DROP TABLE a, c").await;
    sgmp.run(&["resolve", "1", "--reverted", "--yes"])
        .await
        .expect(0);
    assert!(
        mysql
            .rows("SELECT version FROM refinery_schema_history")
            .await
            .is_empty()
    );
    write(directory.path(), "mysql", 1, "CREATE TABLE a (id int);");
    sgmp.run(&UPGRADE).await.expect(0);
}

#[tokio::test]
async fn an_edited_file_is_accepted_after_its_diff_was_shown() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    for target in ["mysql", "timescale"] {
        let directory = project(target, &["CREATE TABLE a (id int);\n"]);
        let sgmp = Sgmp::on(&mysql, &timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        let only = ["--only", target];
        sgmp.run(&[&["upgrade"], only.as_slice()].concat())
            .await
            .expect(0);
        write(
            directory.path(),
            target,
            1,
            "CREATE TABLE a (id int NULL);\n",
        );
        sgmp.run(&[&["status"], only.as_slice()].concat())
            .await
            .expect(5);
        let accept = [
            &["resolve", "1", "--accept-checksum", "--yes"],
            only.as_slice(),
        ]
        .concat();
        let run = sgmp.run(&accept).await;
        run.expect(0)
            .says("-CREATE TABLE a (id int);")
            .says("+CREATE TABLE a (id int NULL);");
        let status = sgmp.run(&[&["status"], only.as_slice()].concat()).await;
        assert_ne!(status.code, Some(5), "{}", status.all());
        sgmp.run(&accept)
            .await
            .expect(2)
            .says("no checksum to accept");
    }
}

#[tokio::test]
async fn a_version_of_both_databases_needs_to_be_told_which() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    sgmp.run(&["resolve", "1", "--applied", "--yes"])
        .await
        .expect(2)
        .says("--only mysql");
    sgmp.run(&["resolve", "99", "--applied", "--only", "mysql"])
        .await
        .expect(2)
        .says("no migration V99");
    sgmp.run(&["resolve", "1"]).await.expect(2);
    sgmp.run(&["resolve", "1", "--applied", "--reverted"])
        .await
        .expect(2);
}

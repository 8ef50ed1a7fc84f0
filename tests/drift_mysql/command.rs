//! The same through the command line, as a person types it: `status`, `diff --sql`, the client, `status`.

use crate::{
    client::pipe,
    support::{MysqlDatabase, Sgmp},
};
use std::fs;
use tempfile::TempDir;

struct Project {
    database: MysqlDatabase,
    sgmp: Sgmp,
    _directory: TempDir,
}

impl Project {
    /// A database to which that migration was applied.
    async fn new(migration: &str) -> Project {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = directory.path().join("mysql");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("V1__base.sql"), migration).expect("a file");
        let database = MysqlDatabase::new().await;
        let migrations = directory.path().display().to_string();
        let sgmp = Sgmp::default()
            .mysql(&database)
            .with("SGMP_DB_MIGRATIONS", migrations);
        sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
        sgmp.run(&["status", "--only", "mysql"]).await.expect(0);
        Project {
            database,
            sgmp,
            _directory: directory,
        }
    }

    /// `object path change` of every finding of `status`.
    async fn findings(&self) -> Vec<String> {
        let (run, document) = self.sgmp.json(&["status", "--only", "mysql"]).await;
        run.expect(4);
        let findings = document["findings"].as_array().expect("findings");
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let of = |one: &serde_json::Value| {
            ["object", "path", "change"]
                .map(|part| word(&one[part]))
                .join(" ")
        };
        findings.iter().map(of).collect()
    }

    async fn sql(&self, more: &[&str]) -> String {
        let arguments = [&["diff", "--sql", "--only", "mysql"], more].concat();
        let run = self.sgmp.run(&arguments).await;
        run.expect(4);
        run.stdout
    }

    async fn is_in_sync(&self) {
        self.sgmp
            .run(&["status", "--only", "mysql"])
            .await
            .expect(0);
    }
}

#[tokio::test]
async fn an_index_and_a_check_that_an_alter_repairs_are_not_said_to_have_no_statement() {
    let project = Project::new(
        "CREATE TABLE c (id int PRIMARY KEY, t int, KEY k (t), CONSTRAINT positive CHECK (t > 0));",
    )
    .await;
    project
        .database
        .execute("ALTER TABLE c DROP KEY k, DROP CHECK positive")
        .await;
    let found = project.findings().await;
    assert_eq!(found, ["check c.positive  missing", "index c.k  missing"]);
    let sql = project.sql(&[]).await;
    assert!(!sql.contains("no statement"), "{sql}");
    pipe(&project.database, &sql).await.expect("the repair");
    project.is_in_sync().await;
}

#[tokio::test]
async fn what_is_withheld_is_withheld_whole() {
    let project = Project::new(
        "CREATE TABLE a (x int NOT NULL PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, y int, KEY y (y));",
    )
    .await;
    project
        .database
        .execute(
            "ALTER TABLE a DROP PRIMARY KEY, ADD COLUMN id int NOT NULL AUTO_INCREMENT PRIMARY KEY; \
             ALTER TABLE b DROP KEY y",
        )
        .await;
    // What loses nothing is done, and of the other table's repair nothing is.
    let careful = project.sql(&[]).await;
    pipe(&project.database, &careful).await.expect("a part");
    let found = project.findings().await;
    let expected = [
        "index a.PRIMARY parts changed",
        "table a columns.id unexpected",
    ];
    assert_eq!(found, expected, "{careful}");
    let whole = project.sql(&["--allow-destructive"]).await;
    pipe(&project.database, &whole).await.expect("the repair");
    project.is_in_sync().await;
}

#[tokio::test]
async fn a_body_comes_back_as_the_migration_wrote_it() {
    let body = "BEGIN\n    -- no shouting\n    IF NEW.s = 'A' THEN\n        SET NEW.s = 'a'; /* done */\n    END IF;\nEND";
    let project = Project::new(&format!(
        "CREATE TABLE t (s varchar(20));\nDELIMITER //\nCREATE TRIGGER calm BEFORE INSERT ON t FOR EACH ROW\n{body}//\nDELIMITER ;\n"
    ))
    .await;
    project.database.execute("DROP TRIGGER calm").await;
    assert_eq!(project.findings().await, ["trigger t.calm  missing"]);
    let sql = project.sql(&[]).await;
    assert!(sql.contains(body), "{sql}");
    pipe(&project.database, &sql).await.expect("the repair");
    project.is_in_sync().await;
    // Somebody who only takes the comments out changes nothing.
    project
        .database
        .execute("DROP TRIGGER calm; CREATE TRIGGER calm BEFORE INSERT ON t FOR EACH ROW BEGIN IF NEW.s = 'A' THEN SET NEW.s = 'a'; END IF; END")
        .await;
    project.is_in_sync().await;
}

#[tokio::test]
async fn another_default_collation_is_one_finding_and_one_statement() {
    let project = Project::new(
        "CREATE TABLE t (a varchar(9), b text); CREATE TABLE u (a varchar(9)) COLLATE utf8mb4_bin; \
         CREATE PROCEDURE p(IN s varchar(9)) SELECT s;",
    )
    .await;
    project
        .database
        .execute("ALTER DATABASE COLLATE utf8mb4_general_ci")
        .await;
    let found = project.findings().await;
    assert_eq!(found, ["database defaults collation changed"]);
    let sql = project.sql(&[]).await;
    let statements = sql.lines().filter(|line| line.starts_with("ALTER"));
    assert_eq!(statements.count(), 1, "{sql}");
    pipe(&project.database, &sql).await.expect("the repair");
    project.is_in_sync().await;
}

//! A ledger that the first released binary wrote, with scripts and snapshots in its rows: read as it is by
//! what only reads, and brought to the present form by the first `upgrade`, also one that was cut short.
//!
//! `tests/ledger_forms` holds what that binary left, as the servers' own tools dump it: two migrations
//! applied, and a third half-applied (on MySQL killed in its second statement, with that in flight).

mod support;

use std::{fs, path::Path};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};
use tempfile::TempDir;

const OF_MYSQL: &str = include_str!("ledger_forms/first.mysql.sql");
const OF_TIMESCALE: &str = include_str!("ledger_forms/first.timescale.sql");
const TEXT_TABLE: &str = include_str!("../src/engine/mysql/ledger_text.sql");

/// The migrations that it was applied from, to be edited.
fn migrations() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledger_forms/migrations");
    for target in ["mysql", "timescale"] {
        fs::create_dir(copy.path().join(target)).unwrap();
        for file in fs::read_dir(from.join(target)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.path().join(target).join(file.file_name())).unwrap();
        }
    }
    copy
}

fn edit(directory: &TempDir, file: &str, from: &str, to: &str) {
    let path = directory.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

/// An entry whose text takes several pieces, of characters of several bytes.
fn huge(bytes: &str) -> String {
    format!(
        "INSERT INTO sgmp_db_ledger (event, state, script, snapshot, statements_total, statements_done, started_at, \
         os_user, os_host, database_user, tool_version) SELECT 'policy', 'done', {bytes}, {bytes}, 0, 0, \
         started_at, os_user, os_host, database_user, tool_version FROM sgmp_db_ledger WHERE id = 1"
    )
}

struct Case {
    target: &'static str,
    sgmp: Sgmp,
    directory: TempDir,
}

impl Case {
    fn words(&self, words: &[&'static str]) -> Vec<&'static str> {
        [words, &["--only", self.target]].concat()
    }

    /// What only reads tells what there is, before and after.
    async fn is_read(&self) {
        let status = self.sgmp.run(&self.words(&["status"])).await;
        status.expect(7).says("V3__half.sql is half-applied");
        let history = self.sgmp.run(&self.words(&["history"])).await;
        history.expect(0).says("meters");
        let diff = self.sgmp.run(&self.words(&["diff"])).await;
        assert!(
            diff.code.is_some_and(|code| code != 1 && code != 2),
            "{}",
            diff.all()
        );
        self.tells_an_edit().await;
    }

    /// The recorded text is what an edited file is compared with.
    async fn tells_an_edit(&self) {
        let file = format!("{}/V1__meters.sql", self.target);
        edit(&self.directory, &file, "'Küche'", "'Keller'");
        let status = self.sgmp.run(&self.words(&["status"])).await;
        status
            .says("was edited after it was applied")
            .says("-INSERT INTO meter VALUES (1, 'Küche'), (2, 'Büro € 𝄞');");
        edit(&self.directory, &file, "'Keller'", "'Küche'");
    }

    async fn goes_on(&self) {
        // A statement behind those that are in the database may change.
        let file = format!("{}/V3__half.sql", self.target);
        edit(&self.directory, &file, "watts + 1", "watts + 2");
        let run = self
            .sgmp
            .run(&self.words(&["upgrade", "--allow-drift"]))
            .await;
        run.expect(0);
        self.sgmp.run(&self.words(&["history"])).await.expect(0);
        self.tells_an_edit().await;
    }
}

async fn mysql() -> (MysqlDatabase, Case) {
    let mysql = MysqlDatabase::new().await;
    mysql.execute(OF_MYSQL).await;
    mysql
        .execute(&huge("REPEAT('ü€𝄞 and a long text;\\n', 60000)"))
        .await;
    let directory = migrations();
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let target = "mysql";
    (
        mysql,
        Case {
            target,
            sgmp,
            directory,
        },
    )
}

/// Every text by entry, joined from its pieces.
async fn texts(mysql: &MysqlDatabase, kind: &str) -> Vec<(String, String)> {
    let query = format!(
        "SELECT entry, UNCOMPRESS(body) FROM sgmp_db_ledger_text WHERE kind = '{kind}' AND entry <= 4 ORDER BY entry, part"
    );
    let mut texts: Vec<(String, String)> = Vec::new();
    for row in mysql.rows(&query).await {
        let (entry, piece) = row.split_once('|').unwrap();
        match texts.last_mut() {
            Some((last, text)) if last == entry => text.push_str(piece),
            _ => texts.push((entry.to_owned(), piece.to_owned())),
        }
    }
    texts
}

async fn columns(mysql: &MysqlDatabase, kind: &str) -> Vec<(String, String)> {
    let query =
        format!("SELECT id, {kind} FROM sgmp_db_ledger WHERE {kind} IS NOT NULL ORDER BY id");
    let rows = mysql.rows(&query).await;
    rows.iter()
        .map(|row| row.split_once('|').unwrap())
        .map(|(id, text)| (id.to_owned(), text.to_owned()))
        .collect()
}

#[tokio::test]
async fn on_mysql_it_is_read_converted_and_resumed() {
    for cut_short in [false, true] {
        let (mysql, case) = mysql().await;
        if cut_short {
            // What a conversion leaves that was killed when the first entry was copied.
            mysql.execute(TEXT_TABLE).await;
            mysql
                .execute("INSERT INTO sgmp_db_ledger_text (entry, kind, part, body) SELECT id, 'script', 0, COMPRESS(script) FROM sgmp_db_ledger WHERE id = 1")
                .await;
        }
        let before = mysql.rows("CHECKSUM TABLE sgmp_db_ledger").await;
        let (scripts, snapshots) = (
            columns(&mysql, "script").await,
            columns(&mysql, "snapshot").await,
        );
        assert_eq!((scripts.len(), snapshots.len()), (4, 2));
        case.is_read().await;
        assert_eq!(mysql.rows("CHECKSUM TABLE sgmp_db_ledger").await, before);
        case.goes_on().await;
        assert_eq!(texts(&mysql, "script").await, scripts);
        let kept: Vec<_> = texts(&mysql, "snapshot").await;
        assert_eq!(kept, snapshots);
        assert_eq!(mysql.rows("SELECT * FROM reading").await, ["1|1|7|seen"]);
        let ledger = mysql
            .rows("SHOW CREATE TABLE sgmp_db_ledger")
            .await
            .remove(0);
        assert!(ledger.contains("ledger format 2") && !ledger.contains("script`"));
        case.sgmp.run(&case.words(&["status"])).await.expect(0);
    }
}

#[tokio::test]
async fn on_postgresql_it_is_read_converted_and_resumed() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    timescale.execute(OF_TIMESCALE).await;
    timescale
        .execute(&format!(
            "SET search_path = public; {}; CREATE ROLE {name}_reader; GRANT SELECT ON sgmp_db_ledger TO {name}_reader",
            huge("repeat(E'ü€𝄞 and a long text;\\n', 60000)"),
            name = timescale.name
        ))
        .await;
    let directory = migrations();
    let case = Case {
        target: "timescale",
        sgmp: Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap()),
        directory,
    };
    let before = timescale
        .rows("SELECT id, md5(script), md5(snapshot) FROM sgmp_db_ledger ORDER BY id")
        .await;
    case.is_read().await;
    edit(
        &case.directory,
        "timescale/V3__half.sql",
        "absent_type",
        "varchar(20)",
    );
    case.goes_on().await;
    let text = |kind: &str| {
        format!(
            "(SELECT md5(string_agg(body, ''::bytea ORDER BY part)) FROM sgmp_db_ledger_text WHERE entry = l.id AND kind = '{kind}')"
        )
    };
    let (script, snapshot) = (text("script"), text("snapshot"));
    let after =
        format!("SELECT id, {script}, {snapshot} FROM sgmp_db_ledger l WHERE id <= 4 ORDER BY id");
    assert_eq!(timescale.rows(&after).await, before);
    assert_eq!(
        timescale.rows("SELECT * FROM reading").await,
        ["1|1|7|seen"]
    );
    let reader = format!(
        "SELECT has_table_privilege('{}_reader', 'sgmp_db_ledger_text', 'SELECT')",
        timescale.name
    );
    assert_eq!(timescale.rows(&reader).await, ["t"]);
    timescale
        .execute(&format!(
            "DROP OWNED BY {0}_reader; DROP ROLE {0}_reader",
            timescale.name
        ))
        .await;
    case.sgmp.run(&case.words(&["status"])).await.expect(0);
}

#[tokio::test]
async fn a_ledger_of_a_newer_form_is_left_alone() {
    let (mysql, case) = mysql().await;
    mysql
        .execute("ALTER TABLE sgmp_db_ledger COMMENT = 'sgmp-db ledger format 3'")
        .await;
    for words in [vec!["status"], vec!["upgrade"], vec!["history"]] {
        let run = case.sgmp.run(&case.words(&words)).await;
        run.expect(5)
            .says("the ledger has format 3, which a newer release wrote");
    }
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    timescale.execute(OF_TIMESCALE).await;
    timescale
        .execute("COMMENT ON TABLE public.sgmp_db_ledger IS 'sgmp-db ledger format 3'")
        .await;
    let sgmp = Sgmp::default().timescale(&timescale).with(
        "SGMP_DB_MIGRATIONS",
        case.directory.path().to_str().unwrap(),
    );
    for words in [
        ["status", "--only", "timescale"],
        ["upgrade", "--only", "timescale"],
    ] {
        let run = sgmp.run(&words).await;
        run.expect(5)
            .says("the ledger has format 3, which a newer release wrote");
    }
}

/// Another reader of the same text (it took a carriage return for the middle of a comment) counted one statement less.
async fn is_not_resumed_by_numbers_of_another_reader<D: support::story::Database>(
    database: &D,
    call: Sgmp,
    execute: impl AsyncFn(&str),
) {
    let target = D::TARGET;
    let text = match target {
        "mysql" => "",
        _ => "-- sgmp-db: no-transaction\n",
    };
    let text = format!(
        "{text}CREATE TABLE a (id int);\nALTER TABLE nothing ADD COLUMN x int;\nCREATE TABLE c (id int);\n"
    );
    let directory = support::killed::project(target, &[&text]);
    let sgmp = call.with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let upgrade = ["upgrade", "--only", target];
    sgmp.run(&upgrade).await.expect(7);
    execute("UPDATE sgmp_db_ledger SET statements_total = statements_total - 1").await;
    let words = "counted 2 statements where this one counts 3";
    sgmp.run(&["status", "--only", target]).await.says(words);
    // What stood in its way is no more, and yet it is not gone on from a number that means another place.
    execute("CREATE TABLE nothing (id int)").await;
    let run = sgmp.run(&upgrade).await;
    run.says(words).says("resolve 1 --only");
    assert_ne!(run.code, Some(0), "{}", run.all());
    let there = database.tables().await.join("\n");
    assert!(!there.contains("c ("), "{there}");
    // By hand, as it was told.
    execute("ALTER TABLE nothing ADD COLUMN x int").await;
    execute("CREATE TABLE c (id int)").await;
    let settle = ["resolve", "1", "--only", target, "--applied", "--yes"];
    sgmp.run(&settle).await.expect(0);
    sgmp.run(&upgrade).await.expect(0);
    sgmp.run(&["status", "--only", target]).await.expect(0);
}

#[tokio::test]
async fn a_file_that_another_release_counted_otherwise_is_not_resumed_on_mysql() {
    let mysql = MysqlDatabase::new().await;
    let call = Sgmp::default().mysql(&mysql);
    let execute = async |sql: &str| mysql.execute(sql).await;
    is_not_resumed_by_numbers_of_another_reader(&mysql, call, execute).await;
}

#[tokio::test]
async fn a_file_that_another_release_counted_otherwise_is_not_resumed_on_postgresql() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let call = Sgmp::default().timescale(&timescale);
    let execute = async |sql: &str| timescale.execute(sql).await;
    is_not_resumed_by_numbers_of_another_reader(&timescale, call, execute).await;
}

//! What is expected of a schema survives whatever the ledger tells beside it, on both databases.

mod support;

use std::path::Path;
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    killed::{project, write},
};

const FILES: [&str; 2] = [
    "CREATE TABLE a (id int PRIMARY KEY);\n",
    "CREATE TABLE b (id int PRIMARY KEY);\n",
];

/// One database of either kind.
enum Either {
    Mysql(MysqlDatabase),
    Timescale(TimescaleDatabase),
}

impl Either {
    async fn both() -> [(&'static str, Either); 2] {
        [
            ("mysql", Either::Mysql(MysqlDatabase::new().await)),
            (
                "timescale",
                Either::Timescale(TimescaleDatabase::new(Kind::Apache17).await),
            ),
        ]
    }

    async fn execute(&self, sql: &str) {
        match self {
            Either::Mysql(database) => database.execute(sql).await,
            Either::Timescale(database) => database.execute(sql).await,
        }
    }

    fn sgmp(&self, directory: &Path) -> Sgmp {
        let sgmp = match self {
            Either::Mysql(database) => Sgmp::default().mysql(database),
            Either::Timescale(database) => Sgmp::default().timescale(database),
        };
        sgmp.with("SGMP_DB_MIGRATIONS", directory.display().to_string())
    }
}

#[tokio::test]
async fn what_is_expected_survives_every_entry_of_the_ledger() {
    for (target, database) in Either::both().await {
        let directory = project(target, &FILES);
        let sgmp = database.sgmp(directory.path());
        let call = async |line: &str, code: i32| {
            let words: Vec<&str> = line.split(' ').chain(["--only", target]).collect();
            sgmp.run(&words).await.expect(code);
        };
        let edit = |version: usize, text: &str| write(directory.path(), target, version, text);
        call("upgrade", 0).await;
        call("status", 0).await;
        // A file is edited, and stands for what was applied; and once more.
        for text in ["CREATE TABLE b (id int PRIMARY KEY, x int);\n", FILES[1]] {
            edit(2, text);
            call("status", 5).await;
            call("resolve 2 --accept-checksum --yes", 0).await;
            call("status", 0).await;
        }
        edit(1, "CREATE TABLE a (id bigint PRIMARY KEY);\n");
        call("resolve 1 --accept-checksum --yes", 0).await;
        call("status", 0).await;
        // Drift that is let pass stays drift, behind a checksum too.
        database.execute("ALTER TABLE a ADD stray int").await;
        call("status", 4).await;
        edit(3, "CREATE TABLE c (id int PRIMARY KEY);\n");
        call("upgrade --allow-drift", 0).await;
        call("status", 4).await;
        edit(3, "CREATE TABLE c (id bigint PRIMARY KEY);\n");
        call("resolve 3 --accept-checksum --yes", 0).await;
        call("status", 4).await;
        database.execute("ALTER TABLE a DROP COLUMN stray").await;
        call("status", 0).await;
        // A file fails before it changed anything.
        edit(4, "CREATE TABLE d (id nonsense);\n");
        call("upgrade", 1).await;
        call("status", 3).await;
        edit(4, "CREATE TABLE d (id int PRIMARY KEY);\n");
        call("upgrade", 0).await;
        call("status", 0).await;
        claimed(&call, &edit, &database).await;
    }
}

/// Applied by hand and declared so: the next upgrade records what is there; declared not applied:
/// what was expected before is expected again.
async fn claimed(call: &impl AsyncFn(&str, i32), edit: &impl Fn(usize, &str), database: &Either) {
    edit(5, "CREATE TABLE e (id int PRIMARY KEY);\n");
    database
        .execute("CREATE TABLE e (id int PRIMARY KEY)")
        .await;
    call("resolve 5 --applied --yes", 0).await;
    call("status", 8).await;
    call("upgrade", 0).await;
    call("status", 0).await;
    edit(5, "CREATE TABLE e (id int PRIMARY KEY, x int);\n");
    call("resolve 5 --accept-checksum --yes", 0).await;
    call("status", 0).await;
    database.execute("DROP TABLE e").await;
    call("status", 4).await;
    call("resolve 5 --reverted --yes", 0).await;
    call("status", 3).await;
    call("upgrade", 0).await;
    call("status", 0).await;
}

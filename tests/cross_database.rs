//! What a backend that was cut off leaves in two databases: found by status, repaired by what it says.

mod support;

use serde_json::Value;
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};

/// Both databases at their latest version, with a house and an analytic item.
struct Pair {
    mysql: MysqlDatabase,
    timescale: TimescaleDatabase,
    sgmp: Sgmp,
    /// Keeps the test server's database awake.
    _session: tokio_postgres::Client,
}

impl Pair {
    async fn new() -> Pair {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(Kind::Community).await;
        let session = timescale.session().await;
        let sgmp = Sgmp::on(&mysql, &timescale).with("SGMP_DB_TSDB_APP_PASS", "app");
        sgmp.run(&["upgrade"]).await.expect(0);
        mysql
            .execute("INSERT INTO house VALUES (7, 'h', '', ''); INSERT INTO analytics VALUES (1, 'a', '', '', 7, 1), (2, 'b', '', '', 7, 0)")
            .await;
        let pair = Pair {
            mysql,
            timescale,
            sgmp,
            _session: session,
        };
        pair.in_sync().await;
        pair
    }

    /// What the backend writes first.
    async fn depend(&self, identifier: &str, analytics: u8) {
        let sql =
            format!("INSERT INTO identifier_dependency VALUES (7, '{identifier}', {analytics})");
        self.mysql.execute(&sql).await;
    }

    /// What the backend writes next.
    async fn name(&self, identifier: &str, view: &str) {
        let sql = format!("INSERT INTO identifier_view VALUES (7, '{identifier}', '{view}')");
        self.mysql.execute(&sql).await;
    }

    /// What the backend makes last, in its own words.
    async fn make(&self, view: &str, select: &str) {
        let create = format!(
            "CREATE MATERIALIZED VIEW {view} (time, average) WITH (timescaledb.continuous) AS {select} WITH NO DATA"
        );
        self.timescale.execute(&create).await;
        self.timescale
            .execute(&format!("SELECT add_continuous_aggregate_policy('{view}', NULL, INTERVAL '1 hour', INTERVAL '1 hour')"))
            .await;
    }

    async fn in_sync(&self) {
        let (run, document) = self.sgmp.json(&["status"]).await;
        assert_eq!(run.code, Some(0), "{document:#}");
    }

    /// The one finding there is.
    async fn finding(&self) -> Value {
        let (run, document) = self.sgmp.json(&["status"]).await;
        assert_eq!(run.code, Some(4), "{document:#}");
        let findings = document["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{document:#}");
        assert_eq!(findings[0]["kind"], "cross_database");
        findings[0].clone()
    }

    /// Runs the statements of a remedy where each belongs.
    async fn by_hand(&self, finding: &Value) {
        let remedy = finding["remedy"].as_str().unwrap();
        for piece in remedy.split(';') {
            let sql = piece.rsplit(": ").next().unwrap().trim();
            if sql.starts_with("INSERT") || sql.starts_with("DELETE") {
                self.mysql.execute(sql).await;
            } else if !sql.is_empty() {
                self.timescale.execute(sql).await;
            }
        }
    }

    async fn fix(&self) -> Value {
        let (run, document) = self.sgmp.json(&["policies", "--fix-aggregates"]).await;
        assert_eq!(run.code, Some(0), "{document:#}");
        document
    }
}

/// As the backend selects `d.f.g` of house 7.
const SELECT: &str = "SELECT time_bucket('1 hour', timestamp) AS time, AVG(value_decimal) AS average FROM house_data \
    WHERE house_id = 7 AND device_name = 'd' AND field = 'f.g' GROUP BY time_bucket('1 hour', timestamp)";

const AGGREGATES: &str = "SELECT c.view_name, c.view_owner, count(j.job_id) FROM timescaledb_information.continuous_aggregates c \
    LEFT JOIN timescaledb_information.jobs j ON j.hypertable_name = c.view_name GROUP BY 1, 2 ORDER BY 1";

#[tokio::test]
async fn a_row_whose_aggregate_was_never_made_is_found_and_made() {
    let pair = Pair::new().await;
    pair.depend("d.f.g", 1).await;
    pair.name("d.f.g", "house_7_aaaaaa").await;
    let finding = pair.finding().await;
    assert_eq!(
        (&finding["object"], &finding["change"]),
        (&"house_7_aaaaaa".into(), &"missing".into())
    );
    let (run, document) = pair
        .sgmp
        .json(&["policies", "--fix-aggregates", "--dry-run"])
        .await;
    run.expect(0);
    assert!(
        document["notes"]
            .to_string()
            .contains("would do: aggregate house_7_aaaaaa"),
        "{document:#}"
    );
    assert!(pair.timescale.rows(AGGREGATES).await.is_empty());
    pair.fix().await;
    // The application's own, so that the backend can drop it.
    assert_eq!(
        pair.timescale.rows(AGGREGATES).await,
        ["house_7_aaaaaa|sgmp|1"]
    );
    pair.in_sync().await;
    let again = pair.fix().await;
    assert!(
        !again["notes"].to_string().contains("aggregate house_7"),
        "{again:#}"
    );
    // The statements do the same by hand.
    pair.timescale
        .execute("DROP MATERIALIZED VIEW house_7_aaaaaa")
        .await;
    let finding = pair.finding().await;
    pair.by_hand(&finding).await;
    pair.in_sync().await;
}

#[tokio::test]
async fn what_the_backend_makes_is_in_sync_and_a_lost_refresh_policy_is_made_again() {
    let pair = Pair::new().await;
    pair.depend("d.f.g", 1).await;
    pair.name("d.f.g", "house_7_aaaaaa").await;
    pair.make("house_7_aaaaaa", SELECT).await;
    pair.in_sync().await;
    pair.timescale
        .execute("SELECT remove_continuous_aggregate_policy('house_7_aaaaaa')")
        .await;
    let finding = pair.finding().await;
    assert_eq!(
        (&finding["path"], &finding["change"]),
        (&"refresh".into(), &"missing".into())
    );
    pair.fix().await;
    pair.in_sync().await;
    for other in [
        "SELECT alter_job(job_id, schedule_interval => INTERVAL '1 day') FROM timescaledb_information.jobs WHERE hypertable_name = 'house_7_aaaaaa'",
        "SELECT alter_job(job_id, config => config || '{\"start_offset\": \"3 days\"}') FROM timescaledb_information.jobs WHERE hypertable_name = 'house_7_aaaaaa'",
        "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE hypertable_name = 'house_7_aaaaaa'",
    ] {
        pair.timescale.execute(other).await;
        let finding = pair.finding().await;
        assert_eq!(
            (&finding["path"], &finding["change"]),
            (&"refresh".into(), &"changed".into()),
            "{other}"
        );
        pair.by_hand(&finding).await;
        pair.in_sync().await;
    }
}

#[tokio::test]
async fn a_dependency_without_a_row_gets_one_and_its_aggregate_or_the_one_that_lost_it() {
    let pair = Pair::new().await;
    pair.depend("d.f.g", 1).await;
    let finding = pair.finding().await;
    assert_eq!(finding["target"], "mysql");
    let name = finding["object"].as_str().unwrap().to_owned();
    assert!(name.starts_with("house_7_") && name.len() == 14, "{name}");
    pair.fix().await;
    pair.in_sync().await;
    assert_eq!(
        pair.mysql.rows("SELECT * FROM identifier_view").await,
        [format!("7|d.f.g|{name}")]
    );
    let logged = "SELECT count(*) FROM sgmp_db_ledger WHERE event = 'policy' AND details LIKE 'identifier_view:%'";
    assert_eq!(pair.mysql.rows(logged).await, ["1"]);
    // The row is lost, the aggregate is not: it is found again by what it selects.
    pair.mysql.execute("DELETE FROM identifier_view").await;
    let finding = pair.finding().await;
    assert_eq!(finding["object"].as_str(), Some(name.as_str()));
    assert!(
        !finding["remedy"].to_string().contains("CREATE"),
        "{finding}"
    );
    pair.fix().await;
    pair.in_sync().await;
    assert_eq!(
        pair.timescale.rows(AGGREGATES).await,
        [format!("{name}|sgmp|1")]
    );
}

#[tokio::test]
async fn what_nothing_needs_any_more_is_found_and_never_dropped_unasked() {
    let pair = Pair::new().await;
    // Cut off between the last dependency and the row.
    pair.name("d.f.g", "house_7_aaaaaa").await;
    pair.make("house_7_aaaaaa", SELECT).await;
    let finding = pair.finding().await;
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .contains("no analytic item"),
        "{finding}"
    );
    let (_, document) = pair.sgmp.json(&["policies", "--fix-aggregates"]).await;
    assert_eq!(
        (
            document["exit"].as_u64(),
            document["findings"].as_array().unwrap().len()
        ),
        (Some(4), 1)
    );
    assert_eq!(pair.timescale.rows(AGGREGATES).await.len(), 1);
    pair.by_hand(&finding).await;
    pair.in_sync().await;
    // Cut off between the row and the view.
    pair.make("house_7_bbbbbb", SELECT).await;
    let finding = pair.finding().await;
    assert_eq!(
        (&finding["object"], &finding["change"]),
        (&"house_7_bbbbbb".into(), &"unexpected".into())
    );
    pair.by_hand(&finding).await;
    pair.in_sync().await;
    // Cut off after the item's own flag.
    pair.depend("d.f.g", 2).await;
    let finding = pair.finding().await;
    assert_eq!(finding["object"], "analytics 2");
    pair.by_hand(&finding).await;
    pair.in_sync().await;
}

#[tokio::test]
async fn an_aggregate_that_selects_something_else_is_found() {
    let pair = Pair::new().await;
    pair.depend("d.f.g", 1).await;
    pair.name("d.f.g", "house_7_aaaaaa").await;
    pair.make("house_7_aaaaaa", &SELECT.replace("'f.g'", "'f'"))
        .await;
    let finding = pair.finding().await;
    assert_eq!(
        (&finding["path"], &finding["change"]),
        (&"definition".into(), &"changed".into())
    );
    pair.by_hand(&finding).await;
    pair.in_sync().await;
}

#[tokio::test]
async fn one_database_alone_cannot_be_compared_and_says_so() {
    let pair = Pair::new().await;
    pair.depend("d.f.g", 1).await;
    for only in ["mysql", "timescale"] {
        let (run, document) = pair.sgmp.json(&["status", "--only", only]).await;
        assert_eq!(run.code, Some(0), "{document:#}");
        assert!(
            document["notes"]
                .to_string()
                .contains("needs both databases"),
            "{document:#}"
        );
    }
    let run = pair
        .sgmp
        .run(&["policies", "--fix-aggregates", "--only", "timescale"])
        .await;
    run.expect(2).says("both databases");
}

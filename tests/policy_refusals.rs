//! A policy that the server will refuse is refused before anything is touched, by table, key and line; a
//! dry run promises nothing that the real run cannot do.

mod support;

use serde_json::Value;
use std::{fs, path::PathBuf};
use support::{Kind, Sgmp, TimescaleDatabase};
use tempfile::TempDir;

const TABLES: &str = "CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE house_data (ts timestamptz NOT NULL, house int NOT NULL, value float8);
SELECT create_hypertable('house_data', 'ts');
CREATE TABLE counted (tick bigint NOT NULL, value int);
SELECT create_hypertable('counted', 'tick', chunk_time_interval => 1000);
CREATE TABLE clocked (tick bigint NOT NULL, value int);
SELECT create_hypertable('clocked', 'tick', chunk_time_interval => 1000);
CREATE FUNCTION tick_now() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 100000::bigint';
SELECT set_integer_now_func('clocked', 'tick_now');
CREATE TABLE dated (day date NOT NULL, value int);
SELECT create_hypertable('dated', 'day');
CREATE TABLE small (tick smallint NOT NULL, value int);
SELECT create_hypertable('small', 'tick', chunk_time_interval => 100);
CREATE TABLE plain (id int);
";

const VIEWS: &str = "-- sgmp-db: no-transaction
CREATE MATERIALIZED VIEW monthly WITH (timescaledb.continuous) AS
  SELECT time_bucket('1 month', ts) AS bucket, house, avg(value) AS mean FROM house_data GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous) AS
  SELECT time_bucket('1 hour', ts) AS bucket, house, avg(value) AS mean FROM house_data GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW hundreds WITH (timescaledb.continuous) AS
  SELECT time_bucket(100, tick) AS bucket, avg(value) AS mean FROM clocked GROUP BY 1 WITH NO DATA;
";

struct Install {
    timescale: TimescaleDatabase,
    sgmp: Sgmp,
    directory: TempDir,
    file: PathBuf,
    /// Keeps the test server's database awake.
    _session: tokio_postgres::Client,
}

impl Install {
    async fn new() -> Install {
        let timescale = TimescaleDatabase::new(Kind::Community).await;
        let session = timescale.session().await;
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("timescale");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("V1__tables.sql"), TABLES).unwrap();
        fs::write(folder.join("V2__views.sql"), VIEWS).unwrap();
        let file = folder.join("policies.yaml");
        let sgmp = Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        let install = Install {
            timescale,
            sgmp,
            directory,
            file,
            _session: session,
        };
        install.json("upgrade").await;
        install
    }

    async fn json(&self, call: &str) -> (i32, Value) {
        let call: Vec<&str> = call.split(' ').collect();
        let (run, document) = self
            .sgmp
            .json(&[&call, &["--only", "timescale"][..]].concat())
            .await;
        (run.code.unwrap(), document)
    }

    async fn state(&self) -> Vec<String> {
        let query = "SELECT 'job ' || proc_name || ' ' || COALESCE(hypertable_name, '') FROM timescaledb_information.jobs WHERE job_id >= 1000
            UNION ALL SELECT 'chunk ' || hypertable_name || ' ' || COALESCE(time_interval::text, integer_interval::text) FROM timescaledb_information.dimensions
            UNION ALL SELECT 'store ' || hypertable_name FROM timescaledb_information.hypertables WHERE compression_enabled
            UNION ALL SELECT 'version ' || max(version) FROM refinery_schema_history ORDER BY 1";
        self.timescale.rows(query).await
    }
}

/// YAML of one table, the key that is wrong (in line 3) and words of the message.
const REFUSED: [(&str, &str, &str); 14] = [
    (
        "continuous_aggregates:\n  monthly:\n    refresh: [{ start_offset: 1 month, end_offset: 1 day, every: 1 day }]\n",
        "monthly",
        "covers less than two of them",
    ),
    (
        "continuous_aggregates:\n  hourly:\n    refresh: [{ start_offset: 2 hours, end_offset: 1 second, every: 1 day }]\n",
        "hourly",
        "buckets of 1 hour",
    ),
    (
        "continuous_aggregates:\n  hundreds:\n    refresh: [{ start_offset: 250, end_offset: 100, every: 1 day }]\n",
        "hundreds",
        "buckets of 100",
    ),
    (
        "continuous_aggregates:\n  hundreds:\n    refresh: [{ start_offset: 1 day, end_offset: 1 hour, every: 1 day }]\n",
        "hundreds",
        "holds numbers, so refresh cannot go by 1 day",
    ),
    (
        "hypertables:\n  counted:\n    retention: { drop_after: 1000 }\n",
        "counted",
        "no function that tells what now is",
    ),
    (
        "hypertables:\n  counted:\n    compression: { after: 1000 }\n",
        "counted",
        "can have no compression policy",
    ),
    (
        "hypertables:\n  counted:\n    chunk_interval: 7 days\n",
        "counted",
        "chunk_interval cannot be 7 days",
    ),
    (
        "hypertables:\n  house_data:\n    chunk_interval: 1000\n",
        "house_data",
        "chunk_interval cannot be 1000",
    ),
    (
        "hypertables:\n  dated:\n    chunk_interval: 36 hours\n",
        "dated",
        "holds dates",
    ),
    (
        "hypertables:\n  small:\n    chunk_interval: 100000\n",
        "small",
        // Nothing but the server knows this one: it was asked.
        "chunk_interval of small is refused by the server: invalid interval",
    ),
    (
        "hypertables:\n  house_data:\n    compression: { after: 7 days, segment_by: [hose] }\n",
        "house_data",
        "has no column hose",
    ),
    (
        "hypertables:\n  house_data:\n    compression: { after: 7 days, segment_by: [house], order_by: [house desc] }\n",
        "house",
        "cannot be in both",
    ),
    (
        "continuous_aggregates:\n  hourly:\n    compression: { after: 30 days }\n",
        "hourly",
        "has no refresh policy",
    ),
    (
        "continuous_aggregates:\n  hourly:\n    refresh: [{ start_offset: 3 days, end_offset: 1 hour, every: 1 hour }]\n    compression: { after: 1 day }\n",
        "hourly",
        "every refresh would work on compressed chunks",
    ),
];

/// What is left for `status` to advise.
fn remedies(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .filter_map(|one| one["remedy"].as_str())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn what_the_server_will_refuse_is_refused_by_name_before_anything_is_touched() {
    let install = Install::new().await;
    let pending = install.directory.path().join("timescale/V3__more.sql");
    let before = install.state().await;
    assert!(before.contains(&"version 2".to_owned()), "{before:?}");
    for (yaml, object, words) in REFUSED {
        fs::write(&install.file, yaml).unwrap();
        let mut calls = vec![
            "policies --dry-run",
            "policies",
            "upgrade --dry-run",
            "upgrade",
        ];
        // What only the server knows, `status` does not ask: it writes nothing, not even to take it back.
        if !words.contains("refused by the server") {
            calls.push("status");
        }
        for more in [false, true] {
            if more {
                fs::write(&pending, "CREATE TABLE more (id int);\n").unwrap();
            }
            for call in &calls {
                let knows = !more || call.starts_with("upgrade");
                if !knows {
                    continue;
                }
                let (code, document) = install.json(call).await;
                assert_eq!(code, 2, "{call}: {yaml}: {document:#}");
                let error = &document["error"];
                let message = error["message"].as_str().unwrap();
                assert!(
                    message.contains(words) && message.contains(object),
                    "{call}: {message}"
                );
                let file = error["file"].as_str().unwrap();
                assert!(file.ends_with("timescale/policies.yaml"), "{file}");
                let line = if words.contains("compressed chunks") {
                    4
                } else {
                    3
                };
                assert_eq!(error["line"], line, "{call}: {yaml}: {document:#}");
                let upgrade = |remedy: &String| remedy.starts_with("sgmp-db upgrade");
                assert!(
                    more || !remedies(&document).iter().any(upgrade),
                    "{document:#}"
                );
                assert!(
                    document["notes"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .all(|note| { !note["message"].as_str().unwrap().starts_with("would do") })
                );
            }
        }
        fs::remove_file(&pending).unwrap();
        assert_eq!(install.state().await, before, "{yaml}");
    }
    // A pending file that speaks of the table may make it possible, so it is not judged before.
    fs::write(
        &install.file,
        "hypertables:\n  counted:\n    retention: { drop_after: 1000 }\n",
    )
    .unwrap();
    fs::write(
        &pending,
        "SELECT set_integer_now_func('counted', 'tick_now');\n",
    )
    .unwrap();
    let (code, document) = install.json("upgrade").await;
    assert_eq!(code, 0, "{document:#}");
    let (code, document) = install.json("status").await;
    assert_eq!(code, 0, "{document:#}");
}

#[tokio::test]
async fn what_check_can_know_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("timescale");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("V1__tables.sql"), TABLES).unwrap();
    let sgmp = Sgmp::default().standing_in(directory.path());
    for (yaml, words) in [
        (
            REFUSED[11].0,
            "house cannot be in both segment_by and order_by",
        ),
        (
            "hypertables:\n  a:\n\tretention: none\n",
            "line begins with a tab; YAML wants spaces",
        ),
    ] {
        fs::write(folder.join("policies.yaml"), yaml).unwrap();
        let run = sgmp.run(&["check", "--migrations", "."]).await;
        run.expect(2).says(words).says("policies.yaml:3:");
    }
}

/// A generator of numbers below a bound; the seed is printed with every failure.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        let index = usize::try_from(self.below(of.len() as u64)).unwrap();
        of[index]
    }
}

/// Whatever the file says: where the dry run says yes the real run does it all, and where it says no the
/// real run says the same and nothing has changed.
#[tokio::test]
async fn the_dry_run_and_the_real_run_say_the_same_of_any_file() {
    let seed = std::env::var("SEED").map_or_else(|_| rand_seed(), |text| text.parse().unwrap());
    let mut random = Random(seed);
    let install = Install::new().await;
    let spans = [
        "1 hour", "2 hours", "36 hours", "1 day", "1 month", "2 months", "90 days", "100", "250",
        "100000",
    ];
    let (mut yes, mut no) = (0, 0);
    let files = std::env::var("SGMP_DB_POLICY_FILES").map_or(12, |text| text.parse().unwrap());
    println!("{files} files");
    for _ in 0..files {
        let table = random.one(&["house_data", "counted", "clocked", "dated", "small"]);
        let view = random.one(&["monthly", "hourly", "hundreds"]);
        let mut yaml = format!("hypertables:\n  {table}:\n");
        yaml.push_str(&match random.below(3) {
            0 => format!("    retention: {{ drop_after: {} }}\n", random.one(&spans)),
            1 => format!("    chunk_interval: {}\n", random.one(&spans)),
            _ => format!(
                "    compression: {{ after: {}, segment_by: [{}] }}\n",
                random.one(&spans),
                random.one(&["house", "value", "hose"])
            ),
        });
        if random.below(2) == 0 {
            yaml.push_str(&format!(
                "continuous_aggregates:\n  {view}:\n    refresh: [{{ start_offset: {}, end_offset: {}, every: 1 day }}]\n",
                random.one(&spans),
                random.one(&spans)
            ));
        }
        fs::write(&install.file, &yaml).unwrap();
        let before = install.state().await;
        let (dry, said) = install.json("policies --dry-run --allow-data-loss").await;
        assert_eq!(install.state().await, before, "seed {seed}: {yaml}");
        let (real, done) = install.json("policies --allow-data-loss").await;
        assert_eq!(dry, real, "seed {seed}: {yaml}\n{said:#}\n{done:#}");
        match real {
            0 => {
                let (again, document) = install.json("policies --dry-run").await;
                let notes = document["notes"].as_array().unwrap();
                let todo = notes
                    .iter()
                    .any(|note| note["message"].as_str().unwrap().starts_with("would do"));
                assert!(again == 0 && !todo, "seed {seed}: {yaml}\n{document:#}");
                yes += 1;
            }
            2 => {
                let place = |document: &Value| {
                    (
                        document["error"]["message"].clone(),
                        document["error"]["line"].clone(),
                    )
                };
                assert_eq!(place(&said), place(&done), "seed {seed}: {yaml}");
                assert!(
                    done["error"]["line"].is_u64(),
                    "seed {seed}: {yaml}\n{done:#}"
                );
                assert_eq!(install.state().await, before, "seed {seed}: {yaml}");
                no += 1;
            }
            other => panic!("seed {seed}: exit {other}: {yaml}\n{done:#}"),
        }
    }
    // A few files may by chance all be of one kind.
    assert_eq!(yes + no, files, "seed {seed}");
    assert!(
        files < 40 || yes > 2 && no > 2,
        "seed {seed}: {yes} and {no}"
    );
}

fn rand_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap().as_nanos() & 0xffff_ffff).unwrap() | 1
}

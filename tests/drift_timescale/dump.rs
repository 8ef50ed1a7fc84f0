//! A database through pg_dump and back, with the server's own tools in its container.

use crate::support::{TimescaleDatabase, server::PASSWORD, unique};
use tokio::process::Command;

/// A copy of the database, restored from a dump as TimescaleDB's documentation says.
pub async fn restored(database: &TimescaleDatabase) -> TimescaleDatabase {
    let copy = TimescaleDatabase {
        server: database.server.clone(),
        name: unique("copy"),
    };
    let admin = database.session().await;
    admin
        .batch_execute(&format!(
            "CREATE DATABASE \"{}\" ENCODING 'UTF8' TEMPLATE template0",
            copy.name
        ))
        .await
        .expect("a database");
    let extended = !database
        .rows("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
        .await
        .is_empty();
    if extended {
        copy.execute("CREATE EXTENSION timescaledb").await;
        copy.execute("SELECT timescaledb_pre_restore()").await;
    }
    let pipe = format!(
        "pg_dump -h 127.0.0.1 -U postgres '{}' | psql -q -X -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres '{}'",
        database.name, copy.name
    );
    let output = Command::new("docker")
        .args(["exec", "-e"])
        .arg(format!("PGPASSWORD={PASSWORD}"))
        .args([
            &database.server.container,
            "timeout",
            "60",
            "sh",
            "-c",
            &pipe,
        ])
        .output()
        .await
        .expect("docker exec");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    if extended {
        copy.execute("SELECT timescaledb_post_restore()").await;
    }
    copy
}

//! How many turns do `status` and an `upgrade` without work take on a link of 70 ms?

mod support;

use std::time::{Duration, Instant};
use support::{Kind, Link, MysqlDatabase, Proxy, Sgmp, TimescaleDatabase};

const ROUND_TRIP: Duration = Duration::from_millis(70);

#[tokio::test]
async fn a_status_and_an_upgrade_without_work_take_few_turns() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let near = Sgmp::on(&mysql, &timescale);
    near.run(&["upgrade"]).await.expect(0);
    let link = Link::round_trip(ROUND_TRIP);
    let to_mysql = Proxy::start(mysql.server.port, link);
    let to_timescale = Proxy::start(timescale.server.port, link);
    let far = near
        .with("MYSQL_PORT", to_mysql.port.to_string())
        .with("TSDB_PORT", to_timescale.port.to_string());
    for mode in ["disable", "prefer"] {
        for command in ["status", "upgrade"] {
            to_mysql.forget();
            to_timescale.forget();
            let begun = Instant::now();
            far.clone()
                .with("SGMP_DB_MYSQL_TLS", mode)
                .with("SGMP_DB_TIMESCALE_TLS", "disable")
                .run(&[command])
                .await
                .expect(0);
            let turns = |proxy: &Proxy| {
                proxy
                    .connections()
                    .iter()
                    .map(|one| one.turns())
                    .collect::<Vec<_>>()
            };
            let (mysql, timescale) = (turns(&to_mysql), turns(&to_timescale));
            let told = format!(
                "{mode} {command}: {:?} mysql {mysql:?} timescale {timescale:?}",
                begun.elapsed()
            );
            println!("{told}");
            assert!(mysql.iter().sum::<usize>() <= 8, "{told}");
            assert!(timescale.iter().sum::<usize>() <= 11, "{told}");
        }
    }
}

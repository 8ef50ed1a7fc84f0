//! Both databases through a bastion, by the machine's own OpenSSH.

mod ends;
mod failures;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod verified;
mod works;

use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};

/// Both databases of a test, which the bastion reaches on its own loopback.
async fn pair() -> (MysqlDatabase, TimescaleDatabase, Sgmp) {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    (mysql, timescale, sgmp)
}

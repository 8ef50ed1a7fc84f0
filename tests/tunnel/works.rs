//! The commands work as they do without a tunnel, with one ssh for all connections.

use super::{pair, support::Bastion};

#[tokio::test]
async fn upgrade_status_and_a_second_upgrade_each_through_one_ssh() {
    let bastion = Bastion::new("").await;
    let (mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(0);
    assert_eq!(document["targets"]["mysql"]["version"], 9);
    assert_eq!(bastion.connections(), 1);
    bastion.is_left().await;
    sgmp.run(&["status"]).await.expect(0);
    sgmp.run(&["upgrade"]).await.expect(0);
    assert_eq!(bastion.connections(), 3);
    assert!(mysql.definitions().await.contains("`analytics`"));
    bastion.is_left().await;
}

/// Flags as in the README; the option is given twice.
#[tokio::test]
async fn every_setting_is_a_flag_too() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let [first, second] = [bastion.options(), bastion.options()].map(|both| both);
    let first = first.lines().next().unwrap().to_owned();
    let second = second.lines().nth(1).unwrap().to_owned();
    let (name, identity) = (bastion.name(), bastion.file("id"));
    let flags = [
        "status",
        "--bastion",
        &name,
        "--identity",
        &identity,
        "--ssh-option",
        &first,
        "--ssh-option",
        &second,
    ];
    sgmp.run(&flags).await.expect(3);
    assert_eq!(bastion.connections(), 1);
}

/// A database of one of the two is as good.
#[tokio::test]
async fn one_database_alone_needs_no_name_of_the_other() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp).without("TSDB_HOST");
    sgmp.run(&["status", "--only", "mysql"]).await.expect(3);
    let run = sgmp.run(&["status"]).await;
    run.expect(2).says("--timescale-host HOST");
}

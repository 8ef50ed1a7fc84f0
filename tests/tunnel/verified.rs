//! TLS through the tunnel is verified against the name that the bastion knows the server by.

use super::support::{
    Bastion, Kind, Sgmp,
    certificates::{self, Authority},
    server::{self, PASSWORD},
};

/// A name of this machine that is not a loopback's.
fn host() -> String {
    let output = std::process::Command::new("hostname").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_ca_is_all_that_it_takes_and_another_name_is_refused() {
    let bastion = Bastion::new("").await;
    let name = host();
    let (_mysql, my) = server::own(Kind::Mysql, &["mysqld"]).await;
    let (_timescale, ts) = server::own(Kind::Apache17, &["postgres", "-c", "fsync=off"]).await;
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("sgmp-db test authority");
    let ca = authority.write(directory.path(), "ca.pem");
    let sgmp = Sgmp::default()
        .with("MYSQL_HOST", &name)
        .with("MYSQL_PORT", my.to_string())
        .with("MYSQL_USER", "root")
        .with("MYSQL_PASS", PASSWORD)
        .with("TSDB_HOST", &name)
        .with("TSDB_PORT", ts.to_string())
        .with("TSDB_PASS", PASSWORD)
        .with("SGMP_DB_CA", ca.display().to_string());
    let sgmp = bastion.through(sgmp);
    let good = authority.server(&name);
    certificates::present_mysql(my, "good", &good).await;
    certificates::present(ts, "good", Some(&good)).await;
    sgmp.run(&["upgrade"]).await.expect(0);
    sgmp.run(&["status"]).await.expect(0);

    let other = authority.server("other.sgmp.test");
    certificates::present_mysql(my, "other", &other).await;
    certificates::present(ts, "other", Some(&other)).await;
    let run = sgmp.run(&["status"]).await;
    run.expect(1);
    let refusal = format!("is not for the name {name}, but for DnsName(\"other.sgmp.test\")");
    assert_eq!(run.all().matches(&refusal).count(), 2, "{run:?}");
    // The name that it does have is as good, and 127.0.0.1 is never looked at.
    let names = [
        "status",
        "--mysql-tls-name",
        "other.sgmp.test",
        "--timescale-tls-name",
        "other.sgmp.test",
    ];
    sgmp.run(&names).await.expect(0);
}

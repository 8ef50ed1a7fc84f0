//! Certificates made at run time: one authority, and the ways in which a server's can be wrong.

use super::database::{mysql_admin, postgres_admin};
use mysql_async::prelude::Queryable;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use time::OffsetDateTime;

/// The name that a good certificate is for.
pub const NAME: &str = "db.sgmp.test";

/// A certificate with its key and its issuer, as PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    pub issuer: String,
    pub certificate: String,
    pub key: String,
}

/// An authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// Its certificate in a file, for `--ca`.
    pub fn write(&self, directory: &Path, file: &str) -> PathBuf {
        let path = directory.join(file);
        std::fs::write(&path, self.0.pem()).expect("a CA file");
        path
    }

    /// A server's certificate for that name.
    pub fn server(&self, name: &str) -> Pair {
        self.sign(params(name))
    }

    /// One that ends in so many seconds: MySQL takes none that has ended already.
    pub fn ending(&self, name: &str, seconds: i64) -> Pair {
        let mut params = params(name);
        params.not_after = OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Pair {
            issuer: self.0.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A server's certificate that no authority signed.
pub fn self_signed(name: &str) -> Pair {
    let key = KeyPair::generate().expect("a key");
    let certificate = params(name).self_signed(&key).expect("a certificate");
    Pair {
        issuer: certificate.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Has a MySQL server of the test's own show that certificate from now on.
pub async fn present_mysql(port: u16, name: &str, pair: &Pair) {
    let mut admin = mysql_admin(port).await.expect("a session");
    let parts = [
        ("ca", &pair.issuer),
        ("cert", &pair.certificate),
        ("key", &pair.key),
    ];
    for (part, pem) in parts {
        let file = format!("/var/lib/mysql-files/{name}-{part}.pem");
        let write = format!("SELECT '{pem}' INTO DUMPFILE '{file}'");
        admin.query_drop(write).await.expect("a file");
        let set = format!("SET GLOBAL ssl_{part} = '{file}'");
        admin.query_drop(set).await.expect("a setting");
    }
    let reload = admin.query_drop("ALTER INSTANCE RELOAD TLS").await;
    reload.expect("a reload");
}

/// Has a PostgreSQL server of the test's own show that certificate from now on, or offer no TLS.
pub async fn present(port: u16, name: &str, pair: Option<&Pair>) {
    let admin = postgres_admin(port, "postgres").await.expect("a session");
    let mut settings = vec![("ssl", if pair.is_some() { "on" } else { "off" }.to_owned())];
    let parts = pair.map(|pair| {
        [
            ("ssl_cert_file", &pair.certificate),
            ("ssl_key_file", &pair.key),
        ]
    });
    for (setting, pem) in parts.into_iter().flatten() {
        let file = format!("/tmp/{name}-{setting}.pem");
        // The server refuses a key that others may read.
        let write = format!(
            "COPY (SELECT unnest(string_to_array('{pem}', E'\\n'))) TO PROGRAM 'umask 077; cat > {file}'"
        );
        admin.batch_execute(&write).await.expect("a file");
        settings.push((setting, file));
    }
    for (setting, value) in &settings {
        let set = format!("ALTER SYSTEM SET {setting} = '{value}'");
        admin.batch_execute(&set).await.expect("a setting");
    }
    let reload = admin.batch_execute("SELECT pg_reload_conf()").await;
    reload.expect("a reload");
    // A new session has the settings that the server had when it came.
    'again: for _ in 0..100 {
        let session = postgres_admin(port, "postgres").await.expect("a session");
        for (setting, value) in &settings {
            let show = format!("SHOW {setting}");
            let row = session.query_one(&show, &[]).await.expect("a setting");
            if row.get::<_, String>(0) != *value {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue 'again;
            }
        }
        return;
    }
    panic!("the server does not take {settings:?}");
}

//! The engines of the library on a test's databases, as a workflow has them.

use super::{MysqlDatabase, server::PASSWORD};
use secrecy::SecretString;
use sgmp_db::{
    config::{Endpoint, Tls, TlsMode},
    connect::ConnectOptions,
    engine::mysql::Mysql,
    target::Target,
};

/// Where a MySQL database is, for that login.
pub fn mysql_endpoint(port: u16, database: &str, user: &str, password: &str) -> Endpoint {
    Endpoint {
        target: Target::Mysql,
        host: "127.0.0.1".to_owned(),
        port,
        user: user.to_owned(),
        password: Some(SecretString::from(password.to_owned())),
        database: database.to_owned(),
        tls: Tls {
            mode: TlsMode::Prefer,
            ca: None,
            name: None,
        },
        consul: None,
    }
}

impl MysqlDatabase {
    /// The administrator's engine on this database.
    pub fn engine(&self) -> Mysql {
        self.engine_as("root", PASSWORD)
    }

    /// Anybody's engine on this database.
    pub fn engine_as(&self, user: &str, password: &str) -> Mysql {
        let endpoint = mysql_endpoint(self.server.port, &self.name, user, password);
        Mysql::new(endpoint, ConnectOptions::default())
    }
}

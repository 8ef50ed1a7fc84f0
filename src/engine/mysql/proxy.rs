//! A proxy that answers the login itself may run each packet on another session of the server's, and
//! gives that session to others afterwards: our settings and our lock would be theirs.

use super::Mysql;
use crate::{outcome::Failure, target::Target};

/// Why nothing may be written, where such a proxy was found. It tells nothing that would prove that it
/// keeps our session; one that passes the connection on as it is (haproxy, a tunnel) is not found.
pub fn refusal(mysql: &Mysql) -> Option<Failure> {
    mysql.conn.as_ref().filter(|conn| conn.is_borrowed())?;
    Some(
        Failure::failed(
            "a proxy stands between here and the server and answers the login with a connection number of its own: it may give \
             each statement to another session, so nothing can be written through it",
        )
        .on(Target::Mysql)
        .remedy(
            "connect to the server itself: --mysql-host and --mysql-port of the instance, not of the proxy",
        ),
    )
}

//! `DATABASE_URL`, as the backend's SQLAlchemy reads it.

use super::values::{Value, Values};
use crate::outcome::Failure;
use percent_encoding::percent_decode_str;

/// The keys that a URL replaces, also those that it does not name.
pub const REPLACED: [&str; 5] = [
    "MYSQL_HOST",
    "MYSQL_PORT",
    "MYSQL_USER",
    "MYSQL_PASS",
    "MYSQL_DATABASE",
];

/// Takes the URL apart: `mysql[+pymysql]://user:password@host:port/database?charset=…`.
///
/// # Errors
/// Exit 2, without a word of the URL itself: it holds a password.
pub fn parse(url: &Value) -> Result<Values, Failure> {
    let form =
        "write it as mysql://user:password@host:3306/database, with % codes for special characters";
    let wrong = |why: &str| url.wrong(why).remedy(form);
    let (scheme, rest) = url
        .text
        .split_once("://")
        .ok_or_else(|| wrong("the value is not a URL"))?;
    if scheme != "mysql" && scheme != "mysql+pymysql" {
        return Err(wrong("the scheme must be mysql or mysql+pymysql"));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let unsupported = query
        .split('&')
        .find(|one| !one.is_empty() && !one.starts_with("charset="));
    if let Some(parameter) = unsupported {
        let name = parameter.split('=').next().unwrap_or_default();
        return Err(wrong(&format!(
            "the parameter {name} is not understood; TLS is set by --mysql-tls and --ca"
        )));
    }
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let (host, port) = split_port(address);
    let mut values = Values::new();
    let mut put = |name, text: Option<&str>| -> Result<(), Failure> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        let text = percent_decode_str(text)
            .decode_utf8()
            .map_err(|_| wrong("a % code is not UTF-8"))?
            .into_owned();
        values.insert(
            name,
            Value {
                text,
                origin: url.origin.clone(),
            },
        );
        Ok(())
    };
    put("MYSQL_USER", Some(user))?;
    put("MYSQL_PASS", password)?;
    put("MYSQL_HOST", Some(host))?;
    put("MYSQL_PORT", port)?;
    put("MYSQL_DATABASE", Some(database))?;
    Ok(values)
}

/// `host:port`, `[v6]:port` or either without a port.
fn split_port(address: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = address
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (host, rest.strip_prefix(':'));
    }
    match address.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (address, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::values::Origin;

    fn read(text: &str) -> Result<Vec<(&'static str, String)>, Failure> {
        let origin = Origin::Variable("DATABASE_URL".to_owned());
        let values = parse(&Value {
            text: text.to_owned(),
            origin,
        })?;
        Ok(values
            .into_iter()
            .map(|(name, value)| (name, value.text))
            .collect())
    }

    #[test]
    fn every_part_is_decoded() {
        let values = read("mysql+pymysql://us%40r:p%40%3A%2F%25%27%22%24%20%C3%BC@db.example:3307/sg%6Dp?charset=utf8mb4").unwrap();
        let expected = [
            ("MYSQL_DATABASE", "sgmp"),
            ("MYSQL_HOST", "db.example"),
            ("MYSQL_PASS", "p@:/%'\"$ ü"),
            ("MYSQL_PORT", "3307"),
            ("MYSQL_USER", "us@r"),
        ];
        assert_eq!(values, expected.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(read("mysql://u@[::1]:3306/d").unwrap()[1].1, "::1");
    }

    #[test]
    fn another_scheme_is_an_error_that_shows_no_part_of_the_url() {
        for url in [
            "postgres://u:geheim@h/d",
            "geheim",
            "mysql://u:geheim@h/d?ssl_ca=geheim",
            "mysql://u:%ffgeheim@h/d",
        ] {
            let failure = read(url).unwrap_err();
            assert!(!format!("{failure:?}").contains("geheim"), "{failure:?}");
        }
    }
}

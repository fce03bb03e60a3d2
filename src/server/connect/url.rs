//! The parts of a database URL that are taken, by name; only the text is looked at.
//!
//! sqlx logs the parameters it does not know with their values, and libpq has some that are secret (`sslpassword`): what
//! is not known is therefore taken out before sqlx sees the URL, and reported by name alone.

/// The parameters sqlx understands.
const KNOWN: [&str; 20] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "fallback_application_name",
    "client_encoding",
];

/// Understood and without effect here: the loader names itself and always speaks UTF-8.
const WITHOUT_EFFECT: [&str; 2] = ["fallback_application_name", "client_encoding"];

/// A URL with only what is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Understood {
    /// The URL to use.
    pub(super) url: String,
    /// The names of the parameters that were left out.
    pub(super) ignored: Vec<String>,
}

/// Checks the scheme and sorts the parameters.
///
/// # Errors
/// What was found instead of a database URL, without repeating it.
pub(super) fn understood(url: &str) -> Result<Understood, String> {
    let url = url.trim();
    if url.is_empty() {
        return Err("it is empty".to_owned());
    }
    match url.split_once("://") {
        Some(("postgresql" | "postgres", _)) => {}
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+') => {
            return Err(format!("it begins with {scheme}://"));
        }
        _ if url.contains('=') => return Err("it looks like a list of name=value".to_owned()),
        _ => return Err("it does not begin with postgresql://".to_owned()),
    }
    let Some((address, parameters)) = url.split_once('?') else {
        return Ok(Understood { url: url.to_owned(), ignored: Vec::new() });
    };
    let mut kept = Vec::new();
    let mut ignored = Vec::new();
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
        if WITHOUT_EFFECT.contains(&name) {
            continue;
        }
        if KNOWN.contains(&name) || (name.starts_with("options[") && name.ends_with(']')) {
            kept.push(parameter);
        } else {
            ignored.push(name.to_owned());
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok(Understood { url: format!("{address}{mark}{}", kept.join("&")), ignored })
}

/// The URL without its password, and the password, decoded: for programs whose arguments every user can see.
#[must_use]
pub fn without_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let (address, parameters) =
        rest.split_once('?').map_or((rest, None), |(address, rest)| (address, Some(rest)));
    let (authority, path) = address.find('/').map_or((address, ""), |at| address.split_at(at));
    let mut password = None;
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, secret)) => {
                password = Some(decoded(secret));
                format!("{user}@{host}")
            }
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let kept: Vec<&str> = parameters
        .into_iter()
        .flat_map(|parameters| parameters.split('&'))
        .filter(|parameter| match parameter.strip_prefix("password=") {
            Some(secret) => {
                password = Some(decoded(secret));
                false
            }
            None => !parameter.is_empty(),
        })
        .collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    (format!("{scheme}://{authority}{path}{mark}{}", kept.join("&")), password)
}

/// Undoes `%XX`; what is no such code stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = after.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(b'%');
            rest = after;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_comes_out() {
        for (url, rest, password) in [
            (
                "postgresql://a:p%40%3a%zz@h:1/d?sslmode=require",
                "postgresql://a@h:1/d?sslmode=require",
                Some("p@:%zz"),
            ),
            ("postgresql://h/d?password=x%2Fy&user=a", "postgresql://h/d?user=a", Some("x/y")),
            ("postgresql://a:p@h", "postgresql://a@h", Some("p")),
            ("postgresql:///d?host=/s&port=5432", "postgresql:///d?host=/s&port=5432", None),
            ("postgresql://", "postgresql://", None),
            ("postgresql://a@h/d", "postgresql://a@h/d", None),
        ] {
            let expected = (rest.to_owned(), password.map(str::to_owned));
            assert_eq!(without_password(url), expected, "{url}");
        }
    }

    #[test]
    fn parameters_are_sorted() {
        for (url, kept, ignored) in [
            ("postgres://h/d", "postgres://h/d", &[][..]),
            (
                "postgresql://h/d?sslmode=require&channel_binding=require",
                "postgresql://h/d?sslmode=require",
                &["channel_binding"],
            ),
            (" postgresql:///d?sslpassword=x ", "postgresql:///d", &["sslpassword"]),
            ("postgresql:///d?client_encoding=utf8&host=/run", "postgresql:///d?host=/run", &[]),
            ("postgresql:///d?options[geqo]=off&&novalue", "postgresql:///d?options[geqo]=off", &["novalue"]),
        ] {
            let found = understood(url).unwrap();
            assert_eq!(
                (found.url.as_str(), found.ignored.as_slice()),
                (kept, ignored.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_url() {
        for (url, found) in [
            ("", "it is empty"),
            ("mysql://h/d", "it begins with mysql://"),
            ("host=h dbname=d", "it looks like a list of name=value"),
            ("h/d", "it does not begin with postgresql://"),
        ] {
            assert_eq!(understood(url).unwrap_err(), found);
        }
    }
}

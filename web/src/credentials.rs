//! What stands in an `Authorization` header: `Bearer` and the token, or `Basic` with the token as the password, which is
//! how Grafana and other monitoring programs sign in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The token in the header's value; `None` if it holds none.
pub(crate) fn token(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_comes_as_bearer_or_as_password() {
        assert_eq!(token("Bearer secret").as_deref(), Some("secret"));
        assert_eq!(token("basic Z3JhZmFuYTpzZWNyZXQ=").as_deref(), Some("secret"), "grafana:secret");
        assert_eq!(token("Basic OmE6Yg==").as_deref(), Some("a:b"), "only the first colon parts them");
        for wrong in ["secret", "", "Basic !", "Basic c2VjcmV0", "Digest Z3JhZmFuYTpzZWNyZXQ=", "Basic /w=="]
        {
            assert_eq!(token(wrong), None, "{wrong}");
        }
    }
}

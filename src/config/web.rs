//! Reads `[web]`: where the pages are, and who may see them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::settings::read_secret;
use super::sources::read_web_address;
use super::table::Table;
use super::{Block, Proxy, Web};

/// Where the pages are unless something is said: for this machine alone.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8410);

pub(super) fn read(table: Table<'_, '_>) -> Web {
    let url = table.parsed("url", read_url, "url = \"https://tidings.example.org\"");
    let listen = table.parsed("listen", read_listen, "listen = \"127.0.0.1:8410\", an address and a port");
    let hosts = table.some_parsed("hosts", read_host, "hosts = [\"tidings.example.org\"], names without port");
    let token = read_secret(&table, ["token", "token_env", "token_file"]);
    let header = table.parsed("user_header", read_header, "user_header = \"X-Forwarded-User\"");
    let proxies = table.some_parsed("proxies", str::parse::<Block>, "proxies = [\"127.0.0.1/32\"]");
    if header.is_none() && !proxies.is_empty() {
        table.mistake(
            "`proxies` is said without `user_header`".to_owned(),
            "user_header = \"X-Forwarded-User\", the header in which the proxy names who asks",
        );
    }
    let proxy = header.map(|header| Proxy { user_header: header.value, from: or_loopback(proxies) });
    if let Some(listen) = &listen
        && !listen.value.ip().is_loopback()
        && token.is_none()
        && proxy.is_none()
    {
        table.document.mistake(
            listen.span.clone(),
            format!("`listen`: at {} anybody who reaches it would see everything", listen.value),
            "also token_env = \"TIDINGS_WEB_TOKEN\", or user_header = \"…\" of a proxy that knows who asks".to_owned(),
        );
    }
    table.finish();
    Web { url: url.map(|url| url.value), listen: listen.map_or(LISTEN, |listen| listen.value), hosts, token, proxy }
}

fn read_url(text: &str) -> Result<Url, String> {
    let url = read_web_address(text)?;
    // RFC 8058, 3.1: the address of one click is https.
    match url.scheme() == "https" && url.query().is_none() && url.fragment().is_none() {
        true => Ok(url),
        false => Err(format!("`{text}` is no https address without query")),
    }
}

fn read_listen(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no address with a port"))
}

/// As browsers write it in `Host`: in small letters, other scripts as Punycode.
fn read_host(text: &str) -> Result<String, String> {
    let host = Host::parse(text.trim()).map_err(|error| format!("`{text}` is no name of a host ({error})"))?;
    Ok(host.to_string())
}

fn read_header(text: &str) -> Result<String, String> {
    let name = text.trim().to_ascii_lowercase();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // These say what a request is, or where it was before: whoever asks sets them.
    let is_taken = ["host", "authorization", "cookie", "origin", "referer", "forwarded", "x-forwarded-for"];
    match is_name && !is_taken.contains(&name.as_str()) {
        true => Ok(name),
        false => Err(format!("`{text}` is no header in which a proxy names a person")),
    }
}

fn or_loopback(blocks: Vec<Block>) -> Vec<Block> {
    if !blocks.is_empty() {
        return blocks;
    }
    vec![
        Block { address: Ipv4Addr::LOCALHOST.into(), prefix: 32 },
        Block { address: Ipv6Addr::LOCALHOST.into(), prefix: 128 },
    ]
}

#[cfg(test)]
mod tests {
    use super::super::read_settings;
    use super::*;

    fn web(text: &str) -> Web {
        read_settings("tidings.toml", text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}")).web
    }

    #[test]
    fn pages_are_for_this_machine_alone_unless_it_is_said_who_else_may_see_them() {
        let plain = web("");
        assert!(plain.listen.ip().is_loopback() && plain.token.is_none() && plain.proxy.is_none(), "{plain:?}");
        let proxied =
            web("[web]\nlisten = \"0.0.0.0:80\"\nuser_header = \"X-Forwarded-User\"\nhosts = [\"Büro.example\"]");
        let proxy = proxied.proxy.expect("a proxy");
        assert_eq!((proxy.user_header.as_str(), proxy.from.len()), ("x-forwarded-user", 2));
        assert_eq!(proxied.hosts, ["xn--bro-hoa.example"]);
        for (text, words) in [
            ("[web]\nlisten = \"0.0.0.0:80\"", "anybody who reaches it"),
            ("[web]\nlisten = \"8080\"", "no address with a port"),
            ("[web]\nuser_header = \"Host\"", "no header in which a proxy names a person"),
            ("[web]\nproxies = [\"10.0.0.0/8\"]", "without `user_header`"),
            ("[web]\ntoken = \"open sesame\"", "is a secret"),
            ("[web]\nhosts = [\"a b\"]", "no name of a host"),
            ("[web]\nurl = \"http://tidings.example\"", "no https address"),
        ] {
            let mistakes = read_settings("tidings.toml", text).expect_err(text);
            assert!(mistakes.iter().any(|mistake| mistake.to_string().contains(words)), "{text}: {mistakes:?}");
            assert!(!mistakes.iter().any(|mistake| mistake.to_string().contains("sesame")), "{text}: {mistakes:?}");
        }
    }
}

//! Data that a page carries for its own scripts: JSON in script elements, and the flight payload of Next.js.

use scraper::{Html, Selector};
use serde_json::Value;

use super::markup::{Kind, Tokens};

/// Scripts of one page that are looked at; pages have a few dozen.
const MAX_SCRIPTS: usize = 500;

/// So begins a piece of a flight payload (React Server Components, as Next.js writes them since version 13).
const FLIGHT: &str = "self.__next_f.push(";

/// The JSON documents of a page, in its order; `script` chooses among the script elements. Each row of a flight payload
/// that is JSON is a document. What is neither is passed over.
pub fn documents(text: &str, script: Option<&Selector>) -> Vec<Value> {
    let all = Selector::parse("script").expect("a constant selector");
    let html = Html::parse_document(&scripts(text));
    let mut documents = Vec::new();
    let mut flight = String::new();
    for element in html.select(script.unwrap_or(&all)) {
        let inside: String = element.text().collect();
        let inside = inside.trim();
        if let Some(piece) = inside.strip_prefix(FLIGHT) {
            // `[1,"…"])` holds the next part of the payload; other numbers are bookkeeping.
            let piece = piece.trim_end_matches(';').trim_end_matches(')');
            if let Ok(Value::Array(parts)) = serde_json::from_str(piece)
                && let [Value::Number(kind), Value::String(part)] = &parts[..]
                && kind.as_u64() == Some(1)
            {
                flight.push_str(part);
            }
        } else if inside.starts_with(['{', '[']) {
            documents.extend(serde_json::from_str::<Value>(inside).ok());
        }
    }
    documents.extend(rows(&flight));
    documents
}

/// The page's script elements alone.
fn scripts(text: &str) -> String {
    let mut alone = String::new();
    let mut tokens = Tokens::of_html(text);
    let mut count = 0;
    while let Some(token) = tokens.next() {
        if let Kind::Start { name, closed: false, .. } = token.kind
            && name.eq_ignore_ascii_case("script")
            && count < MAX_SCRIPTS
        {
            count += 1;
            tokens.skip_element(name);
            alone.push_str(&text[token.start..tokens.position()]);
        }
    }
    alone
}

/// The rows of a flight payload: `id:json` up to the end of the line, or `id:T<length>,` and as many bytes of text (length
/// in hexadecimal). Rows with another letter before their data name modules and hints.
fn rows(flight: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut rest = flight;
    while let Some((id, after)) = rest.split_once(':') {
        let is_id = id.trim_start().bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id
            && let Some((length, text)) = after.strip_prefix('T').and_then(|after| after.split_once(','))
            && let Ok(length) = usize::from_str_radix(length, 16)
        {
            rest = text.get(length..).unwrap_or_default();
            continue;
        }
        let (row, next) = after.split_once('\n').unwrap_or((after, ""));
        if is_id && row.starts_with(['{', '[']) {
            rows.extend(serde_json::from_str::<Value>(row).ok());
        }
        rest = next;
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flight_payload_is_put_together_and_cut_into_its_rows() {
        let page = r#"<html><body><script>self.__next_f.push([0])</script>
            <script nonce="a">self.__next_f.push([1,"1:\"$Sreact\"\n2:I[5,[\"a.js\"]]\n:HL[\"b.css\"]\n3:T6,a:b\nc\n4:{\"po"])</script>
            <script>self.__next_f.push([1,"sts\":[1]}\n5:[\"$\",\"p\"]\n"]);</script>"#;
        assert_eq!(documents(page, None), [json!({ "posts": [1] }), json!(["$", "p"])]);
    }

    #[test]
    fn scripts_of_json_are_documents_and_can_be_chosen() {
        let page = r#"<script type="application/ld+json">{"@type": "Blog"}</script><script>let a = {};</script>
            <script id="__NEXT_DATA__" type="application/json">{"props": "</p>"}</script><script>{broken</script>"#;
        assert_eq!(documents(page, None), [json!({ "@type": "Blog" }), json!({ "props": "</p>" })]);
        let chosen = Selector::parse("#__NEXT_DATA__").unwrap();
        assert_eq!(documents(page, Some(&chosen)), [json!({ "props": "</p>" })]);
        assert!(documents("", None).is_empty());
    }
}

//! A stand-in for Notion: data sources with pages that stay, the documented limits, and errors as it words them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::server::{Asked, Reply, Server};

/// The token of the integration.
pub const TOKEN: &str = "ntn_secret-of-the-lab";

pub struct NotionServer {
    server: Server,
    workspace: Arc<Mutex<Workspace>>,
}

#[derive(Default)]
struct Workspace {
    /// By id: the properties with their types.
    sources: BTreeMap<String, Value>,
    pages: Vec<Value>,
    /// Answers in place of doing anything, after so many requests: status, code, headers.
    faults: Vec<(usize, &'static str, &'static str, &'static [&'static str])>,
    asked: usize,
}

impl NotionServer {
    /// With a data source for each of these ids, its title called as the lab likes it.
    pub fn start(sources: &[&str]) -> NotionServer {
        let workspace = Workspace {
            sources: sources.iter().map(|id| ((*id).to_owned(), properties())).collect(),
            ..Workspace::default()
        };
        let workspace = Arc::new(Mutex::new(workspace));
        let own = workspace.clone();
        let server = Server::start(move |asked| own.lock().unwrap().answer(asked));
        NotionServer { server, workspace }
    }

    pub fn url(&self) -> Url {
        self.server.url("/")
    }

    /// After so many more requests, one is answered so.
    pub fn fails(&self, after: usize, status: &'static str, code: &'static str, headers: &'static [&'static str]) {
        let mut workspace = self.workspace.lock().unwrap();
        let at = workspace.asked + after;
        workspace.faults.push((at, status, code, headers));
    }

    /// Takes a property away from a data source.
    pub fn forgets(&self, source: &str, property: &str) {
        let mut workspace = self.workspace.lock().unwrap();
        workspace.sources.get_mut(source).unwrap().as_object_mut().unwrap().remove(property);
    }

    pub fn pages(&self) -> Vec<Value> {
        self.workspace.lock().unwrap().pages.clone()
    }

    pub fn requests(&self) -> Vec<Asked> {
        self.server.log()
    }
}

fn properties() -> Value {
    let kinds = [
        ("What", "title"),
        ("tidings id", "rich_text"),
        ("Summary", "rich_text"),
        ("Source", "rich_text"),
        ("Link", "url"),
        ("Date", "date"),
        ("Level", "select"),
        ("Owner", "people"),
    ];
    let made = kinds.map(|(name, kind)| (name.to_owned(), json!({ "id": name, "name": name, "type": kind, kind: {} })));
    Value::Object(made.into_iter().collect())
}

type Wrong = (&'static str, &'static str, String);

impl Workspace {
    fn answer(&mut self, asked: &Asked) -> Reply {
        self.asked += 1;
        let json = "content-type: application/json";
        let due = self.faults.iter().position(|(at, ..)| self.asked == at + 1);
        if let Some((_, status, code, headers)) = due.map(|place| self.faults.remove(place)) {
            let body = error(status, code, "made by the test");
            return Reply::whole(status, &[&[json], headers].concat(), body.to_string());
        }
        match self.act(asked) {
            Ok(body) => Reply::whole("200 OK", &[json], body.to_string()),
            Err((status, code, message)) => Reply::whole(status, &[json], error(status, code, &message).to_string()),
        }
    }

    fn act(&mut self, asked: &Asked) -> Result<Value, Wrong> {
        if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Err(("401 Unauthorized", "unauthorized", "API token is invalid.".to_owned()));
        }
        if asked.header("notion-version") != Some("2025-09-03") {
            return Err(("400 Bad Request", "missing_version", "Notion-Version header should be defined.".to_owned()));
        }
        let path: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        if asked.body.len() > 500_000 {
            return Err(invalid("body is too large".to_owned()));
        }
        match (asked.method.as_str(), &path[..]) {
            ("GET", ["v1", "data_sources", id]) => {
                Ok(json!({ "object": "data_source", "id": id, "properties": self.source(id)? }))
            }
            ("POST", ["v1", "data_sources", id, "query"]) => self.query(id, &body),
            ("POST", ["v1", "pages"]) => self.make(body),
            ("PATCH", ["v1", "pages", id]) => self.change(id, &body),
            _ => Err(("400 Bad Request", "invalid_request_url", "Invalid request URL.".to_owned())),
        }
    }

    fn source(&self, id: &str) -> Result<&Value, Wrong> {
        let gone = || {
            let words =
                format!("Could not find data source with ID: {id}. Make sure it is shared with your integration.");
            ("404 Not Found", "object_not_found", words)
        };
        self.sources.get(id).ok_or_else(gone)
    }

    fn query(&self, id: &str, body: &Value) -> Result<Value, Wrong> {
        let schema = self.source(id)?;
        let filter = &body["filter"];
        let name = filter["property"].as_str().unwrap_or_default();
        let Some(wanted) = filter["rich_text"]["equals"].as_str() else {
            return Err(invalid("body.filter.rich_text.equals should be defined".to_owned()));
        };
        if schema[name]["type"] != "rich_text" {
            return Err(invalid(format!("Could not find property with name or id: {name}")));
        }
        let matches = |page: &&Value| {
            page["parent"]["data_source_id"] == id
                && page["properties"][name]["rich_text"][0]["text"]["content"] == wanted
                && page["in_trash"] != true
        };
        let results: Vec<&Value> = self.pages.iter().filter(matches).collect();
        Ok(json!({ "object": "list", "results": results, "has_more": false, "next_cursor": null }))
    }

    fn make(&mut self, mut page: Value) -> Result<Value, Wrong> {
        if page["parent"]["type"] != "data_source_id" {
            return Err(invalid("body.parent.type should be `data_source_id`".to_owned()));
        }
        let source = page["parent"]["data_source_id"].as_str().unwrap_or_default().to_owned();
        check_properties(self.source(&source)?, &page["properties"])?;
        let children = page["children"].as_array().cloned().unwrap_or_default();
        if children.len() > 100 {
            return Err(invalid("body.children.length should be ≤ `100`".to_owned()));
        }
        for child in &children {
            let kind = child["type"].as_str().unwrap_or_default();
            check_rich(&child[kind]["rich_text"])?;
        }
        page["object"] = "page".into();
        page["id"] = format!("{:032x}", self.pages.len() + 1).into();
        self.pages.push(page.clone());
        Ok(page)
    }

    fn change(&mut self, id: &str, body: &Value) -> Result<Value, Wrong> {
        let place = self.pages.iter().position(|page| page["id"] == id);
        let Some(place) = place else {
            return Err(("404 Not Found", "object_not_found", format!("Could not find page with ID: {id}.")));
        };
        let source = self.pages[place]["parent"]["data_source_id"].as_str().unwrap().to_owned();
        check_properties(self.source(&source)?, &body["properties"])?;
        for (name, value) in body["properties"].as_object().unwrap() {
            self.pages[place]["properties"][name] = value.clone();
        }
        Ok(self.pages[place].clone())
    }
}

/// The limits of "Request limits" in Notion's reference.
fn check_properties(schema: &Value, properties: &Value) -> Result<(), Wrong> {
    for (name, value) in properties.as_object().into_iter().flatten() {
        let Some(kind) = schema[name]["type"].as_str() else {
            return Err(invalid(format!("{name} is not a property that exists.")));
        };
        match kind {
            "title" | "rich_text" => check_rich(&value[kind])?,
            "url" if value["url"].as_str().is_some_and(|url| url.is_empty() || url.len() > 2_000) => {
                return Err(invalid(format!("{name}.url.length should be ≤ `2000`")));
            }
            "select" if value["select"]["name"].as_str().is_none_or(|name| name.is_empty() || name.contains(',')) => {
                return Err(invalid(format!("{name}.select.name is no option")));
            }
            "date" if value["date"]["start"].as_str().is_none_or(|day| day.len() != 10) => {
                return Err(invalid(format!("{name}.date.start should be a valid ISO 8601 date string")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_rich(words: &Value) -> Result<(), Wrong> {
    let Some(words) = words.as_array().filter(|words| words.len() <= 100) else {
        return Err(invalid("rich_text should be an array of at most 100".to_owned()));
    };
    for piece in words {
        let content = piece["text"]["content"].as_str().unwrap_or_default();
        if content.encode_utf16().count() > 2_000 {
            return Err(invalid("text.content.length should be ≤ `2000`".to_owned()));
        }
        let url = piece["text"]["link"]["url"].as_str();
        if url.is_some_and(|url| url.len() > 2_000 || !(url.starts_with("https://") || url.starts_with("http://"))) {
            return Err(invalid("text.link.url is no link".to_owned()));
        }
    }
    Ok(())
}

fn invalid(message: String) -> Wrong {
    ("400 Bad Request", "validation_error", message)
}

fn error(status: &str, code: &str, message: &str) -> Value {
    let status: u32 = status[..3].parse().unwrap();
    json!({ "object": "error", "status": status, "code": code, "message": message })
}

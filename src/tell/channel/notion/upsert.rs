//! Upserting: each page of a letter is looked up by its id, then changed or made, in requests that Notion's pace allows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::super::post::{Answer, Post};
use super::pages::{Page, Sheaf, text};
use crate::config::{self, Database};
use crate::edition::Letter;
use crate::tell::{Channel, Delivered, Outcome};

/// The version of the API in which databases have data sources (<https://developers.notion.com/reference/versioning>).
const VERSION: &str = "2025-09-03";
/// The property that a page is known by.
const ID: &str = "tidings id";

/// The databases of one workspace.
pub struct Base {
    post: Post,
    token: String,
    databases: BTreeMap<Database, String>,
    gap: Duration,
}

/// The properties of a data source, each with its type.
type Schema = BTreeMap<String, String>;

/// What was being done, for words about what went wrong.
#[derive(Clone, Copy)]
enum Doing {
    /// With a database as a whole.
    Database(Database),
    /// With one page of it.
    Page(Database),
}

impl Base {
    /// Fails only if no HTTP client can be had.
    pub fn new(notion: &config::Notion, token: String) -> Result<Base> {
        let post = Post::new(&notion.url, Some(&token))?;
        let post = notion.databases.values().fold(post, |post, id| post.leading_to(id));
        Ok(Base { post, token, databases: notion.databases.clone(), gap: notion.gap })
    }

    /// Every page of a letter. Whatever stops it, the same letter may be carried again: a page that is there is changed.
    async fn carry(&self, bytes: &[u8], now: Timestamp) -> Result<Outcome, Outcome> {
        let sheaf: Sheaf = serde_json::from_slice(bytes)
            .map_err(|error| Outcome::Refused { answer: format!("the letter's pages can't be read: {error}") })?;
        if sheaf.trial {
            for (database, source) in &self.databases {
                self.schema(*database, source, now).await?;
            }
            let count = self.databases.len();
            return Ok(Outcome::Taken { answer: format!("{count} of {count} databases are there, with their `{ID}`") });
        }
        let mut schemas: BTreeMap<Database, Schema> = BTreeMap::new();
        let (mut made, mut changed) = (0, 0);
        for page in &sheaf.pages {
            let Some(source) = self.databases.get(&page.database) else { continue };
            let schema = match schemas.entry(page.database) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.schema(page.database, source, now).await?),
            };
            match self.upsert(page, source, schema, now).await? {
                true => made += 1,
                false => changed += 1,
            }
        }
        Ok(Outcome::Taken { answer: format!("200 {made} pages made, {changed} changed") })
    }

    /// The properties of a database, which must have ours.
    async fn schema(&self, database: Database, source: &str, now: Timestamp) -> Result<Schema, Outcome> {
        let path = format!("v1/data_sources/{source}");
        let answer = self.ask(Method::GET, &path, None, Doing::Database(database), now).await?;
        let properties = answer["properties"].as_object().into_iter().flatten();
        let schema: Schema = properties
            .filter_map(|(name, property)| Some((name.clone(), property["type"].as_str()?.to_owned())))
            .collect();
        match schema.get(ID).map(String::as_str) {
            Some("rich_text") => Ok(schema),
            _ => Err(Outcome::Closed {
                answer: format!(
                    "the database `{}` has no property `{ID}`; add one of the type Text, by which pages are known",
                    database.word()
                ),
            }),
        }
    }

    /// True if the page was made, false if it was there and is changed.
    async fn upsert(&self, page: &Page, source: &str, schema: &Schema, now: Timestamp) -> Result<bool, Outcome> {
        let doing = Doing::Page(page.database);
        let filter = json!({ "filter": { "property": ID, "rich_text": { "equals": page.id } }, "page_size": 1 });
        let path = format!("v1/data_sources/{source}/query");
        let found = self.ask(Method::POST, &path, Some(filter), Doing::Database(page.database), now).await?;
        let properties = properties(page, schema);
        match found["results"][0]["id"].as_str() {
            Some(id) => {
                let change = json!({ "properties": properties });
                self.ask(Method::PATCH, &format!("v1/pages/{id}"), Some(change), doing, now).await?;
                Ok(false)
            }
            None => {
                let parent = json!({ "type": "data_source_id", "data_source_id": source });
                let page = json!({ "parent": parent, "properties": properties, "children": page.children });
                self.ask(Method::POST, "v1/pages", Some(page), doing, now).await?;
                Ok(true)
            }
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        doing: Doing,
        now: Timestamp,
    ) -> Result<Value, Outcome> {
        // Notion takes three requests a second on average (https://developers.notion.com/reference/request-limits).
        tokio::time::sleep(self.gap).await;
        let mut request = self.post.below(method, path).bearer_auth(&self.token).header("Notion-Version", VERSION);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = self.post.ask(request, now).await?;
        let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if answer.status == StatusCode::OK && said.is_object() {
            return Ok(said);
        }
        Err(self.outcome(answer, &said, doing))
    }

    /// Errors come as `{"object": "error", "status": 404, "code": "object_not_found", "message": "…"}`
    /// (<https://developers.notion.com/reference/status-codes>).
    fn outcome(&self, answer: Answer, said: &Value, doing: Doing) -> Outcome {
        let (database, is_database) = match doing {
            Doing::Database(database) => (database.word(), true),
            Doing::Page(database) => (database.word(), false),
        };
        let words = match (said["code"].as_str(), said["message"].as_str()) {
            (Some(code), Some(message)) => self.post.fit(&format!("{} {code}: {message}", answer.status.as_u16())),
            _ => answer.words.clone(),
        };
        match answer.status {
            StatusCode::OK => {
                Outcome::Closed { answer: format!("{words}; that is not Notion, mend `url` under [notion]") }
            }
            StatusCode::UNAUTHORIZED => {
                Outcome::Closed { answer: format!("{words}; the token named under [notion] is not valid") }
            }
            StatusCode::FORBIDDEN => {
                Outcome::Closed { answer: format!("{words}; the integration may not read, insert and update content") }
            }
            StatusCode::NOT_FOUND if is_database => Outcome::Closed {
                answer: format!(
                    "{words}; `{database}` under [notion] is a data source's id, and its database is shared with the \
                     integration (•••, Connections)"
                ),
            },
            // Somebody took the page away between two requests, or writes to it at the same time.
            StatusCode::NOT_FOUND | StatusCode::CONFLICT => {
                Outcome::Later { answer: words, not_before: answer.not_before }
            }
            _ => Answer { words, ..answer }.outcome("notion"),
        }
    }
}

/// The properties that both the page and the database have, under the database's own name for the title. What people add
/// there (a state, an owner) is never touched.
fn properties(page: &Page, schema: &Schema) -> Value {
    let rich = |words: &str| json!({ "rich_text": [text(words, None)] });
    let mut values = Map::new();
    for (name, kind) in schema {
        let value = match (name.as_str(), kind.as_str()) {
            (_, "title") => json!({ "title": [text(&page.title, None)] }),
            (ID, "rich_text") => rich(&page.id),
            ("Summary", "rich_text") => rich(&page.summary),
            ("Source", "rich_text") => rich(&page.source),
            ("Link", "url") => json!({ "url": page.link }),
            ("Date", "date") => json!({ "date": { "start": page.date } }),
            ("Level", "select") if !page.level.is_empty() => json!({ "select": { "name": page.level } }),
            _ => continue,
        };
        values.insert(name.clone(), value);
    }
    values.into()
}

impl Channel for Base {
    fn deliver<'a>(&'a self, _letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a> {
        Box::pin(async move { self.carry(bytes, now).await.unwrap_or_else(|outcome| outcome) })
    }

    fn mark(&self) -> String {
        self.post.mark()
    }
}

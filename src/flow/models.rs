//! Models: which model does what, found when it is first needed, and once a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::Mutex;

use crate::config::{self, Config, Prices, Route, Routes};
use crate::judge::model::{self, Limits, Model, Places, Trouble};

use super::doors::Secrets;
use super::writers::Writer;

/// The door to the models: opened only when something waits to be read or written.
pub enum ModelDoor {
    /// Nobody is asked.
    Shut,
    /// Looked for as tidings.toml says.
    Find(Box<Models>),
}

/// Where and how long a server is looked for.
pub struct Lookup {
    pub config: config::Model,
    pub key: Option<Result<String>>,
    pub places: Places,
    pub limits: Limits,
}

/// A model that was looked for: none where nobody is to be asked.
type Found = Result<Option<Arc<dyn Model>>, Trouble>;

/// The models of a home, and what each is for.
pub struct Models {
    local: Lookup,
    labs: BTreeMap<String, (Lookup, Prices)>,
    claude: Result<Option<Writer>, Trouble>,
    routes: Routes,
    found: Mutex<BTreeMap<String, Found>>,
}

/// What models are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Screening,
    /// Of stories about which rules and the first model are far apart.
    SecondOpinion,
    Extraction,
    Editorial,
}

impl ModelDoor {
    /// The door that tidings.toml describes. A key that is missing is told when its model is needed, and stops nothing else.
    pub fn of(config: &Config, secrets: Secrets<'_>) -> ModelDoor {
        let lookup = |model: config::Model| {
            let key = model.key.as_ref().map(secrets);
            Lookup { config: model, key, places: Places::default(), limits: Limits::default() }
        };
        let labs = config.endpoints.iter().map(|lab| (lab.name.clone(), (lookup(lab.as_model()), lab.prices)));
        ModelDoor::Find(Box::new(Models {
            local: lookup(config.model.clone()),
            labs: labs.collect(),
            claude: Writer::claude(config, secrets),
            routes: config.routes.clone(),
            found: Mutex::default(),
        }))
    }

    /// One server alone, for all that the usual routes ask of the local model.
    pub fn to(local: Lookup) -> ModelDoor {
        ModelDoor::Find(Box::new(Models {
            local,
            labs: BTreeMap::new(),
            claude: Ok(None),
            routes: Routes::default(),
            found: Mutex::default(),
        }))
    }

    /// The first model of the task's route that answers; None where nobody is to be asked.
    ///
    /// # Errors
    /// When none answers: what the first of them said.
    pub async fn open(&self, task: Task) -> Result<Option<Writer>, Trouble> {
        let ModelDoor::Find(models) = self else { return Ok(None) };
        let mut trouble = None;
        for route in models.route(task) {
            match models.find(route).await {
                Ok(Some(model)) => return Ok(Some(models.writer(route, model))),
                Ok(None) => {}
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        trouble.map_or(Ok(None), Err)
    }

    /// All models of the task's route that answer, in its order.
    pub async fn writers(&self, task: Task) -> Vec<Writer> {
        let ModelDoor::Find(models) = self else { return Vec::new() };
        let mut writers = Vec::new();
        for route in models.route(task) {
            if *route == Route::Claude {
                match &models.claude {
                    Ok(writer) => writers.extend(writer.clone()),
                    Err(trouble) => tracing::warn!("{trouble}"),
                }
                continue;
            }
            match models.find(route).await {
                Ok(Some(model)) => writers.push(models.writer(route, model)),
                Ok(None) => {}
                Err(trouble) => tracing::info!("{} writes nothing: {trouble}", name(route)),
            }
        }
        writers
    }
}

impl Models {
    fn route(&self, task: Task) -> &[Route] {
        match task {
            Task::Screening => &self.routes.screening,
            Task::SecondOpinion => &self.routes.second_opinion,
            Task::Extraction => &self.routes.extraction,
            Task::Editorial => &self.routes.editorial,
        }
    }

    /// A model that answers, with what it costs.
    fn writer(&self, route: &Route, model: Arc<dyn Model>) -> Writer {
        let prices = match route {
            Route::Lab(name) => self.labs.get(name).map(|(_, prices)| *prices),
            Route::Local | Route::Claude => None,
        };
        Writer { route: name(route), model, prices, beyond: 0 }
    }

    /// Looked for once: a server that this run has started lives as long as the door.
    async fn find(&self, route: &Route) -> Found {
        let mut found = self.found.lock().await;
        if let Some(known) = found.get(&name(route)) {
            return known.clone();
        }
        let result = match route {
            Route::Local => look(&self.local).await,
            Route::Lab(name) => match self.labs.get(name) {
                Some((lookup, _)) => look(lookup).await,
                None => Ok(None),
            },
            Route::Claude => self.claude.clone().map(|writer| writer.map(|writer| writer.model)),
        };
        found.insert(name(route), result.clone());
        result
    }
}

async fn look(lookup: &Lookup) -> Found {
    let key = match &lookup.key {
        None => None,
        Some(Ok(key)) => Some(key.as_str()),
        Some(Err(error)) => return Err(Trouble::Refused(format!("the key of a model: {error:#}"))),
    };
    let server = model::find(&lookup.config, key, &lookup.places, lookup.limits).await?;
    Ok(server.map(|server| -> Arc<dyn Model> { Arc::new(server) }))
}

/// As [routes] has it.
fn name(route: &Route) -> String {
    match route {
        Route::Local => "local".to_owned(),
        Route::Claude => "claude".to_owned(),
        Route::Lab(name) => name.clone(),
    }
}

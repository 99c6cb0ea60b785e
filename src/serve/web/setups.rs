//! The home's two files as they stand: pages stay up for months, and take in what is changed there.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Result;
use tracing::{info, warn};

use crate::flow::{Setup, Version};

/// Reads the two files.
pub type Reading = Box<dyn Fn() -> Result<Setup> + Send + Sync>;

pub(super) struct Setups {
    read: Reading,
    held: RwLock<Arc<Setup>>,
    /// What the files were when they were read last.
    version: Mutex<Version>,
}

impl Setups {
    pub fn new(setup: Setup, read: Reading) -> Setups {
        let version = Mutex::new(Setup::version(&setup.home));
        Setups { read, held: RwLock::new(Arc::new(setup)), version }
    }

    pub fn get(&self) -> Arc<Setup> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again if they changed. What they said goes on while they are wrong, and it is logged once.
    pub fn refresh(&self) {
        // Whoever reads them reads for all.
        let Ok(mut version) = self.version.try_lock() else { return };
        let now = Setup::version(&self.get().home);
        if *version == now {
            return;
        }
        *version = now;
        match (self.read)() {
            Ok(setup) => {
                info!("sources.toml and tidings.toml are read anew");
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(setup);
            }
            Err(error) => warn!("what sources.toml and tidings.toml said before goes on: {error:#}"),
        }
    }
}

//! A door that does not open: where the web can't be asked at all, every source hears why, and the local work goes on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::item::{Fault, FaultKind};
use crate::page::Request;

use super::{Carried, Carrier};

/// Answers every request with the same fault.
pub struct Shut {
    message: String,
}

impl Shut {
    /// `message` says why, and what to try.
    pub fn because(message: impl Into<String>) -> Shut {
        Shut { message: message.into() }
    }
}

impl Carrier for Shut {
    fn carry<'a>(&'a self, _request: &'a Request) -> Carried<'a> {
        Box::pin(async { Err(Fault::new(FaultKind::Unreachable, self.message.clone())) })
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        BTreeMap::new()
    }
}

//! Ranking: who put a digest's stories in order, in words that promise nothing that was not done.

/// How the stories of a week came by their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranking {
    /// The models that read some of them, as their servers name them.
    pub models: Vec<String>,
    /// Stories that could be told, and those of them that a model has read.
    pub stories: usize,
    pub read: usize,
    /// Why the model was not asked or did not answer when it was last needed.
    pub trouble: Option<String>,
}

impl Ranking {
    /// Stands at the top of the digest.
    pub fn header(&self) -> String {
        match self.read {
            0 => "ranked without a model".to_owned(),
            read if read >= self.stories => format!("ranked with {}", self.names()),
            read => format!("ranked with {}, which read {read} of {} stories", self.names(), self.stories),
        }
    }

    /// Stands after "Put in order by" in its footer.
    pub fn footer(&self) -> String {
        let who = match self.read {
            0 => "rules and relevance; no model read them".to_owned(),
            read if read >= self.stories => format!("rules, relevance and {}", self.names()),
            read => {
                format!("rules, relevance and {}, which has not read {} of them yet", self.names(), self.stories - read)
            }
        };
        match &self.trouble {
            Some(trouble) => format!("{who} ({trouble})"),
            None => who,
        }
    }

    fn names(&self) -> String {
        self.models.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_model_read_is_not_said_to_be_read() {
        let ranking = |read, trouble: Option<&str>| Ranking {
            models: if read > 0 { vec!["qwen3-8b".to_owned()] } else { Vec::new() },
            stories: 230,
            read,
            trouble: trouble.map(str::to_owned),
        };
        assert_eq!(ranking(0, None).header(), "ranked without a model");
        assert_eq!(ranking(0, None).footer(), "rules and relevance; no model read them");
        let away = ranking(0, Some("nothing answers at 127.0.0.1:8080"));
        assert_eq!(away.footer(), "rules and relevance; no model read them (nothing answers at 127.0.0.1:8080)");
        assert_eq!(ranking(230, None).header(), "ranked with qwen3-8b");
        assert_eq!(ranking(212, None).header(), "ranked with qwen3-8b, which read 212 of 230 stories");
        assert_eq!(ranking(212, None).footer(), "rules, relevance and qwen3-8b, which has not read 18 of them yet");
        let none = Ranking::default();
        assert_eq!(none.header(), "ranked without a model", "a week without stories was read by nobody");
    }
}

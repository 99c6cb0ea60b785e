//! The suggestion as settings.json has it.

use serde_json::{Value, json};

use super::{List, Preset, Suggestion};

/// `permissions`, and for the stricter presets `sandbox`, by their documented names (code.claude.com/docs/en/settings).
pub(super) fn settings(suggestion: &Suggestion) -> Value {
    let of = |list: List| -> Vec<String> {
        let rules = suggestion.lines.iter().filter(|line| line.list == list);
        rules.map(|line| line.rule.to_string()).collect()
    };
    let mut permissions = json!({ "allow": of(List::Allow), "ask": of(List::Ask), "deny": of(List::Deny) });
    // Read rules hold for every program only where a sandbox keeps them; without a question, none leaves it.
    let mut sandbox = json!({ "enabled": true, "autoAllowBashIfSandboxed": false, "allowUnsandboxedCommands": false });
    match suggestion.preset {
        Preset::Ordinary => json!({ "permissions": permissions }),
        Preset::Sensitive => {
            permissions["disableBypassPermissionsMode"] = "disable".into();
            permissions["blockReadsOutsideWorkingDirectories"] = true.into();
            json!({ "permissions": permissions, "sandbox": sandbox })
        }
        Preset::Unattended => {
            permissions["disableBypassPermissionsMode"] = "disable".into();
            permissions["blockReadsOutsideWorkingDirectories"] = true.into();
            // Better no run than one outside of it.
            sandbox["failIfUnavailable"] = true.into();
            // What no rule allows is denied instead of asked.
            permissions["defaultMode"] = "dontAsk".into();
            json!({ "permissions": permissions, "sandbox": sandbox })
        }
    }
}

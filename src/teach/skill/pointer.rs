//! The pointer: one line in the skill's body without which nobody opens the reference file. A person puts it there, once.

use super::diff;

/// Whether the skill's body points at the reference file: by its path below the plugin, or below the repository.
pub fn points_at(body: &str, reference_path: &str, manifest_path: &str) -> bool {
    body.contains(below_plugin(reference_path, manifest_path))
}

/// The patch that adds the pointer at the body's end, for `git apply`.
pub fn pointer_patch(body_path: &str, body: &str, reference_path: &str, manifest_path: &str) -> String {
    let path = below_plugin(reference_path, manifest_path);
    // `${CLAUDE_PLUGIN_ROOT}` is where the plugin lies on the machine of whoever uses it; a file outside of it is not delivered.
    let place = if path == reference_path { path.to_owned() } else { format!("${{CLAUDE_PLUGIN_ROOT}}/{path}") };
    let pointer = format!(
        "Read {place} when you set up or change how agents work in a project: it holds dated advice with its sources."
    );
    let end = if body.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if body.is_empty() { "" } else { end };
    let close = if body.is_empty() || body.ends_with('\n') { "" } else { end };
    let after = format!("{body}{close}{gap}{pointer}{end}");
    diff::unified(body_path, Some(body), &after)
}

/// The plugin's folder holds `.claude-plugin/plugin.json`.
fn below_plugin<'p>(reference_path: &'p str, manifest_path: &str) -> &'p str {
    let root = manifest_path.strip_suffix(".claude-plugin/plugin.json").unwrap_or_default();
    reference_path.strip_prefix(root).unwrap_or(reference_path)
}

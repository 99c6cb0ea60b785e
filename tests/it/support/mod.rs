//! Stand-ins for the world outside.

pub mod cases;
pub mod server;
pub mod ntfy_server;
pub mod slack_server;
pub mod notion_server;
pub mod github;
pub mod forge_git;
pub mod forge_json;
pub mod forge_server;
pub mod made_up;
pub mod mcp_client;
pub mod mail_server;
pub mod model_server;
pub mod dice;
pub mod stage;
pub mod made_year;
pub mod memory;
pub mod messages_api;
pub mod tls;

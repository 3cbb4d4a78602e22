//! How the `redis` handler is configured.

use handler_kit::Failure;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the `redis` handler is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The protocol to ask for with HELLO as soon as the connection is there: 2 or 3. Without it,
    /// no HELLO is sent, and a server speaks RESP2.
    pub protocol: Option<u8>,
    /// The user to authenticate as. It is the server's default user where none is given.
    pub username: Option<String>,
    /// The password to authenticate with, by HELLO or AUTH.
    pub password: Option<String>,
    /// The connection's name in the server's list of clients.
    pub client_name: Option<String>,
    /// The database to select.
    pub database: Option<u32>,
    /// The most values in one message, nested ones included: 1 to 1000000. A message with more is
    /// malformed.
    pub most_values: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { protocol: None, username: None, password: None, client_name: None, database: None, most_values: 100_000 }
    }
}

impl Config {
    /// What makes no sense is refused.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.protocol.is_some_and(|protocol| !(2..=3).contains(&protocol)) {
            return Err(Failure::of("protocol", "it is 2 or 3"));
        }
        if self.username.is_some() && self.password.is_none() {
            return Err(Failure::of("password", "a `username` goes with a `password`"));
        }
        if !(1..=1_000_000).contains(&self.most_values) {
            return Err(Failure::of("most_values", "it is from 1 to 1000000"));
        }
        Ok(())
    }

    /// The commands that are sent first.
    pub(crate) fn first_commands(&self) -> Vec<Vec<Vec<u8>>> {
        let words = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        let mut commands = Vec::new();
        let user = self.username.as_deref();
        let mut name = self.client_name.as_deref();
        if let Some(protocol) = self.protocol {
            let mut hello = words(&["HELLO", &protocol.to_string()]);
            if let Some(password) = &self.password {
                hello.extend(words(&["AUTH", user.unwrap_or("default"), password]));
            }
            if let Some(name) = name.take() {
                hello.extend(words(&["SETNAME", name]));
            }
            commands.push(hello);
        } else if let Some(password) = &self.password {
            commands.push(match user {
                Some(user) => words(&["AUTH", user, password]),
                None => words(&["AUTH", password]),
            });
        }
        if let Some(name) = name {
            commands.push(words(&["CLIENT", "SETNAME", name]));
        }
        if let Some(database) = self.database {
            commands.push(words(&["SELECT", &database.to_string()]));
        }
        commands
    }
}

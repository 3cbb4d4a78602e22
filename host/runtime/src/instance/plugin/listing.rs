//! What tools a plugin has, asked of itself.

use std::sync::Arc;

use cofferdam_audit::Event;
use cofferdam_grants::Grants;

use super::Plugin;
use crate::enforce::Descriptors;
use crate::error::CallError;
use crate::instance::actor::{self, End};
use crate::output::Definition;

impl Plugin {
    /// The tools that the component says it has. The instance that is asked lives for this question
    /// only, and is granted nothing.
    ///
    /// # Errors
    /// The component cannot be loaded, or does not answer within its call limit.
    pub async fn definitions(self: &Arc<Self>) -> Result<Vec<Definition>, CallError> {
        let program = self.ready().await?;
        let names = self.environment.names.limited(&self.about.limits);
        let state = self.state(self.gate(&Grants::default(), names, Descriptors::new(0)), None)?;
        let template = program.for_listing().ok_or_else(|| self.not_started("its code cannot be loaded"))?;
        let asked = self.seat()?.ask(actor::list(template, state, self.about.limits.cpu));
        let asked = async { asked.await.unwrap_or_else(|_| Err(("its thread has ended".to_owned(), None))) };
        match tokio::time::timeout(self.about.limits.call, asked).await {
            Ok(Ok(definitions)) => Ok(definitions.into_iter().map(Into::into).collect()),
            Ok(Err((reason, limit))) => {
                let lost = Event::InstanceLost {
                    plugin: &self.about.name,
                    caller: None,
                    limit,
                    reason: &reason,
                    connections: 0,
                };
                self.runtime.sink().defer(&lost);
                Err(self.lost(End::lost(reason, limit)))
            }
            Err(_) => {
                let hit = Event::LimitHit { plugin: &self.about.name, caller: None, limit: "call" };
                self.runtime.sink().defer(&hit);
                Err(CallError::Deadline { after: self.about.limits.call, by_policy: true })
            }
        }
    }
}

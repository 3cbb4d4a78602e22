//! spike
use std::rc::Rc;
use cofferdam_sdk::{Cx, Failure, NoArguments};
use schemars::JsonSchema;
use serde::Serialize;

/// x
#[derive(Default)]
pub struct Tcp;
/// x
#[derive(Serialize, JsonSchema)]
pub struct List { total_connections: u32 }

#[cofferdam_sdk::plugin]
impl Tcp {
    /// List.
    #[tool(title = "List")]
    async fn tcp_list_connections(self: Rc<Self>, _cx: Cx, _a: NoArguments) -> Result<List, Failure> {
        cofferdam_sdk::sleep(std::time::Duration::from_millis(1)).await;
        Ok(List { total_connections: 0 })
    }
}

//! What stands in the place of an interface that the host knows and the policy does not grant:
//! functions of ours, with nothing behind them. One that can say so answers `access-denied`, which
//! is recorded as every refusal is. Lists are empty. What could only be called on a handle that is
//! never given out traps.

use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem, Type};
use wasmtime::component::{Linker, Resource, ResourceType, Val};
use wasmtime::{AsContextMut as _, Engine, StoreContextMut, bail};

/// How interfaces say that something is not allowed.
const DENIED: &[&str] = &["access-denied", "denied"];

/// The case of an error that has the contract's `refusal`.
const REFUSED: &str = "refused";

/// Handles of other interfaces, which are linked there: an interface that uses them names them too.
const OF_OTHERS: &[&str] = &["pollable", "input-stream", "output-stream", "error"];

/// Behind every handle of an interface that is not granted.
struct Nothing;

/// What a store holds whose guest calls what is not granted.
pub trait Refusing: Send + Sized + 'static {
    /// Notes that a function of this import was called, and refused.
    fn refused(store: &mut StoreContextMut<'_, Self>, import: &str);
}

/// Links an interface that a component imports by this name, and that its grants lack.
pub fn deny<T: Refusing>(
    linker: &mut Linker<T>,
    engine: &Engine,
    import: &str,
    interface: &ComponentInstance,
) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    for (name, export) in interface.exports(engine) {
        match export.ty {
            ComponentItem::Resource(_) if !OF_OTHERS.contains(&name) => {
                instance.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
            }
            ComponentItem::ComponentFunc(func) if func.async_() => {
                let asked = import.to_owned();
                instance.func_new_concurrent(name, move |accessor, ty, given, results| {
                    let asked = asked.clone();
                    Box::pin(async move {
                        accessor.with(|mut access| refuse(access.as_context_mut(), &asked, &ty, given, results))
                    })
                })?;
            }
            ComponentItem::ComponentFunc(_) => {
                let asked = import.to_owned();
                instance.func_new(name, move |store, ty, given, results| refuse(store, &asked, &ty, given, results))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Answers one call.
fn refuse<T: Refusing>(
    mut store: StoreContextMut<'_, T>,
    import: &str,
    ty: &ComponentFunc,
    given: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    // What was borrowed for the call goes back, and what was given is gone. There is nothing behind
    // either.
    for value in given {
        if let Val::Resource(handle) = value {
            handle.try_into_resource::<Nothing>(&mut store)?;
        }
    }
    let answered = ty.results().next();
    let denied = match &answered {
        Some(Type::Result(result)) => result.err().and_then(|error| refusal(&error)),
        _ => None,
    };
    let answer = match (denied, answered) {
        (Some(error), _) => {
            T::refused(&mut store, import);
            Val::Result(Err(Some(Box::new(error))))
        }
        (None, Some(Type::List(_))) => Val::List(Vec::new()),
        (None, Some(Type::Option(_))) => Val::Option(None),
        (None, Some(Type::Own(_))) => Val::Resource(Resource::<Nothing>::new_own(0).try_into_resource_any(store)?),
        _ => bail!("`{import}` is not granted"),
    };
    match results.first_mut() {
        Some(result) => *result = answer,
        None => bail!("`{import}` is not granted"),
    }
    Ok(())
}

/// The case of an error type that says that something is not allowed, if it has one; where the
/// contract's `refusal` is a case of it, that case.
fn refusal(error: &Type) -> Option<Val> {
    match error {
        Type::Enum(cases) => {
            let case = cases.names().find(|case| DENIED.contains(case))?;
            Some(Val::Enum(case.to_owned()))
        }
        Type::Variant(cases) => {
            let refused = cases.cases().find(|case| case.name == REFUSED);
            let denied = || cases.cases().find(|case| DENIED.contains(&case.name));
            let case = refused.or_else(denied)?;
            let payload = match case.ty {
                None => None,
                Some(Type::String) => Some(Val::String("the operator's policy does not grant it".to_owned())),
                Some(Type::Option(_)) => Some(Val::Option(None)),
                Some(inner @ Type::Variant(_)) => Some(refusal(&inner)?),
                Some(_) => return None,
            };
            Some(Val::Variant(case.name.to_owned(), payload.map(Box::new)))
        }
        _ => None,
    }
}

//! The functions that a script may name, and the check that it names no others, before it runs.

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use crate::fault::{Fault, Kind};

/// A name, and how many arguments it takes at least and at most. The value before a `.` is one.
type Name = (&'static str, usize, usize);

/// What there is. All of it is in the reference.
pub(crate) const NAMES: [Name; 90] = [
    // The match, and what comes of it.
    ("group", 1, 1),
    ("count", 1, 1),
    ("send", 1, 1),
    ("send_message", 1, 1),
    ("stop", 0, 0),
    ("close", 0, 1),
    ("note", 1, 1),
    ("print", 1, 1),
    ("debug", 1, 1),
    ("exit", 0, 1),
    // Bytes, texts, lists.
    ("bytes", 1, 1),
    ("text", 1, 1),
    ("latin1", 1, 1),
    ("len", 1, 1),
    ("is_empty", 1, 1),
    ("slice", 2, 3),
    ("repeat", 2, 2),
    ("contains", 2, 2),
    ("starts_with", 2, 2),
    ("ends_with", 2, 2),
    ("index_of", 2, 3),
    ("split", 2, 2),
    ("trim", 1, 1),
    ("replace", 3, 3),
    ("pad_start", 3, 3),
    ("pad_end", 3, 3),
    ("to_upper", 1, 1),
    ("to_lower", 1, 1),
    ("sub_string", 2, 3),
    ("chars", 1, 1),
    // Encodings, checks, hashes.
    ("hex", 1, 1),
    ("unhex", 1, 1),
    ("base64", 1, 1),
    ("unbase64", 1, 1),
    ("pack", 2, 2),
    ("unpack", 2, 3),
    ("crc16", 2, 2),
    ("crc32", 2, 2),
    ("md5", 1, 1),
    ("sha1", 1, 1),
    ("sha224", 1, 1),
    ("sha256", 1, 1),
    ("sha384", 1, 1),
    ("sha512", 1, 1),
    ("hmac", 3, 3),
    // Patterns and messages.
    ("matches", 2, 2),
    ("find", 2, 2),
    ("find_all", 2, 2),
    ("parse_json", 1, 1),
    ("to_json", 1, 1),
    // Numbers.
    ("parse_int", 1, 2),
    ("parse_float", 1, 1),
    ("to_int", 1, 1),
    ("to_float", 1, 1),
    ("to_string", 1, 1),
    ("to_hex", 1, 1),
    ("to_binary", 1, 1),
    ("abs", 1, 1),
    ("sign", 1, 1),
    ("min", 2, 2),
    ("max", 2, 2),
    ("floor", 1, 1),
    ("ceiling", 1, 1),
    ("round", 1, 1),
    ("sqrt", 1, 1),
    ("range", 2, 3),
    // Lists and maps.
    ("push", 2, 2),
    ("pop", 1, 1),
    ("shift", 1, 1),
    ("insert", 3, 3),
    ("remove", 2, 2),
    ("append", 2, 2),
    ("extract", 2, 3),
    ("truncate", 2, 2),
    ("clear", 1, 1),
    ("reverse", 1, 1),
    ("map", 2, 2),
    ("filter", 2, 2),
    ("reduce", 2, 3),
    ("some", 2, 2),
    ("all", 2, 2),
    ("for_each", 2, 2),
    ("keys", 1, 1),
    ("values", 1, 1),
    ("get", 2, 2),
    ("set", 3, 3),
    // The language's own.
    ("call", 1, 9),
    ("type_of", 1, 1),
    ("is_def_var", 1, 1),
    ("take", 1, 1),
];

/// That a script calls nothing but these and its own functions.
pub(crate) fn check(script: &AST) -> Result<(), Fault> {
    let own: Vec<(String, usize)> =
        script.iter_functions().map(|function| (function.name.to_owned(), function.params.len())).collect();
    let mut fault = None;
    script.walk(&mut |path| {
        let call = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position))) => Some((call, *position, 0)),
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => Some((call, *position, 1)),
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => Some((call, *position, 0)),
            _ => None,
        };
        if let Some((call, position, before)) = call.filter(|(call, ..)| call.op_token.is_none()) {
            fault = unknown(call, before, &own).map(|message| (position, message));
        }
        fault.is_none()
    });
    match fault {
        Some((position, message)) => Err(placed(position, message)),
        None => Ok(()),
    }
}

fn placed(position: Position, message: String) -> Fault {
    Fault::placed(Kind::Source, position, message)
}

/// What is wrong with a call, if anything is. `before` values stand before its dot.
fn unknown(call: &FnCallExpr, before: usize, own: &[(String, usize)]) -> Option<String> {
    let name = call.name.as_str();
    let given = call.args.len() + before;
    // A function of the script's own takes the value before the dot as `this`.
    if own.iter().any(|(known, takes)| known == name && *takes == call.args.len()) {
        return None;
    }
    // Operators that are no tokens of their own.
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    match NAMES.iter().find(|(known, ..)| *known == name) {
        Some((_, least, most)) if (*least..=*most).contains(&given) => None,
        Some((_, least, most)) => {
            let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
            Some(format!("`{name}` takes {takes} values, here are {given} (one before a `.` counts)"))
        }
        None => {
            let known = NAMES.iter().map(|(known, ..)| *known).chain(own.iter().map(|(known, _)| known.as_str()));
            let nearest = known.map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
            let meant = nearest.filter(|(distance, _)| *distance <= 2 && *distance < name.chars().count());
            let hint = meant.map(|(_, known)| format!("; did you mean `{known}`?")).unwrap_or_default();
            Some(format!("there is no function `{name}`{hint}"))
        }
    }
}

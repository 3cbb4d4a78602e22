//! Which tools are shown, by grants, by needs and by name; and what is said of those that are not.

use crate::{Listing, Manifest, Part, Policy, effective};

const MANIFEST: &str = r#"
name = "dns"
version = "1"
abi = "0.1.0"
kind = "plugin"
"#;

fn manifest(rest: &str) -> Result<Manifest, String> {
    Manifest::parse_toml(&format!("{MANIFEST}{rest}"))
}

fn policy(text: &str) -> Policy {
    crate::parse("p.toml", text, &|_| None).unwrap()
}

fn listing(needs: &str, text: &str) -> Listing {
    let wants = "[wants]\nresolve = [\"any\"]\nservers = [\"any\"]\nconnect = [\"tcp://any:*\"]\n";
    effective(&policy(text), &manifest(&format!("{needs}\n{wants}")).unwrap()).listing
}

fn why(listing: &Listing, tool: &str) -> String {
    listing.unlisted(tool).map(|why| why.to_string()).unwrap_or_default()
}

#[test]
fn a_tool_that_needs_nothing_is_shown_and_one_that_lacks_its_need_is_not() {
    assert_eq!(why(&listing("", ""), "dig"), "");
    let needs = "needs = [\"resolve\"]";
    assert_eq!(why(&listing(needs, ""), "dig"), "no `resolve` rule allows anything");
    assert_eq!(
        why(&listing(needs, "[plugins.dns]\nservers = [\"192.0.2.1\"]"), "dig"),
        "no `resolve` rule allows anything"
    );
    assert_eq!(why(&listing(needs, "[plugins.dns]\nresolve = [\"a.example\"]"), "dig"), "");
    assert_eq!(why(&listing(needs, "[defaults]\nresolve = [\"a.example\"]"), "dig"), "");
    assert_eq!(
        why(&listing(needs, "[plugins.other]\ncomponent = \"/x\"\nresolve = [\"any\"]"), "dig"),
        "no `resolve` rule allows anything"
    );
    let denied = "[plugins.dns]\nresolve = [\"a.example\"]\n[deny]\nresolve = [\"any\"]";
    assert_eq!(why(&listing(needs, denied), "dig"), "no `resolve` rule allows anything");
}

#[test]
fn each_tool_has_its_own_needs_and_every_one_of_them_counts() {
    let needs = "needs = { dig = [\"resolve\", \"connect\"], dial = [\"connect\"] }";
    let listing = listing(needs, "[plugins.dns]\nresolve = [\"any\"]");
    assert_eq!(why(&listing, "dig"), "no `connect` rule allows anything");
    assert_eq!(why(&listing, "dial"), "no `connect` rule allows anything");
    assert_eq!(why(&listing, "counts"), "");
    let listing = self::listing(needs, "");
    assert_eq!(why(&listing, "dig"), "no `resolve` and no `connect` rule allows anything");
}

#[test]
fn a_policy_names_the_tools_that_it_wants_shown() {
    let listing =
        listing("needs = [\"resolve\"]", "[plugins.dns]\nresolve = [\"any\"]\ntools = [\"dig\", \"nslokup\"]");
    assert_eq!(why(&listing, "dig"), "");
    assert_eq!(why(&listing, "nslookup"), "`tools` of the table at p.toml:1 leaves it out");
    assert_eq!(
        listing.unknown(&["dig", "nslookup"]),
        [(1, "it has no tool `nslokup`; did you mean `nslookup`?".to_owned())]
    );
    assert_eq!(listing.unknown(&["dig", "nslokup"]), []);
}

#[test]
fn naming_a_tool_grants_it_nothing() {
    let listing = listing("needs = [\"resolve\"]", "[plugins.dns]\ntools = [\"dig\"]");
    assert_eq!(why(&listing, "dig"), "no `resolve` rule allows anything");
}

#[test]
fn what_is_wrong_with_a_name_is_shown_where_it_stands() {
    let text = "[plugins.dns]\ntools = [\"dig\", \"nslokup\"]\n";
    let problem = policy(text).at_plugin("dns", Part::Tool(1), "it has no tool `nslokup`").unwrap();
    assert_eq!((problem.line, problem.column), (Some(2), 17));
    assert!(
        problem.to_string().contains("\n2 | tools = [\"dig\", \"nslokup\"]\n  |                 ^^^^^^^^^"),
        "{problem}"
    );
}

#[test]
fn a_list_of_tools_has_to_be_one() {
    let mistake = |tools: &str| {
        let all = crate::parse("p.toml", &format!("[plugins.dns]\ntools = {tools}\n"), &|_| None).unwrap_err();
        all.iter().map(|one| one.one_line()).collect::<Vec<_>>().join("\n")
    };
    assert!(mistake("[]").contains("`tools` is empty"), "{}", mistake("[]"));
    assert!(mistake("\"dig\"").contains("`tools` has to be a list, not a string"), "{}", mistake("\"dig\""));
    assert!(mistake("[1]").contains("`tools` has to be a string, not a whole number"), "{}", mistake("[1]"));
    assert!(mistake("[\"dig\", \"dig\"]").contains("`dig` stands in `tools` twice"));
    assert!(mistake("[\"a b\"]").contains("`a b` is not a tool's name"));
}

#[test]
fn needs_that_cannot_be_are_refused() {
    let wants = "[wants]\nresolve = [\"any\"]\n";
    for (needs, message) in [
        ("needs = [\"connect\"]", "`needs` has `connect`, of which `wants` has nothing"),
        ("needs = [\"reslove\"]", "unknown field `reslove`; did you mean `resolve`?"),
        ("needs = \"resolve\"", "`needs` has to be a list, or a table"),
        ("needs = { dig = \"resolve\" }", "`needs` of a tool has to be a list"),
        ("needs = [1]", "`needs` has to be a list of keys"),
    ] {
        let mistake = manifest(&format!("{needs}\n{wants}")).unwrap_err();
        assert!(mistake.contains(message), "{needs}: {mistake}");
    }
    for needs in ["needs = [\"resolve\"]", "needs = { dig = [\"resolve\"], counts = [] }"] {
        let manifest = manifest(&format!("{needs}\n{wants}")).unwrap();
        assert_eq!(why(&effective(&policy(""), &manifest).listing, "dig"), "no `resolve` rule allows anything");
    }
}

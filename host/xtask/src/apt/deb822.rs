//! Debian's paragraph format (deb822(5)): `Field: value` lines, continued by indented ones,
//! paragraphs apart by blank lines.
//!
//! Only the syntax is here: `.sources` files and `apt-cache show` both use it, with fields of their
//! own.

use std::collections::HashMap;

/// One paragraph. Field names are not case-sensitive.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Paragraph {
    fields: HashMap<String, String>,
}

impl Paragraph {
    /// A field's value, its lines joined by line breaks as they stood.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(&field.to_ascii_lowercase()).map(String::as_str)
    }

    /// A field's value as words; none if the field is missing.
    pub(crate) fn words(&self, field: &str) -> Vec<String> {
        self.get(field).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }
}

/// Every paragraph of a text. Lines that are neither a field nor a continuation are passed over.
pub(crate) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut all = Vec::new();
    let mut paragraph = Paragraph::default();
    let mut field: Option<String> = None;
    for line in text.lines() {
        if line.trim().is_empty() {
            if !paragraph.fields.is_empty() {
                all.push(std::mem::take(&mut paragraph));
            }
            field = None;
        } else if line.starts_with('#') {
            // A comment may stand between a field and its continuation.
        } else if line.starts_with([' ', '\t']) {
            if let Some(value) = field.as_ref().and_then(|field| paragraph.fields.get_mut(field)) {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            paragraph.fields.insert(name.clone(), value.trim().to_owned());
            field = Some(name);
        } else {
            field = None;
        }
    }
    if !paragraph.fields.is_empty() {
        all.push(paragraph);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_continuations_comments_and_blank_lines() {
        let text = "\nTypes: deb\n# a comment\nURIs: http://a/debian\n  http://b/debian\nSUITES: x y\n\n\n\t\nTypes: deb-src\n";
        let all = paragraphs(text);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].words("uris"), ["http://a/debian", "http://b/debian"]);
        assert_eq!(all[0].words("Suites"), ["x", "y"]);
        assert_eq!(all[0].get("Components"), None);
        assert_eq!(all[1].get("Types"), Some("deb-src"));
    }

    #[test]
    fn a_key_block_keeps_its_lines() {
        let text =
            "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----\n";
        let key = paragraphs(text)[0].get("Signed-By").unwrap().to_owned();
        assert_eq!(key.lines().count(), 5);
        assert_eq!(key.lines().nth(2), Some(" ."));
    }

    #[test]
    fn nonsense_is_passed_over() {
        assert_eq!(paragraphs("no field here\n continuation of nothing\n"), []);
        assert_eq!(paragraphs(""), []);
    }
}

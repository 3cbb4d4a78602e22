//! Dictionaries in libFuzzer's format: `"token"` or `name="token"` a line, `\"`, `\\` and `\xNN`
//! inside, `#` before a comment (<https://llvm.org/docs/LibFuzzer.html#dictionaries>).

/// The tokens of a dictionary.
///
/// # Errors
/// The number of the first line that is none, from 1.
pub fn parse(text: &str) -> Result<Vec<Vec<u8>>, usize> {
    let lines = text.lines().map(str::trim).zip(1..);
    lines
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, number)| token(line).ok_or(number))
        .collect()
}

fn token(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.split_once('"')?.1.strip_suffix('"')?.as_bytes();
    let mut token = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                token.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                after
            }
            (b'\\', [escaped @ (b'\\' | b'"'), after @ ..]) => {
                token.push(*escaped);
                after
            }
            (b'\\' | b'"', _) => return None,
            (byte, after) => {
                token.push(*byte);
                after
            }
        };
    }
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_libfuzzer_reads_them() {
        let text = "# words\n\n\"any\"\nslash=\"\\\\x\"\nquote=\"\\\"\\x0a\\xFF\"\n";
        assert_eq!(parse(text), Ok(vec![b"any".to_vec(), b"\\x".to_vec(), b"\"\n\xff".to_vec()]));
        for wrong in ["any", "\"", "\"\"", "\"\\x0\"", "\"\\n\"", "\"a\"b"] {
            assert_eq!(parse(&format!("\"ok\"\n{wrong}")), Err(2), "{wrong}");
        }
    }

    #[test]
    fn every_dictionary_can_be_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
        let entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!entries.is_empty());
        for path in entries {
            let tokens = parse(&std::fs::read_to_string(&path).unwrap());
            assert!(tokens.is_ok_and(|tokens| !tokens.is_empty()), "{}", path.display());
        }
    }
}

//! A sentence: its tags, its address, its fields and its checksum.

use handler_kit::{Map, Value};

/// A sentence, cut into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence<'a> {
    /// The tag block before it (NMEA 0183 4.0): `s` is its source, `c` its time.
    pub tags: Map<String, Value>,
    /// Talker and formatter, as `GPGGA`.
    pub address: &'a str,
    /// What stands between the commas.
    pub fields: Vec<&'a str>,
    /// Whether the checksum is right, if there is one.
    pub checksum: Option<bool>,
}

impl<'a> Sentence<'a> {
    /// The sentence on a line, without the line's end.
    ///
    /// # Errors
    /// It is none; the reason says why.
    pub fn new(line: &'a str) -> Result<Self, String> {
        let (tags, sentence) = tagged(line)?;
        let body = sentence.strip_prefix(['$', '!']).ok_or("a sentence begins with `$` or `!`")?;
        let (body, checksum) = checked(body)?;
        let mut fields = body.split(',');
        let address = fields.next().unwrap_or_default();
        if !(3..=10).contains(&address.len()) || !address.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("`{address}` is no talker and sentence"));
        }
        Ok(Self { tags, address, fields: fields.collect(), checksum })
    }
}

/// The sum that stands behind `*`.
pub fn checksum(body: &str) -> u8 {
    body.bytes().fold(0, |sum, byte| sum ^ byte)
}

/// What stands before `*`, and whether the sum behind it is right.
fn checked(body: &str) -> Result<(&str, Option<bool>), String> {
    let Some((body, digits)) = body.rsplit_once('*') else { return Ok((body, None)) };
    let digits = digits.trim_end();
    let sum = (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok()).flatten();
    let sum = sum.ok_or_else(|| format!("the checksum `{digits}` is no number of two hexadecimal digits"))?;
    Ok((body, Some(sum == checksum(body))))
}

/// The tag block, and the sentence behind it.
fn tagged(line: &str) -> Result<(Map<String, Value>, &str), String> {
    let mut tags = Map::new();
    let Some(block) = line.strip_prefix('\\') else { return Ok((tags, line)) };
    let (block, sentence) = block.split_once('\\').ok_or("a tag block has no end")?;
    let (block, right) = checked(block)?;
    if right == Some(false) {
        return Err(format!("the checksum of the tag block is wrong, {:02X} would be right", checksum(block)));
    }
    for tag in block.split(',') {
        if let Some((name, value)) = tag.split_once(':') {
            tags.insert(name.to_owned(), value.into());
        }
    }
    Ok((tags, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_into_its_parts() {
        let sentence = Sentence::new("$GPGLL,4916.45,N,12311.12,W,225444,A,*1D").unwrap();
        assert_eq!((sentence.address, sentence.fields.len(), sentence.checksum), ("GPGLL", 7, Some(true)));
        assert_eq!(Sentence::new("$GPGLL,4916.46,N*1D").unwrap().checksum, Some(false));
        assert_eq!(Sentence::new("$PMTK220").unwrap().checksum, None);
        let tagged = Sentence::new("\\s:station1,c:1425556661*72\\!AIVDM,1,1,,B,x,0").unwrap();
        assert_eq!(tagged.tags["s"], "station1");
        assert_eq!(tagged.address, "AIVDM");
        for (line, words) in [
            ("GPGLL,1", "begins with"),
            ("$GPGLL,1*1", "is no number"),
            ("$GPGLL,1*XX", "is no number"),
            ("$G,1", "is no talker"),
            ("$G GLL,1", "is no talker"),
            ("\\s:x", "has no end"),
            ("\\s:x*00\\$GPGLL", "tag block is wrong"),
        ] {
            assert!(Sentence::new(line).unwrap_err().contains(words), "{line}: {:?}", Sentence::new(line));
        }
    }
}

//! Fields of a sentence as members of a message. An empty field gives no member; one that is not
//! what its place says is told as the text that it is.

use handler_kit::{Map, Value, json};

/// What the next field, or the next two, are.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// Any text.
    Text(&'static str),
    /// A number.
    Number(&'static str),
    /// `hhmmss.sss`, in UTC.
    Time(&'static str),
    /// `ddmmyy`.
    Date(&'static str),
    /// `dddmm.mmmm` and a field with N, S, E or W: degrees, negative in the south and the west.
    Degrees(&'static str),
    /// A number and a field with E or W: negative in the west.
    Signed(&'static str),
    /// One of these, by name.
    Choice(&'static str, &'static [(&'static str, &'static str)]),
    /// A unit that is always the same.
    Unit,
    /// So many fields, the empty ones left out.
    List(&'static str, usize),
    /// All that are left, in groups of four: number, elevation, azimuth, signal. One more is the
    /// signal's kind.
    Satellites,
}

/// The members that these fields are.
pub fn members(shape: &[Field], fields: &[&str], members: &mut Map<String, Value>) {
    let mut fields = fields.iter().copied();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    for field in shape {
        let Some(first) = fields.next() else { break };
        match *field {
            Field::Text(name) => put(name, text(first)),
            Field::Number(name) => put(name, number(first)),
            Field::Time(name) => put(name, time(first).or_else(|| text(first))),
            Field::Date(name) => put(name, date(first).or_else(|| text(first))),
            Field::Degrees(name) => put(name, degrees(first, fields.next().unwrap_or_default())),
            Field::Signed(name) => put(name, signed(first, fields.next().unwrap_or_default())),
            Field::Choice(name, choices) => {
                let chosen = choices.iter().find(|(letter, _)| *letter == first).map(|(_, word)| json!(word));
                put(name, chosen.or_else(|| text(first)));
            }
            Field::Unit => {}
            Field::List(name, count) => {
                let all = std::iter::once(first).chain(fields.by_ref().take(count - 1));
                put(name, Some(all.filter_map(number).collect()));
            }
            Field::Satellites => {
                let all: Vec<&str> = std::iter::once(first).chain(fields.by_ref()).collect();
                let groups = all.chunks_exact(4);
                if let [signal] = groups.remainder() {
                    put("signal_id", text(signal));
                }
                put("satellites", Some(groups.filter_map(satellite).collect()));
            }
        }
    }
    let more: Vec<&str> = fields.collect();
    if more.iter().any(|field| !field.is_empty()) {
        put("more", Some(more.into()));
    }
}

fn text(field: &str) -> Option<Value> {
    (!field.is_empty()).then(|| field.into())
}

/// A number as it is written; what is none is text.
pub fn number(field: &str) -> Option<Value> {
    if let Ok(whole) = field.parse::<i64>() {
        return Some(whole.into());
    }
    let is_decimal = field.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    match field.parse::<f64>() {
        Ok(number) if is_decimal => Some(number.into()),
        _ => text(field),
    }
}

/// Two digits at this place, if they are below a bound.
fn pair(field: &str, at: usize, below: u8) -> Option<&str> {
    let digits = field.get(at..at + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<u8>().is_ok_and(|number| number < below).then_some(digits)
}

fn time(field: &str) -> Option<Value> {
    // A leap second is 60.
    let (hour, minute, second) = (pair(field, 0, 24)?, pair(field, 2, 60)?, pair(field, 4, 61)?);
    let fraction = field.get(6..)?;
    let is_fraction = fraction.strip_prefix('.').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    (fraction.is_empty() || is_fraction).then(|| format!("{hour}:{minute}:{second}{fraction}Z").into())
}

/// Years have two digits: 80 to 99 are before 2000, when GPS began.
fn date(field: &str) -> Option<Value> {
    let (day, month, year) = (pair(field, 0, 32)?, pair(field, 2, 13)?, pair(field, 4, 100)?);
    let century = if year < "80" { "20" } else { "19" };
    (field.len() == 6).then(|| format!("{century}{year}-{month}-{day}").into())
}

fn degrees(field: &str, side: &str) -> Option<Value> {
    let exact = || -> Option<f64> {
        let point = field.find('.').unwrap_or(field.len());
        let (degrees, minutes) = field.split_at_checked(point.checked_sub(2)?)?;
        let minutes = minutes.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(minutes)?;
        let degrees = if degrees.is_empty() { 0.0 } else { f64::from(degrees.parse::<u16>().ok()?) };
        let value = degrees + minutes.parse::<f64>().ok()? / 60.0;
        match side {
            "N" | "E" => Some(value),
            "S" | "W" => Some(-value),
            _ => None,
        }
    };
    match exact() {
        // A hundred-millionth of a degree is a millimetre.
        Some(value) => Some(((value * 1e8).round() / 1e8).into()),
        None => text(&[field, side].concat()),
    }
}

fn signed(field: &str, side: &str) -> Option<Value> {
    match (number(field)?.as_f64(), side) {
        (Some(number), "W") => Some((-number).into()),
        (Some(number), "E") => Some(number.into()),
        _ => text(&[field, side].concat()),
    }
}

fn satellite(group: &[&str]) -> Option<Value> {
    let mut members = Map::new();
    for (name, field) in ["prn", "elevation", "azimuth", "snr"].iter().zip(group) {
        if let Some(value) = number(field) {
            members.insert((*name).to_owned(), value);
        }
    }
    (!members.is_empty()).then_some(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_what_their_place_says() {
        assert_eq!(time("092750.000"), Some(json!("09:27:50.000Z")));
        assert_eq!(time("225444"), Some(json!("22:54:44Z")));
        assert_eq!(time("246000"), None);
        assert_eq!(date("280511"), Some(json!("2011-05-28")));
        assert_eq!(date("060180"), Some(json!("1980-01-06")));
        assert_eq!(date("991399"), None);
        assert_eq!(degrees("5321.6802", "N"), Some(json!(53.361_336_67)));
        assert_eq!(degrees("00630.3372", "W"), Some(json!(-6.505_62)));
        assert_eq!(degrees("30.0", "S"), Some(json!(-0.5)));
        assert_eq!(degrees("", ""), None);
        assert_eq!(degrees("5321.6802", "X"), Some(json!("5321.6802X")));
        assert_eq!(degrees("€321", "N"), Some(json!("€321N")));
        assert_eq!(signed("3.1", "W"), Some(json!(-3.1)));
        assert_eq!(number("007"), Some(json!(7)));
        assert_eq!(number("1e5"), Some(json!("1e5")));
        assert_eq!(number("nan"), Some(json!("nan")));
        assert_eq!(number(""), None);
    }
}

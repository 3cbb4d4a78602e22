//! A directory's entries, sorted and in pages, however many there are: only the
//! entries of one page are kept.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a listing is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortKey {
    /// The name, by its characters' numbers.
    #[default]
    Name,
    /// The size, then the name.
    Size,
    /// The time of the last change, then the name.
    Time,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The least first.
    #[default]
    Up,
    /// The greatest first.
    Down,
}

/// An order of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sorting {
    /// By what.
    pub key: SortKey,
    /// Which end first.
    pub direction: Direction,
}

/// An entry's place in an order: what it is sorted by, and its name. Also where a page ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank {
    /// Its size, or the time of its last change in nanoseconds; 0 where names are sorted.
    pub value: u64,
    /// Its name.
    pub name: String,
}

struct Entry<T> {
    rank: Rank,
    sorting: Sorting,
    about: T,
}

fn compare(sorting: Sorting, a: &Rank, b: &Rank) -> Ordering {
    // Of equal size or age, names go up in any case.
    match (sorting.key, sorting.direction) {
        (SortKey::Name, Direction::Up) => a.name.cmp(&b.name),
        (SortKey::Name, Direction::Down) => b.name.cmp(&a.name),
        (_, Direction::Up) => a.value.cmp(&b.value).then_with(|| a.name.cmp(&b.name)),
        (_, Direction::Down) => b.value.cmp(&a.value).then_with(|| a.name.cmp(&b.name)),
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.sorting, &self.rank, &other.rank)
    }
}

/// One page in the making.
pub struct Listing<T> {
    sorting: Sorting,
    after: Option<Rank>,
    most: usize,
    kept: BTreeSet<Entry<T>>,
    seen: u64,
    beyond: bool,
}

impl<T> Listing<T> {
    /// A page of at most `most` entries, of those that come after `after`.
    pub fn new(sorting: Sorting, after: Option<Rank>, most: usize) -> Self {
        Self { sorting, after, most, kept: BTreeSet::new(), seen: 0, beyond: false }
    }

    /// Takes an entry in, if it belongs on this page.
    pub fn add(&mut self, rank: Rank, about: T) {
        self.seen += 1;
        if self.after.as_ref().is_some_and(|after| compare(self.sorting, &rank, after) != Ordering::Greater) {
            return;
        }
        self.kept.insert(Entry { rank, sorting: self.sorting, about });
        if self.kept.len() > self.most {
            self.kept.pop_last();
            self.beyond = true;
        }
    }

    /// How many entries there were, on this page or not.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The page, and where the next begins, if there is one.
    pub fn finish(self) -> (Vec<(Rank, T)>, Option<Rank>) {
        let next = if self.beyond { self.kept.last().map(|entry| entry.rank.clone()) } else { None };
        (self.kept.into_iter().map(|entry| (entry.rank, entry.about)).collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(entries: &[(u64, &str)], key: SortKey, direction: Direction, most: usize) -> Vec<Vec<String>> {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let mut listing = Listing::new(Sorting { key, direction }, after, most);
            for (value, name) in entries {
                listing.add(Rank { value: *value, name: (*name).to_owned() }, ());
            }
            assert_eq!(listing.seen(), entries.len() as u64);
            let (page, next) = listing.finish();
            pages.push(page.into_iter().map(|(rank, ())| rank.name).collect());
            match next {
                Some(next) => after = Some(next),
                None => return pages,
            }
        }
    }

    #[test]
    fn names_go_up_or_down_page_by_page() {
        let entries = [(0, "c"), (0, "a"), (0, "e"), (0, "b"), (0, "d")];
        assert_eq!(pages(&entries, SortKey::Name, Direction::Up, 2), [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
        assert_eq!(pages(&entries, SortKey::Name, Direction::Down, 3), [vec!["e", "d", "c"], vec!["b", "a"]]);
        assert_eq!(pages(&entries, SortKey::Name, Direction::Up, 5), [vec!["a", "b", "c", "d", "e"]]);
        assert_eq!(pages(&[], SortKey::Name, Direction::Up, 5), [Vec::<String>::new()]);
    }

    #[test]
    fn of_equal_size_the_name_decides_and_none_is_lost() {
        let entries = [(5, "c"), (9, "a"), (5, "b"), (1, "d")];
        assert_eq!(pages(&entries, SortKey::Size, Direction::Down, 1).concat(), ["a", "b", "c", "d"]);
        assert_eq!(pages(&entries, SortKey::Size, Direction::Up, 3).concat(), ["d", "b", "c", "a"]);
    }
}

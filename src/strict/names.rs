//! The names of one object, as far as they have been read.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::shape::Field;

/// How many fields have a place of their own; no object has more.
const MAX_KNOWN: usize = 32;

/// Where each name of an object was first. Those of known fields are not hashed.
pub(super) struct Names<'de> {
    known: &'static [Field],
    /// Where each known field is; no name is at the very start of a text.
    starts: [usize; MAX_KNOWN],
    others: HashMap<Cow<'de, str>, usize>,
}

impl<'de> Names<'de> {
    pub(super) fn new(known: &'static [Field]) -> Self {
        Self {
            known,
            starts: [0; MAX_KNOWN],
            others: HashMap::new(),
        }
    }

    fn known(&self, name: &str) -> Option<usize> {
        let is_it = |field: &Field| field.name == name;
        self.known.iter().take(MAX_KNOWN).position(is_it)
    }

    /// Returns where a name was first, or notes that it is here.
    pub(super) fn first(&mut self, name: Cow<'de, str>, start: usize) -> Option<usize> {
        if let Some(first) = self.known(&name).and_then(|n| self.starts.get_mut(n)) {
            return match *first {
                0 => {
                    *first = start;
                    None
                }
                first => Some(first),
            };
        }
        match self.others.entry(name) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(start);
                None
            }
        }
    }

    /// Returns where a name was first.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        match self.known(name).and_then(|n| self.starts.get(n)) {
            Some(first) => Some(*first).filter(|first| *first != 0),
            None => self.others.get(name).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        let known = self.starts.iter().filter(|start| **start != 0).count();
        known.saturating_add(self.others.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all names in the order of the text.
    pub(super) fn in_order(&self) -> Vec<(&str, usize)> {
        let known = self.known.iter().zip(self.starts);
        let known = known.map(|(field, start)| (field.name, start));
        let others = self.others.iter();
        let others = others.map(|(name, start)| (name.as_ref(), *start));
        let mut all: Vec<_> = known
            .filter(|(_, start)| *start != 0)
            .chain(others)
            .collect();
        all.sort_unstable_by_key(|(_, start)| *start);
        all
    }
}

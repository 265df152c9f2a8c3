//! Tables that are read in parts, each part by whoever knows its keys, without losing where they stood.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml_edit::de::Deserializer;
use toml_edit::{DocumentMut, Item, Table};

use crate::mistake::{Mistake, Source, unknown};

/// A table of the file with the places of all that is in it.
#[derive(Debug, Clone)]
pub struct RawTable {
    table: Table,
    /// Where it stands: its heading, or all of it when it is written in one line.
    place: Range<usize>,
    source: Source,
    /// Keys that are legal beside these and are read elsewhere: what a misspelt key may have meant.
    siblings: &'static [&'static str],
}

impl RawTable {
    pub(crate) fn new(table: Table, place: Range<usize>, source: Source) -> Self {
        Self { table, place, source, siblings: &[] }
    }

    /// Reads the whole table as one value.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        T::deserialize(Deserializer::from(DocumentMut::from(self.table.clone())))
            .map_err(|error| self.source.refused(error.message(), error.span(), &self.place, self.siblings))
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A mistake in the value of a key; in the table's heading if there is no such key.
    pub fn mistake_at(&self, key: &str, text: impl Into<String>) -> Mistake {
        let place = self.table.get(key).and_then(Item::span);
        self.source.mistake(place.unwrap_or_else(|| self.place.clone()), text)
    }

    /// A mistake of the table as a whole.
    pub fn mistake(&self, text: impl Into<String>) -> Mistake {
        self.source.mistake(self.place.clone(), text)
    }

    /// Takes these keys out into a table of their own.
    pub(crate) fn split(&mut self, keys: &'static [&'static str]) -> Self {
        let mut part = Table::new();
        for (key, value) in keys.iter().filter_map(|key| self.table.remove_entry(key)) {
            part.insert_formatted(&key, value);
        }
        self.siblings = keys;
        Self::new(part, self.place.clone(), self.source.clone())
    }

    /// What stands under a key that must be a table; nothing when there is no such key.
    pub(crate) fn table(&self, key: &str) -> Result<Option<Self>, Mistake> {
        self.table.get(key).map(|item| self.as_table(key, item)).transpose()
    }

    /// The tables in this one, with their names.
    pub(crate) fn tables(&self) -> impl Iterator<Item = Result<Named, Mistake>> + '_ {
        self.table.iter().map(|(key, item)| {
            let table = self.as_table(key, item)?;
            let place = self.key_place(key);
            Ok(Named { key: Key { text: key.to_owned(), place, source: self.source.clone() }, table })
        })
    }

    /// What stands under a key that must be an array of tables.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Self>, Mistake> {
        let wrong = || Err(self.mistake_at(key, format!("`{key}` is written as `[[{key}]]`")));
        match self.table.get(key) {
            None => Ok(Vec::new()),
            Some(Item::ArrayOfTables(tables)) => {
                tables.iter().map(|table| self.as_table(key, &Item::Table(table.clone()))).collect()
            }
            Some(Item::Value(toml_edit::Value::Array(array))) => {
                array.iter().map(|value| self.as_table(key, &Item::Value(value.clone()))).collect()
            }
            Some(_) => wrong(),
        }
    }

    /// Every key must be one of these.
    pub(crate) fn only(&self, known: &[&str]) -> Vec<Mistake> {
        let keys = self.table.iter().map(|(key, _)| key).filter(|key| !known.contains(key));
        keys.map(|key| {
            self.source.mistake(self.key_place(key), unknown("section", key, known.iter().copied()))
        })
        .collect()
    }

    /// The text under a key, and a mistake when it is something else.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>, Mistake> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        item.as_str().map(Some).ok_or_else(|| self.mistake_at(key, format!("`{key}` is a word in quotes")))
    }

    fn key_place(&self, key: &str) -> Range<usize> {
        self.table.key(key).and_then(toml_edit::Key::span).unwrap_or_else(|| self.place.clone())
    }

    fn as_table(&self, key: &str, item: &Item) -> Result<Self, Mistake> {
        let place = item.span().unwrap_or_else(|| self.key_place(key));
        match item.clone().into_table() {
            Ok(table) => Ok(Self::new(table, place, self.source.clone())),
            Err(_) => Err(self.source.mistake(
                place,
                format!("`{key}` must be a table: `key = value` lines under a heading in brackets"),
            )),
        }
    }
}

/// A table with its name.
pub(crate) struct Named {
    pub(crate) key: Key,
    pub(crate) table: RawTable,
}

/// The name of a table, and where it stands.
pub(crate) struct Key {
    pub(crate) text: String,
    place: Range<usize>,
    source: Source,
}

impl Key {
    pub(crate) fn mistake(&self, text: impl Into<String>) -> Mistake {
        self.source.mistake(self.place.clone(), text)
    }
}

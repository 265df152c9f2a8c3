//! Where a key lies in the document.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, Value};

/// What is written as a list of tables (`[[alerts]]`), also when there is none yet.
const LISTS: [&str; 1] = ["alerts"];

/// A place in which keys lie.
pub(crate) enum Place<'d> {
    /// By name.
    Table(&'d mut dyn TableLike),
    /// Tables by their number, counted from 0.
    List(&'d mut ArrayOfTables),
    /// The same written as one value: `alerts = [{ state = "failed" }]`.
    Line(&'d mut Array),
}

/// Why there is no place for a key, as the end of a sentence.
type Why = &'static str;

const BEYOND: Why = "is beyond the end of its list";

impl<'d> Place<'d> {
    /// What lies under a key, made if it is missing and that is wanted; none: it is missing.
    pub(crate) fn step(self, key: &str, make: bool) -> Result<Option<Self>, Why> {
        match self {
            Self::Table(table) => {
                if !make && !table.contains_key(key) {
                    return Ok(None);
                }
                let missing = || {
                    if LISTS.contains(&key) {
                        Item::ArrayOfTables(ArrayOfTables::new())
                    } else {
                        Item::Table(implicit())
                    }
                };
                match table.entry(key).or_insert_with(missing) {
                    Item::ArrayOfTables(list) => Ok(Some(Self::List(list))),
                    Item::Value(Value::Array(line)) => Ok(Some(Self::Line(line))),
                    item => {
                        item.as_table_like_mut().map(|table| Some(Self::Table(table))).ok_or("is no table")
                    }
                }
            }
            Self::List(list) => {
                let at = number(key)?;
                if make && at > list.len() {
                    return Err(BEYOND);
                }
                if make && at == list.len() {
                    list.push(Table::new());
                }
                Ok(list.get_mut(at).map(|table| Self::Table(table)))
            }
            Self::Line(line) => {
                let at = number(key)?;
                if make && at > line.len() {
                    return Err(BEYOND);
                }
                if make && at == line.len() {
                    line.push(InlineTable::new());
                }
                let Some(one) = line.get_mut(at) else { return Ok(None) };
                one.as_inline_table_mut().map(|table| Some(Self::Table(table))).ok_or("is no table")
            }
        }
    }

    /// Sets a key, or takes it out. The comments around what it said before stay.
    pub(crate) fn put(self, key: &str, value: Option<Item>) -> Result<(), Why> {
        match (self, value) {
            (Self::Table(table), Some(value)) => replace(table, key, value),
            (Self::Table(table), None) => drop(table.remove(key)),
            (Self::List(list), value) => put_in_list(list, number(key)?, value)?,
            (Self::Line(line), value) => put_in_line(line, number(key)?, value)?,
        }
        Ok(())
    }
}

fn number(key: &str) -> Result<usize, Why> {
    key.parse().map_err(|_| "is no table of a list: they are counted from 0")
}

fn put_in_list(list: &mut ArrayOfTables, at: usize, value: Option<Item>) -> Result<(), Why> {
    let known = at < list.len();
    match value {
        None if known => drop(list.remove(at)),
        None => {}
        Some(Item::Table(mut table)) if known => {
            if let Some(old) = list.get(at) {
                *table.decor_mut() = old.decor().clone();
            }
            list.replace(at, table);
        }
        Some(Item::Table(table)) if at == list.len() => list.push(table),
        Some(Item::Table(_)) => return Err(BEYOND),
        Some(_) => return Err("can only be a table"),
    }
    Ok(())
}

fn put_in_line(line: &mut Array, at: usize, value: Option<Item>) -> Result<(), Why> {
    let known = at < line.len();
    match value {
        None if known => drop(line.remove(at)),
        None => {}
        Some(Item::Table(table)) if known => drop(line.replace(at, table.into_inline_table())),
        Some(Item::Table(table)) if at == line.len() => line.push(table.into_inline_table()),
        Some(Item::Table(_)) => return Err(BEYOND),
        Some(_) => return Err("can only be a table"),
    }
    Ok(())
}

/// A table that needs no heading of its own.
pub(crate) fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

/// Puts a value under a key; the comments around the old one stay.
fn replace(table: &mut dyn TableLike, key: &str, mut value: Item) {
    if let (Some(old), Some(new)) = (table.get(key).and_then(Item::as_value), value.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(old) => *old = value,
        None => drop(table.insert(key, value)),
    }
}

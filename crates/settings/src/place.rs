//! Where a key lies in the document.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, Value};

/// What is written as a list of tables (`[[alerts]]`), also when there is none yet.
const LISTS: [&str; 1] = ["alerts"];

/// A place in which keys lie.
pub(crate) enum Place<'d> {
    /// By name.
    Table(&'d mut dyn TableLike),
    /// By name, in one line: `schedule = { every = "1h" }`.
    Inline(&'d mut InlineTable),
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
            Self::Table(table) => step_in(table, key, make),
            Self::Inline(table) => step_in(table, key, make),
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
                one.as_inline_table_mut().map(|table| Some(Self::Inline(table))).ok_or("is no table")
            }
        }
    }

    /// Sets a key, or takes it out. The comments around what it said before stay.
    pub(crate) fn put(self, key: &str, value: Option<Item>) -> Result<(), Why> {
        match (self, value) {
            (Self::Table(table), Some(value)) => replace(table, key, value),
            (Self::Table(table), None) => drop(table.remove(key)),
            (Self::Inline(table), value) => put_inline(table, key, value),
            (Self::List(list), value) => put_in_list(list, number(key)?, value)?,
            (Self::Line(line), value) => put_in_line(line, number(key)?, value)?,
        }
        Ok(())
    }
}

fn step_in<'d>(table: &'d mut dyn TableLike, key: &str, make: bool) -> Result<Option<Place<'d>>, Why> {
    if !make && !table.contains_key(key) {
        return Ok(None);
    }
    let missing = || {
        if LISTS.contains(&key) { Item::ArrayOfTables(ArrayOfTables::new()) } else { Item::Table(implicit()) }
    };
    match table.entry(key).or_insert_with(missing) {
        Item::ArrayOfTables(list) => Ok(Some(Place::List(list))),
        Item::Value(Value::Array(line)) => Ok(Some(Place::Line(line))),
        Item::Value(Value::InlineTable(table)) => Ok(Some(Place::Inline(table))),
        item => item.as_table_like_mut().map(|table| Some(Place::Table(table))).ok_or("is no table"),
    }
}

/// In one line, what stands between two keys belongs to both: a line that has others is spaced anew.
fn put_inline(table: &mut InlineTable, key: &str, value: Option<Item>) {
    let keys = table.len();
    match value {
        Some(value) => replace(table, key, value),
        None => drop(table.remove(key)),
    }
    if table.len() != keys {
        table.fmt();
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
        None if known => remove_from_line(line, at),
        None => {}
        Some(Item::Table(table)) if known => drop(line.replace(at, table.into_inline_table())),
        Some(Item::Table(table)) if at == line.len() => append_to_line(line, table.into_inline_table()),
        Some(Item::Table(_)) => return Err(BEYOND),
        Some(_) => return Err("can only be a table"),
    }
    Ok(())
}

/// What stood around the one that goes is around its neighbour then: no blank is left before a comma or a bracket.
fn remove_from_line(line: &mut Array, at: usize) {
    let removed = line.remove(at);
    let last = line.len().saturating_sub(1);
    if at == 0
        && let Some(first) = line.get_mut(0)
        && let Some(prefix) = removed.decor().prefix()
    {
        first.decor_mut().set_prefix(prefix.clone());
    }
    if at > last
        && let Some(end) = line.get_mut(last)
        && let Some(suffix) = removed.decor().suffix()
    {
        end.decor_mut().set_suffix(suffix.clone());
    }
}

/// The last one's blank before the bracket is the new one's.
fn append_to_line(line: &mut Array, table: InlineTable) {
    let last = line.len().checked_sub(1).and_then(|last| line.get_mut(last));
    let suffix = last.and_then(|last| {
        let suffix = last.decor().suffix().cloned();
        last.decor_mut().set_suffix("");
        suffix
    });
    line.push(table);
    let last = line.len().checked_sub(1).and_then(|last| line.get_mut(last));
    if let (Some(suffix), Some(last)) = (suffix, last) {
        last.decor_mut().set_suffix(suffix);
    }
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

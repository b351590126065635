//! A bounded table whose entries expire.

use std::collections::HashMap;

/// Entries by name, each with its last second. The bound holds always: the entry nearest to its end
/// gives way.
pub(super) struct Table<Value> {
    entries: HashMap<String, Entry<Value>>,
    capacity: usize,
}

struct Entry<Value> {
    expires_at: u64,
    value: Value,
}

impl<Value> Table<Value> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            capacity,
        }
    }

    /// Keeps `value` until `expires_at` (exclusive, seconds since 1970).
    pub(super) fn insert(&mut self, name: String, value: Value, expires_at: u64, now: u64) {
        if self.entries.len() >= self.capacity {
            self.entries.retain(|_, entry| now < entry.expires_at);
        }
        if self.entries.len() >= self.capacity
            && let Some(oldest) = self.oldest()
        {
            self.entries.remove(&oldest);
        }
        self.entries.insert(name, Entry { expires_at, value });
    }

    pub(super) fn get(&self, name: &str, now: u64) -> Option<&Value> {
        self.entries
            .get(name)
            .filter(|entry| now < entry.expires_at)
            .map(|entry| &entry.value)
    }

    /// Takes the entry out, so that it can be used once only.
    pub(super) fn take(&mut self, name: &str, now: u64) -> Option<Value> {
        self.entries
            .remove(name)
            .filter(|entry| now < entry.expires_at)
            .map(|entry| entry.value)
    }

    fn oldest(&self) -> Option<String> {
        let oldest = self
            .entries
            .iter()
            .min_by_key(|(_, entry)| entry.expires_at);
        oldest.map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_taken_once_and_not_after_its_end() {
        let mut table = Table::new(2);
        table.insert("a".into(), 1, 100, 50);
        assert_eq!(table.get("a", 99), Some(&1));
        assert_eq!(table.get("a", 100), None);
        assert_eq!(table.take("a", 99), Some(1));
        assert_eq!(table.take("a", 99), None);
    }

    #[test]
    fn a_full_table_drops_the_expired_then_the_nearest_to_its_end() {
        let mut table = Table::new(2);
        table.insert("expired".into(), 1, 10, 5);
        table.insert("late".into(), 2, 200, 5);
        table.insert("soon".into(), 3, 100, 20);
        assert_eq!(
            (table.get("expired", 5), table.get("late", 20)),
            (None, Some(&2))
        );
        table.insert("new".into(), 4, 150, 20);
        assert_eq!(table.get("soon", 20), None);
        assert_eq!(
            (table.get("late", 20), table.get("new", 20)),
            (Some(&2), Some(&4))
        );
    }
}

//! Field keys and list ids of records, looked up once and remembered.
//!
//! Records of a block resemble each other: the same key tends to stand at the same position, so a comparison with the key seen there
//! before saves the look-up.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::schema::{Field, List, Schema};
use crate::wire::decode::builder::{Builder, MembershipTargets};
use crate::wire::decode::given::Target;
use crate::wire::decode::problem::Problem;

/// The key of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// Spelled out.
    Spelled(&'a [u8]),
    /// Counted in the batch's keys, from 1.
    Index(usize),
}

/// A field's target with the key as the schema spells it.
pub(super) struct FieldTarget<'s> {
    pub(super) field: &'s Field,
    pub(super) target: Target<'s>,
}

/// Where a key leads: to a target by position, or nowhere.
type Resolved = Option<usize>;

/// The fields of the account or of one list.
pub(super) struct Scope<'a, 's> {
    /// Where memberships of the list go; `None` for the account.
    pub(super) membership: Option<MembershipTargets<'s>>,
    by_index: Vec<Option<Resolved>>,
    by_position: Vec<(&'a [u8], Resolved)>,
    by_name: HashMap<&'a [u8], Resolved, RandomState>,
}

impl<'s> Scope<'_, 's> {
    fn new(membership: Option<MembershipTargets<'s>>) -> Self {
        Self {
            membership,
            by_index: Vec::new(),
            by_position: Vec::new(),
            by_name: HashMap::default(),
        }
    }

    /// The list; `None` for the account.
    pub(super) fn list(&self) -> Option<&'s List> {
        self.membership.as_ref().map(|targets| targets.list)
    }
}

/// Everything that keys and list ids of a block lead to.
pub(super) struct Keys<'a, 's> {
    schema: &'s Schema,
    max_text_bytes: usize,
    /// The batch's keys.
    spellings: &'a [&'a str],
    /// The account's first, then one for each list that the block names.
    scopes: Vec<Scope<'a, 's>>,
    targets: Vec<FieldTarget<'s>>,
    list_by_position: Vec<(&'a [u8], Resolved)>,
    list_by_id: HashMap<&'a [u8], Resolved, RandomState>,
}

/// Position of the account's scope.
pub(super) const ACCOUNT: usize = 0;

impl<'a, 's> Keys<'a, 's> {
    pub(super) fn new(
        schema: &'s Schema,
        field_keys: &'a [&'a str],
        max_text_bytes: usize,
    ) -> Self {
        Self {
            schema,
            max_text_bytes,
            spellings: field_keys,
            scopes: vec![Scope::new(None)],
            targets: Vec::new(),
            list_by_position: Vec::new(),
            list_by_id: HashMap::default(),
        }
    }

    pub(super) fn scope(&self, scope: usize) -> &Scope<'a, 's> {
        &self.scopes[scope]
    }

    pub(super) fn target(&self, target: usize) -> &FieldTarget<'s> {
        &self.targets[target]
    }

    /// The key as it is spelled; `None` when its index counts too far.
    pub(super) fn spelling(&self, key: Key<'a>) -> Option<&'a [u8]> {
        match key {
            Key::Spelled(key) => Some(key),
            Key::Index(index) => self.spellings.get(index - 1).map(|key| key.as_bytes()),
        }
    }

    /// The scope of a list that stands at some position of a record's memberships.
    #[inline]
    pub(super) fn list(
        &mut self,
        builder: &mut Builder,
        position: usize,
        id: &'a [u8],
    ) -> Resolved {
        match self.list_by_position.get(position) {
            Some(&(seen, scope)) if seen == id => scope,
            _ => self.look_up_list(builder, position, id),
        }
    }

    fn look_up_list(&mut self, builder: &mut Builder, position: usize, id: &'a [u8]) -> Resolved {
        let Self { schema, scopes, .. } = self;
        let scope = *self.list_by_id.entry(id).or_insert_with(|| {
            let list = schema.list(std::str::from_utf8(id).ok()?)?;
            scopes.push(Scope::new(Some(builder.membership_targets(list))));
            Some(scopes.len() - 1)
        });
        remember(&mut self.list_by_position, position, (id, scope));
        scope
    }

    /// The target of a key that stands at some position of a scope's values; `None` when there is no such field.
    #[inline]
    pub(super) fn field(
        &mut self,
        builder: &mut Builder,
        scope: usize,
        position: usize,
        key: Key<'a>,
    ) -> Result<Resolved, Problem> {
        match key {
            Key::Index(index) => match self.scopes[scope].by_index.get(index - 1) {
                Some(&Some(resolved)) => Ok(resolved),
                _ => self.look_up_index(builder, scope, index),
            },
            Key::Spelled(key) => match self.scopes[scope].by_position.get(position) {
                Some(&(seen, resolved)) if seen == key => Ok(resolved),
                _ => Ok(self.look_up_spelled(builder, scope, position, key)),
            },
        }
    }

    fn look_up_index(
        &mut self,
        builder: &mut Builder,
        scope: usize,
        index: usize,
    ) -> Result<Resolved, Problem> {
        let Some(key) = self.spellings.get(index - 1) else {
            return Err(Problem::KeyIndexOutside {
                key_count: self.spellings.len(),
            });
        };
        let resolved = self.look_up(builder, scope, key.as_bytes());
        let by_index = &mut self.scopes[scope].by_index;
        by_index.resize(self.spellings.len(), None);
        by_index[index - 1] = Some(resolved);
        Ok(resolved)
    }

    fn look_up_spelled(
        &mut self,
        builder: &mut Builder,
        scope: usize,
        position: usize,
        key: &'a [u8],
    ) -> Resolved {
        let resolved = self.look_up(builder, scope, key);
        remember(
            &mut self.scopes[scope].by_position,
            position,
            (key, resolved),
        );
        resolved
    }

    fn look_up(&mut self, builder: &mut Builder, scope: usize, key: &'a [u8]) -> Resolved {
        let Self {
            schema,
            scopes,
            targets,
            max_text_bytes,
            ..
        } = self;
        let list = scopes[scope].list().map(|list| list.id.as_str());
        *scopes[scope].by_name.entry(key).or_insert_with(|| {
            let field = schema.field(list, std::str::from_utf8(key).ok()?)?;
            let target = builder.field_target(field, *max_text_bytes);
            targets.push(FieldTarget { field, target });
            Some(targets.len() - 1)
        })
    }
}

/// Puts what was seen at a position in the place of what was seen there before. Behind a gap it comes to stand too early, which costs a
/// look-up and nothing else.
fn remember<T>(seen: &mut Vec<T>, position: usize, now: T) {
    match seen.get_mut(position) {
        Some(before) => *before = now,
        None => seen.push(now),
    }
}

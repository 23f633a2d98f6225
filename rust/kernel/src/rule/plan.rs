//! Conditions compiled against a schema.

use std::sync::Arc;

use crate::error::Result;
use crate::schema::{ColumnId, Schema};

use super::comparison;
use super::condition::Condition;
use super::evaluate::Node;
use super::events::{Count, First, Sequence};
use super::identified::Identifiers;
use super::leaf::Leaf;
use super::match_values::MatchValues;
use super::near::Circle;
use super::sample::Share;

/// A compiled condition. Immutable; may be shared by threads and used on any version of the account.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) tree: Arc<Tree>,
    /// The moment that relative windows are measured from, milliseconds since 1970 UTC.
    pub(super) now_millis: i64,
}

/// What a condition compiles to.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: Node,
    /// Every leaf in the order of the condition, those that constants made superfluous included.
    pub(super) leaves: Vec<Arc<dyn Leaf>>,
    /// Leaves of the root whose answers may change with the moment alone.
    pub(super) timed: Vec<Arc<dyn Leaf>>,
}

impl Plan {
    /// Compiles a condition given as JSON, to be evaluated as of a moment.
    ///
    /// # Form
    /// `{"and": […]}`, `{"or": […]}`, `{"not": …}` and leaves. An empty `and` is every live row, an empty `or` none.
    ///
    /// `{"predicate": {"column", "op", …}}` with the ops `provided`; `equals`, `contains`, `starts_with`, `ends_with` (`text`);
    /// `matches` (`pattern`); `text_in` (`texts`); `number_in` (`numbers`); `in_range` (`low`, `low_inclusive`, `high`, `high_inclusive`, a
    /// null bound is open); `any_of` (`codes`); `month_day_in` (`ranges`: pairs of month * 32 + day, both ends included); `within`
    /// (`window`: null, `{"from_millis", "until_millis"}` or `{"from_offset", "until_offset"}`).
    ///
    /// `{"near": {"latitude", "longitude", "radius_metres"}}`; `{"sample": {"percent", "salt"}}`.
    ///
    /// `{"identified": {"by", "type"}}`: a profile id, or one of all alternate ids, e-mail addresses or phone numbers (`by`: `profile_id`,
    /// `alternate_id`, `email`, `phone`) is among the values that come beside the condition, see [`compile_with`](Self::compile_with);
    /// e-mail addresses are compared without regard to case. A `type` that is not null is that of the identifier, or with profile ids the
    /// customer type, without regard to case.
    ///
    /// `{"did": {"event_type", "where", "window", "sum_of", "low", "low_inclusive", "high", "high_inclusive"}}`; `{"first_did":
    /// {"event_type", "where", "window"}}`; `{"did_then": {"first": {"event_type", "where"}, "second": …, "within_millis", "window"}}`.
    /// `where` is an array of tests of properties: `{"property", "op", …, "negative"}` with the ops above but `within` and
    /// `month_day_in`.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`](crate::error::KernelError::DefinitionInvalid) when it is not of this form, nested more than
    /// 60 deep or larger than 10,000 nodes, when it lists more than 100,000 values, names a column the schema does not have, or an op that
    /// does not fit the column's kind, or looks for identifiers; [`KernelError::PatternTooCostly`](crate::error::KernelError::PatternTooCostly) for a regular
    /// expression that is malformed, longer than 1,000 characters, or compiles to more than 1 MiB.
    pub fn compile(schema: &Schema, condition_json: &[u8], now_millis: i64) -> Result<Self> {
        Self::compile_with(schema, condition_json, now_millis, None)
    }

    /// Compiles a condition that may look for identifiers.
    ///
    /// # Errors
    /// Those of [`compile`](Self::compile); [`KernelError::DefinitionInvalid`](crate::error::KernelError::DefinitionInvalid) too when
    /// the condition looks for identifiers of another kind than the values are, or there are no values.
    pub fn compile_with(
        schema: &Schema,
        condition_json: &[u8],
        now_millis: i64,
        values: Option<&MatchValues>,
    ) -> Result<Self> {
        let condition = Condition::from_json(condition_json)?;
        let mut compiler = Compiler {
            schema,
            values,
            leaves: Vec::new(),
        };
        let root = compiler.compile(&condition)?;
        let timed = root.leaves().into_iter().filter(|leaf| leaf.is_timed());
        let timed = timed.cloned().collect();
        let tree = Arc::new(Tree {
            root,
            leaves: compiler.leaves,
            timed,
        });
        Ok(Self { tree, now_millis })
    }

    /// The same condition at another moment; shares the compiled tree.
    #[must_use]
    pub fn at(&self, now_millis: i64) -> Self {
        Self {
            tree: Arc::clone(&self.tree),
            now_millis,
        }
    }

    /// The moment that relative windows are measured from, milliseconds since 1970 UTC.
    pub fn now_millis(&self) -> i64 {
        self.now_millis
    }

    /// Columns whose values the answer depends on, ascending; those that a row is created with and keeps are left out.
    pub fn columns(&self) -> Vec<ColumnId> {
        self.sorted(|leaf| leaf.columns())
    }

    /// Types of the events that the answer depends on, ascending.
    pub fn event_types(&self) -> Vec<u16> {
        self.sorted(|leaf| leaf.event_types())
    }

    fn sorted<T: Ord>(&self, of_leaf: impl Fn(&dyn Leaf) -> Vec<T>) -> Vec<T> {
        let leaves = self.tree.root.leaves();
        let mut all: Vec<T> = leaves
            .into_iter()
            .flat_map(|leaf| of_leaf(&**leaf))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Turns conditions into nodes and remembers their leaves.
struct Compiler<'a> {
    schema: &'a Schema,
    values: Option<&'a MatchValues>,
    leaves: Vec<Arc<dyn Leaf>>,
}

impl Compiler<'_> {
    fn compile(&mut self, condition: &Condition) -> Result<Node> {
        Ok(match condition {
            Condition::And(children) => Node::and(self.compile_all(children)?),
            Condition::Or(children) => Node::or(self.compile_all(children)?),
            Condition::Not(child) => Node::not(self.compile(child)?),
            Condition::Predicate(comparison) => {
                self.leaf(comparison::compile(self.schema, comparison)?)
            }
            Condition::Near(near) => self.leaf(Circle::new(near)?),
            Condition::Sample(sample) => self.leaf(Share::new(sample)?),
            Condition::Identified(identified) => {
                self.leaf(Identifiers::new(identified, self.values)?)
            }
            Condition::Did(did) => self.leaf(Count::new(self.schema, did)?),
            Condition::FirstDid(first_did) => self.leaf(First::new(self.schema, first_did)?),
            Condition::DidThen(did_then) => self.leaf(Sequence::new(self.schema, did_then)?),
        })
    }

    fn compile_all(&mut self, conditions: &[Condition]) -> Result<Vec<Node>> {
        conditions
            .iter()
            .map(|condition| self.compile(condition))
            .collect()
    }

    fn leaf(&mut self, leaf: impl Leaf + 'static) -> Node {
        let leaf: Arc<dyn Leaf> = Arc::new(leaf);
        self.leaves.push(Arc::clone(&leaf));
        Node::leaf(leaf)
    }
}

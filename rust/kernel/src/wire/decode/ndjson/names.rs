//! Names of members, looked up once and remembered.

use super::member::Members;

/// What a name of an object's member leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<M> {
    /// A member that the object did not have yet.
    New(M),
    /// One that it had, by its first spelling.
    Again(&'static str),
    /// No member of such objects.
    Unknown,
}

/// The names that objects of one kind have.
///
/// Objects of a block resemble each other: the same name tends to stand at the same position, so a comparison with the name seen there
/// before saves the look-up.
pub(super) struct Names<'a, M: 'static> {
    /// Each name with its position among all members.
    by_position: Vec<(&'a [u8], usize)>,
    /// A bit for each member that the object has.
    seen: u32,
    members: Members<M>,
}

impl<'a, M: Copy> Names<'a, M> {
    pub(super) fn new(members: Members<M>) -> Self {
        Self {
            by_position: Vec::new(),
            seen: 0,
            members,
        }
    }

    /// Begins an object.
    pub(super) fn begin(&mut self) {
        self.seen = 0;
    }

    /// Looks up the name that stands at some position of the object.
    #[inline]
    pub(super) fn find(&mut self, position: usize, name: &'a [u8]) -> Found<M> {
        let member = match self.by_position.get(position) {
            Some(&(before, member)) if before == name => member,
            _ => match self.look_up(position, name) {
                Some(member) => member,
                None => return Found::Unknown,
            },
        };
        let (found, name, _) = self.members[member];
        let bit = 1 << member;
        if self.seen & bit != 0 {
            return Found::Again(name);
        }
        self.seen |= bit;
        Found::New(found)
    }

    fn look_up(&mut self, position: usize, name: &'a [u8]) -> Option<usize> {
        let is = |spelling: &str| spelling.as_bytes() == name;
        let member = self
            .members
            .iter()
            .position(|(_, one, other)| is(one) || is(other))?;
        // Behind a gap a name comes to stand too early, which costs a look-up and nothing else.
        match self.by_position.get_mut(position) {
            Some(before) => *before = (name, member),
            None => self.by_position.push((name, member)),
        }
        Some(member)
    }
}

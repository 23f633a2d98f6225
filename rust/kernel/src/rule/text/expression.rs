//! Texts that a regular expression matches.
//!
//! Stored texts are folded, so an expression is narrowed to folded characters before it is compiled: a letter is then one literal instead
//! of a class of all its cases, and literals are searched for as fast as any text.

use std::sync::LazyLock;

use regex_automata::Input;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::meta::{self, BuildError, Regex};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition};

use super::{Pattern, Place, TextTest, search_cost};
use crate::bitmap::Words;
use crate::column::{Arena, TextBlock};
use crate::error::{KernelError, Result};
use crate::fold::fold;
use crate::rule::selection::retain_by_row;

/// Most characters of an expression.
const CHARS_MAX: usize = 1_000;

/// Most bytes that an expression compiles to.
const COMPILED_MAX_BYTES: usize = 1 << 20;

/// Most bytes of an expression's states when they are all made beforehand, which takes some milliseconds then.
const DFA_MAX_BYTES: usize = 1 << 18;

/// Deepest nesting of groups and repetitions.
const NESTING_MAX: u32 = 100;

/// Shortest text that is worth being searched for before the expression is asked.
const REQUIRED_MIN_BYTES: usize = 2;

/// How much dearer an expression is than a search, about: for the order of comparisons only.
const EXPRESSION_COST: usize = 4;

/// A regular expression, compiled once.
#[derive(Debug)]
struct Expression {
    regex: Regex,
    /// All its states; `None` when they are too many, or cannot be told apart byte by byte.
    states: Option<States>,
    /// A text that everything matched holds.
    required: Option<Pattern>,
}

/// Compiles an expression for texts that are folded, where case does not count, or for exact ones.
///
/// # Errors
/// [`KernelError::PatternTooCostly`] when it is malformed, longer than 1,000 characters, or compiles to more than 1 MiB.
pub(in crate::rule) fn compile(pattern: &str, folds: bool) -> Result<Box<dyn TextTest>> {
    let hir = parse(pattern, folds)?;
    Ok(match search(&hir) {
        Some(search) => Box::new(search),
        None => Box::new(Expression::new(&hir)?),
    })
}

fn parse(pattern: &str, folds: bool) -> Result<Hir> {
    if pattern.chars().count() > CHARS_MAX {
        return Err(refused(format!("more than {CHARS_MAX} characters")));
    }
    let mut parser = ParserBuilder::new()
        .case_insensitive(folds)
        .nest_limit(NESTING_MAX)
        .build();
    let parsed = parser
        .parse(pattern)
        .map_err(|error| refused(fault(&error)))?;
    Ok(if folds { narrowed(parsed) } else { parsed })
}

/// The search for a text that an expression amounts to, if it does.
fn search(hir: &Hir) -> Option<Pattern> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let kinds: Vec<&HirKind> = parts.iter().map(Hir::kind).collect();
    let (place, literal) = match kinds.as_slice() {
        [HirKind::Literal(literal)] => (Place::Anywhere, literal),
        [HirKind::Look(Look::Start), HirKind::Literal(literal)] => (Place::Start, literal),
        [HirKind::Literal(literal), HirKind::Look(Look::End)] => (Place::End, literal),
        [
            HirKind::Look(Look::Start),
            HirKind::Literal(literal),
            HirKind::Look(Look::End),
        ] => (Place::Whole, literal),
        _ => return None,
    };
    Some(Pattern::new(place, &literal.0))
}

impl Expression {
    fn new(hir: &Hir) -> Result<Self> {
        let config = meta::Config::new()
            .nfa_size_limit(Some(COMPILED_MAX_BYTES))
            .which_captures(WhichCaptures::Implicit);
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(hir)
            .map_err(|error| refused(excess(&error)))?;
        let required = required(hir).filter(|text| text.len() >= REQUIRED_MIN_BYTES);
        Ok(Self {
            regex,
            states: States::new(hir),
            required: required.map(|text| Pattern::new(Place::Anywhere, text)),
        })
    }
}

/// All states of an expression, where they are few, and the one in which a text is begun.
#[derive(Debug)]
struct States {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl States {
    fn new(hir: &Hir) -> Option<Self> {
        let nfa = thompson::Config::new()
            .nfa_size_limit(Some(DFA_MAX_BYTES))
            .which_captures(WhichCaptures::None);
        let nfa = thompson::Compiler::new()
            .configure(nfa)
            .build_from_hir(hir)
            .ok()?;
        // Texts are too short for skipping ahead to pay.
        let config = dense::Config::new()
            .accelerate(false)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(DFA_MAX_BYTES))
            .determinize_size_limit(Some(DFA_MAX_BYTES));
        let dfa = dense::Builder::new()
            .configure(config)
            .build_from_nfa(&nfa)
            .ok()?;
        let start = dfa.start_state_forward(&Input::new("")).ok()?;
        Some(Self { dfa, start })
    }

    /// Whether a text matches; `None` when that cannot be told byte by byte.
    fn matches(&self, text: &[u8]) -> Option<bool> {
        let mut state = self.start;
        for &byte in text {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) {
                if self.dfa.is_match_state(state) {
                    return Some(true);
                } else if self.dfa.is_dead_state(state) {
                    return Some(false);
                } else if self.dfa.is_quit_state(state) {
                    return None;
                }
            }
        }
        Some(self.dfa.is_match_state(self.dfa.next_eoi_state(state)))
    }
}

impl TextTest for Expression {
    fn matches(&self, text: &[u8]) -> bool {
        let states = self.states.as_ref();
        states
            .and_then(|states| states.matches(text))
            .unwrap_or_else(|| self.regex.is_match(text))
    }

    fn retain_in_arena(&self, texts: &Arena, words: &mut Words) {
        if let Some(required) = &self.required {
            required.retain_in_arena(texts, words);
        }
        retain_by_row(words, |row| self.matches(texts.get(row)));
    }

    fn cost_of_block(&self, block: &TextBlock) -> usize {
        EXPRESSION_COST * search_cost(block)
    }
}

fn refused(problem: String) -> KernelError {
    KernelError::PatternTooCostly { problem }
}

/// What is wrong with the expression, and at which byte.
fn fault(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => {
            format!("{} at byte {}", error.kind(), error.span().start.offset)
        }
        regex_syntax::Error::Translate(error) => {
            format!("{} at byte {}", error.kind(), error.span().start.offset)
        }
        _ => error.to_string(),
    }
}

fn excess(error: &BuildError) -> String {
    match error.size_limit() {
        Some(limit) => format!("compiles to more than {limit} bytes"),
        None => error.to_string(),
    }
}

/// Every character that folding replaces by another.
static UNFOLDED: LazyLock<ClassUnicode> = LazyLock::new(|| {
    let mut utf8 = [0; 4];
    let changes =
        |&character: &char| !crate::fold::is_folded(character.encode_utf8(&mut utf8).as_bytes());
    let unfolded = (char::MIN..=char::MAX).filter(changes);
    ClassUnicode::new(unfolded.map(|character| ClassUnicodeRange::new(character, character)))
});

/// What some characters fold to.
fn folded(class: &ClassUnicode) -> ClassUnicode {
    let characters = class.iter().flat_map(|range| range.start()..=range.end());
    let folded: String = characters.collect();
    let folded = fold(&folded);
    ClassUnicode::new(
        folded
            .chars()
            .map(|character| ClassUnicodeRange::new(character, character)),
    )
}

/// The same expression for folded texts: matches a folded text exactly when the expression matches it without regard to case.
fn narrowed(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Hir::literal(fold(text).into_bytes()),
            Err(_) => Hir::literal(literal.0),
        },
        HirKind::Class(Class::Unicode(mut class)) => {
            let mut unfolded = class.clone();
            unfolded.intersect(&UNFOLDED);
            class.difference(&UNFOLDED);
            class.union(&folded(&unfolded));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(class) => Hir::class(class),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(narrowed(*repetition.sub)),
            ..repetition
        }),
        HirKind::Capture(capture) => narrowed(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(narrowed).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(narrowed).collect()),
    }
}

/// The longest text that stands in every match for certain, as far as is easily seen.
fn required(hir: &Hir) -> Option<&[u8]> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(&literal.0),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(required)
            .max_by_key(|text| text.len()),
        _ => None,
    }
}

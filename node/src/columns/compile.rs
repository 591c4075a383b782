//! From a plan to a [`Program`] over one generation, or to the answer that columns cannot serve it.

use sumac_protocol::dictionary::{Dictionary, UNKNOWN};
use sumac_protocol::plan::{Bands, Condition, Gain, Grouping, Measure, Plan, Quantity, Relation::AtLeast};

use super::column::{ColumnId, Width};
use super::generation::Generation;
use super::layout::{FieldPlace, Scale};
use super::program::{Banded, Code, Gate, MISSING, Measured, Number, Part, Program, Table, Test, Truth, Use, Values};

mod nearest;
mod truth;

/// The program of a plan, or `None` where a part of it reads something that is in no column.
pub(crate) fn compile(plan: &Plan, dictionary: &Dictionary, generation: &Generation) -> Option<Program> {
    let mut compiler = Compiler { dictionary, generation, uses: Vec::new(), gates: Vec::new() };
    let mut rest = Vec::new();
    if let Some(filter) = &plan.filter {
        let test = compiler.test(filter)?;
        let parts = if let Test::All(parts) = test { parts } else { vec![test] };
        for part in parts {
            if let Test::Byte { byte, truth } = &part {
                compiler.gate(*byte, |pattern| truth_at(truth, pattern) == Truth::Yes);
            } else {
                rest.push(part);
            }
        }
    }
    let Groups { parts: groups, bands, known } = compiler.groups(&plan.group_by)?;
    rest.extend(known);
    let quantities = plan.quantities.iter().map(|quantity| compiler.quantity(quantity)).collect::<Option<_>>()?;
    let rest = if rest.is_empty() { None } else { Some(Test::All(rest)) };
    Some(Program { uses: compiler.uses, gates: compiler.gates, rest, groups, bands, quantities })
}

/// Collects what the parts of one plan share, so that each column is read once per chunk.
struct Compiler<'a> {
    dictionary: &'a Dictionary,
    /// Its layout decides what can be answered; another generation needs another program.
    generation: &'a Generation,
    /// No column twice; the places in it are what `Use` counts, so it only ever grows.
    uses: Vec<(ColumnId, Width)>,
    /// At most one for each packed byte: conditions on the same byte are merged.
    gates: Vec<Gate>,
}

/// What decides the group of a course.
#[derive(Debug, Default)]
struct Groups {
    /// At most one for each packed byte.
    parts: Vec<Part>,
    bands: Vec<Banded>,
    /// That the numbers of the bands are there.
    known: Vec<Test>,
}

impl Groups {
    /// What each pattern of a byte adds. `None` where there are more groups than numbers for them.
    fn add(&mut self, byte: Use, share: impl Fn(u8) -> u32) -> Option<()> {
        if !self.parts.iter().any(|part| part.byte == byte) {
            self.parts.push(Part { byte, part: Box::new([0; 256]) });
        }
        for part in self.parts.iter_mut().filter(|part| part.byte == byte) {
            for (pattern, sum) in (0..=u8::MAX).zip(part.part.iter_mut()) {
                *sum = sum.checked_add(share(pattern))?;
            }
        }
        Some(())
    }
}

impl Compiler<'_> {
    /// `None` where the layout has no such column.
    fn use_of(&mut self, column: ColumnId) -> Option<Use> {
        if let Some(at) = self.uses.iter().position(|(known, _)| *known == column) {
            return Some(Use(at));
        }
        self.uses.push((column, self.generation.layout().width(column)?));
        Some(Use(self.uses.len().checked_sub(1)?))
    }

    /// A column of distances from a number.
    fn distances(&mut self, column: ColumnId, from: i32) -> Option<Values> {
        match self.generation.layout().width(column)? {
            Width::One => self.patterns(column, |pattern| {
                if pattern == u8::MAX { MISSING } else { from.saturating_add(i32::from(pattern)) }
            }),
            Width::Two => Some(Values { column: self.use_of(column)?, code: Code::Two { from } }),
            Width::Four => Some(Values { column: self.use_of(column)?, code: Code::Four { from } }),
        }
    }

    /// A column of bytes, each of which stands for a number or for [`MISSING`].
    fn patterns(&mut self, column: ColumnId, number: impl Fn(u8) -> i32) -> Option<Values> {
        let mut table = Box::new([MISSING; 256]);
        for (pattern, entry) in (0..=u8::MAX).zip(table.iter_mut()) {
            *entry = number(pattern);
        }
        Some(Values { column: self.use_of(column)?, code: Code::Byte(table) })
    }

    /// Lets in only the patterns of a byte that `pass`, besides what other gates say. Patterns that never are
    /// pass none, so that those which do more often lie side by side.
    fn gate(&mut self, byte: Use, pass: impl Fn(u8) -> bool) {
        if !self.gates.iter().any(|gate| gate.byte == byte) {
            self.gates.push(Gate { byte, pass: Box::new([1; 256]) });
        }
        let column = self.uses.get(byte.0).map_or(ColumnId::OWNER, |(column, _)| *column);
        let layout = self.generation.layout();
        let pass = |pattern| layout.may_hold(column, pattern) && pass(pattern);
        for gate in self.gates.iter_mut().filter(|gate| gate.byte == byte) {
            for (pattern, open) in (0..=u8::MAX).zip(gate.pass.iter_mut()) {
                *open &= u8::from(pass(pattern));
            }
        }
    }

    /// What packed bytes and bands add to the number of a group; courses in no group are not let in.
    fn groups(&mut self, groupings: &[Grouping]) -> Option<Groups> {
        let mut groups = Groups::default();
        let mut below: usize = groupings.iter().map(|grouping| grouping.values.len()).product();
        for grouping in groupings {
            below = below.checked_div(grouping.values.len())?;
            if let Some((byte, place)) = self.places(grouping) {
                let place = |pattern| u32::try_from(place(pattern)?.checked_mul(below)?).ok();
                let byte = self.use_of(byte)?;
                self.gate(byte, |pattern| place(pattern).is_some());
                groups.add(byte, |pattern| place(pattern).unwrap_or(0))?;
            } else {
                let Bands { measure, bounds } = grouping.bands.as_ref()?;
                let known = Test::Compare { number: self.number(measure)?, relation: AtLeast, value: i64::MIN };
                groups.known.push(known);
                let (number, bounds) = (self.number(measure)?, bounds.clone());
                groups.bands.push(Banded { number, bounds, each: u32::try_from(below).ok()? });
            }
        }
        Some(groups)
    }

    /// The packed byte that decides the place of a course in a grouping by a category or a flag, and how.
    fn places(&self, grouping: &Grouping) -> Option<(ColumnId, impl Fn(u8) -> Option<usize> + use<>)> {
        let field = match &grouping.bands {
            None => &grouping.field,
            Some(Bands { measure: Measure::Field(field), bounds }) if bounds.as_slice() == [1] => field,
            Some(_) => return None,
        };
        let place = self.generation.layout().field(field)?.clone();
        let column = match (&place, &grouping.bands) {
            (FieldPlace::Category { digit, .. }, None) | (FieldPlace::Flag { digit }, Some(_)) => digit.column,
            (FieldPlace::Category { .. } | FieldPlace::Flag { .. } | FieldPlace::Number { .. }, _) => return None,
        };
        let wanted = grouping.values.clone();
        let at = move |pattern| match &place {
            FieldPlace::Category { digit, values } => {
                let code = usize::from(digit.read(pattern)).checked_sub(1).and_then(|at| values.get(at))?;
                wanted.iter().position(|value| value == code && value != UNKNOWN)
            }
            FieldPlace::Flag { digit } => match truth::of_digit(digit.read(pattern)) {
                Truth::No => Some(0),
                Truth::Yes => Some(1),
                Truth::Open => None,
            },
            FieldPlace::Number { .. } => None,
        };
        Some((column, at))
    }

    /// `None` also where a bound leaves no room for sums in 32 bits.
    fn quantity(&mut self, quantity: &Quantity) -> Option<Measured> {
        let (min, max) = (near(quantity.min)?, near(quantity.max)?);
        Some(Measured { number: self.number(&quantity.measure)?, min, max, joint: quantity.joint })
    }

    /// `None` for a condition that this version does not know, so that records are read instead.
    fn test(&mut self, condition: &Condition) -> Option<Test> {
        match condition {
            Condition::Flag(field) => self.byte_test(field, |place, pattern| match place {
                FieldPlace::Flag { digit } => truth::of_digit(digit.read(pattern)),
                FieldPlace::Category { .. } | FieldPlace::Number { .. } => Truth::Open,
            }),
            Condition::Is { field, values: wanted } => self.byte_test(field, |place, pattern| match place {
                FieldPlace::Category { digit, values } => {
                    let code = usize::from(digit.read(pattern)).checked_sub(1).and_then(|at| values.get(at));
                    code.map_or(Truth::Open, |code| Truth::from(wanted.contains(code)))
                }
                FieldPlace::Flag { .. } | FieldPlace::Number { .. } => Truth::Open,
            }),
            Condition::Compare { measure, relation, value } => {
                Some(Test::Compare { number: self.number(measure)?, relation: *relation, value: *value })
            }
            Condition::Holds(measure) => {
                let relation = sumac_protocol::plan::Relation::Unequal;
                Some(Test::Compare { number: self.number(measure)?, relation, value: 0 })
            }
            Condition::All(parts) => Some(truth::all(self.tests(parts)?)),
            Condition::Any(parts) => Some(truth::any(self.tests(parts)?)),
            Condition::Not(part) => Some(truth::not(self.test(part)?)),
            // A condition of a later version: read records.
            _ => None,
        }
    }

    /// `None` as soon as one of them cannot be served: half a filter would let in too many.
    fn tests(&mut self, conditions: &[Condition]) -> Option<Vec<Test>> {
        conditions.iter().map(|condition| self.test(condition)).collect()
    }

    /// Decides all 256 patterns ahead, so that a scan only looks one up.
    /// A number's field is open in every row, as it has neither flag nor category to test.
    fn byte_test(&mut self, field: &str, truth: impl Fn(&FieldPlace, u8) -> Truth) -> Option<Test> {
        let place = self.generation.layout().field(field)?.clone();
        let (FieldPlace::Category { digit, .. } | FieldPlace::Flag { digit }) = &place else {
            return Some(Test::Always(Truth::Open));
        };
        let table = truth::table(|pattern| truth(&place, pattern));
        Some(Test::Byte { byte: self.use_of(digit.column)?, truth: table })
    }

    /// `None` where it needs something outside the columns, or is of a later version.
    fn number(&mut self, measure: &Measure) -> Option<Number> {
        match measure {
            Measure::Field(field) => self.field(field),
            Measure::Baseline { instrument } => self.baseline(instrument),
            Measure::Score { instrument, at } => self.nearest(instrument, at.day, at.from, at.to),
            Measure::Change { instrument, at } => {
                let score = self.nearest(instrument, at.day, at.from, at.to)?;
                Some(Number::Less(Box::new(score), Box::new(self.baseline(instrument)?)))
            }
            Measure::Clip { of, low, high } => {
                Some(Number::Clip { of: Box::new(self.number(of)?), low: near(*low)?, high: near(*high)? })
            }
            Measure::Response { instrument, at, at_least: Gain::OfBaseline(at_least), missing } => {
                let better = self.dictionary.instrument(instrument)?.better;
                let endpoint = Box::new(self.nearest(instrument, at.day, at.from, at.to)?);
                let baseline = Box::new(self.baseline(instrument)?);
                let (at_least, missing) = (*at_least, *missing);
                Some(Number::Response { endpoint, baseline, better, at_least, missing })
            }
            Measure::Remission { instrument, at, limit } => {
                let better = self.dictionary.instrument(instrument)?.better;
                let total = Box::new(self.nearest(instrument, at.day, at.from, at.to)?);
                Some(Number::Remission { total, better, limit: *limit })
            }
            // These, and measures of a later version: read records.
            Measure::Response { at_least: Gain::Points(_) | Gain::Bands(_), .. }
            | Measure::Deteriorated { .. }
            | Measure::PercentChange { .. }
            | Measure::ChangeFraction { .. }
            | Measure::Sessions { .. }
            | Measure::AdverseEvents { .. }
            | Measure::Is { .. }
            | Measure::TimeTo { .. }
            | Measure::DosePerKilogram { .. }
            | Measure::CumulativeDose
            | Measure::Peak { .. }
            | Measure::AdverseEvent { .. }
            | Measure::Reached { .. }
            | Measure::Missing { .. }
            | _ => None,
        }
    }

    /// A category is missing as a number, as is a column that this generation never filled.
    fn field(&mut self, field: &str) -> Option<Number> {
        match self.generation.layout().field(field)?.clone() {
            FieldPlace::Category { .. } => Some(Number::Missing),
            FieldPlace::Flag { digit } => {
                let number = |pattern| match truth::of_digit(digit.read(pattern)) {
                    Truth::No => 0,
                    Truth::Yes => 1,
                    Truth::Open => MISSING,
                };
                self.patterns(digit.column, number).map(Number::Column)
            }
            FieldPlace::Number { column, scale } if self.generation.has(column) => {
                self.distances(column, scale.min).map(Number::Column)
            }
            FieldPlace::Number { .. } => Some(Number::Missing),
        }
    }

    /// The baseline by the rule of the dictionary, under which the columns were cut.
    fn baseline(&mut self, instrument: &str) -> Option<Number> {
        let scale = self.scale(instrument)?;
        let column = ColumnId::baseline(scale.index);
        if self.generation.has(column) {
            self.distances(column, scale.min).map(Number::Column)
        } else {
            Some(Number::Missing)
        }
    }

    fn scale(&self, instrument: &str) -> Option<Scale> {
        self.generation.layout().instrument(instrument).copied()
    }
}

/// A pattern outside the table is open; with 256 entries there is none.
fn truth_at(table: &Table<Truth>, pattern: u8) -> Truth {
    table.get(usize::from(pattern)).copied().unwrap_or(Truth::Open)
}

/// A bound that leaves room for sums and differences in 32 bits.
fn near(bound: i64) -> Option<i32> {
    i32::try_from(bound).ok().filter(|bound| bound.unsigned_abs() <= 1 << 30)
}

//! The attacks' questions, in the words of whatever dictionary the charter has.

use sumac_protocol::dictionary::{Dictionary, FieldKind};
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::question;
use sumac_protocol::record::{Assessment, Course, FieldValue};

use super::AttackError;

/// What of a dictionary the questions are about.
#[derive(Debug)]
pub(super) struct Words {
    /// A closed category: its name, its value that only the attacked patient has, and the others.
    category: Option<(String, String, Vec<String>)>,
    measured: Measured,
}

/// What is averaged.
#[derive(Debug)]
enum Measured {
    /// An instrument's baseline, and its largest total.
    Baseline(String, i64),
    /// A number, and its largest value.
    Number(String, i64),
    /// Nothing that this dictionary has.
    Nothing,
}

impl Words {
    /// Finds them: the category with the fewest values, and the first thing that can be averaged.
    pub(super) fn of(dictionary: &Dictionary) -> Result<Self, AttackError> {
        let mut words = Self { category: None, measured: Measured::Nothing };
        compile(dictionary, &words.everybody())?;
        let closed = dictionary.fields().iter().filter(|field| field.told_by.is_none()).filter_map(|field| {
            let FieldKind::Category { values } = &field.kind else { return None };
            let (only, others) = values.split_first()?;
            (!others.is_empty()).then(|| (field.id.clone(), only.clone(), others.to_vec()))
        });
        words.category = closed.min_by_key(|(_, _, others)| others.len());
        let baselines = dictionary.instruments().iter().filter(|i| !i.per_session && !i.ordinal && !i.rates_change);
        let baselines = baselines.map(|i| Measured::Baseline(i.id.clone(), i.max));
        let numbers = dictionary.fields().iter().filter_map(|field| match &field.kind {
            FieldKind::Number { max, .. } => Some(Measured::Number(field.id.clone(), *max)),
            FieldKind::Category { .. } | FieldKind::Flag => None,
        });
        for measured in baselines.chain(numbers) {
            let before = std::mem::replace(&mut words.measured, measured);
            if compile(dictionary, &words.everybody()).is_ok() {
                break;
            }
            words.measured = before;
        }
        Ok(words)
    }

    /// How many courses there are.
    pub(super) fn count(&self) -> String {
        "SELECT count(*) AS n FROM courses".to_owned()
    }

    /// How many courses there are, and their mean.
    pub(super) fn everybody(&self) -> String {
        format!("SELECT {} FROM courses", self.asked())
    }

    /// The same of those who are like the attacked patient, and, if wanted, of those with these other values too.
    pub(super) fn like_the_target(&self, others: usize) -> String {
        let Some((field, only, rest)) = &self.category else { return self.everybody() };
        let values: Vec<String> = std::iter::once(only).chain(rest.iter().take(others)).map(|v| quoted(v)).collect();
        format!("SELECT {} FROM courses WHERE \"{field}\" IN ({})", self.asked(), values.join(", "))
    }

    /// The same of everybody else.
    pub(super) fn unlike_the_target(&self) -> Option<String> {
        let (field, only, _) = self.category.as_ref()?;
        Some(format!("SELECT {} FROM courses WHERE NOT \"{field}\" IN ({})", self.asked(), quoted(only)))
    }

    /// The same by groups, of which the attacked patient has one alone.
    pub(super) fn by_group(&self) -> Option<String> {
        let (field, _, _) = self.category.as_ref()?;
        Some(format!("SELECT {} FROM courses GROUP BY \"{field}\"", self.asked()))
    }

    /// How many values other than the attacked patient's there are.
    pub(super) fn others(&self) -> usize {
        self.category.as_ref().map_or(0, |(_, _, others)| others.len())
    }

    /// Makes a course the attacked patient's: alone in its group, and as far out as the dictionary allows.
    pub(super) fn make_target(&self, course: &mut Course) {
        if let Some((field, only, _)) = &self.category {
            course.fields.insert(field.clone(), FieldValue::Category(only.clone()));
        }
        match &self.measured {
            Measured::Baseline(instrument, most) => {
                course.assessments.retain(|score| score.instrument != *instrument);
                course.assessments.push(Assessment::total(&**instrument, -1, *most));
                course.put_in_order();
            }
            Measured::Number(field, most) => {
                course.fields.insert(field.clone(), FieldValue::Number(*most));
            }
            Measured::Nothing => {}
        }
    }

    /// Makes a course another patient's, number so and so: in any group but the attacked patient's.
    pub(super) fn make_other(&self, course: &mut Course, number: usize) {
        if let Some((field, _, others)) = &self.category
            && let Some(value) = others.get(number % others.len().max(1))
        {
            course.fields.insert(field.clone(), FieldValue::Category(value.clone()));
        }
    }

    fn asked(&self) -> String {
        match &self.measured {
            Measured::Baseline(instrument, _) => format!("count(*) AS n, mean(baseline(\"{instrument}\")) AS m"),
            Measured::Number(field, _) => format!("count(*) AS n, mean(\"{field}\") AS m"),
            Measured::Nothing => "count(*) AS n".to_owned(),
        }
    }
}

/// A question as every node compiles it, not priced yet.
pub(super) fn compile(dictionary: &Dictionary, text: &str) -> Result<Plan, AttackError> {
    question::compile(text, dictionary, Mode::Dp)
        .map_err(|why| AttackError::Question { text: text.to_owned(), why: why.to_string() })
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

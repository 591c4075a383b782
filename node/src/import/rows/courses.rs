//! Rows of courses: fields and medicines at home.

use sumac_protocol::dictionary::{Field, FieldKind, UNKNOWN, ValueError, Vocabulary};
use sumac_protocol::record::FieldValue;

use super::times;
use crate::import::ImportError;
use crate::import::cell::{Lens, Renames, flag, pointed};
use crate::import::layout::{Finder, Part};
use crate::import::mapping::CourseColumns;
use crate::import::reading::{Reading, Whose};
use crate::import::reject::{Origin, Rejects, Why};
use crate::import::table::{Column, Row};

/// Where a row of a course holds what both mapping and dictionary know.
pub(in crate::import) struct Places<'a> {
    fields: Vec<FieldPlace<'a>>,
    at_home: Vec<ClassPlace<'a>>,
}

/// One field of the dictionary, and where a row tells it.
struct FieldPlace<'a> {
    column: Column,
    field: &'a Field,
    renames: Option<&'a Renames>,
}

/// One class of medicine, and the column with yes or no.
struct ClassPlace<'a> {
    column: Column,
    /// The dictionary's own code, checked when the layout was found.
    class: String,
    renames: Option<&'a Renames>,
}

/// Finds everything that rows of courses tell, also the times that stand in them.
pub(in crate::import) fn find<'a>(
    finder: &mut Finder<'_, 'a>,
    at: &str,
    section: &'a CourseColumns,
) -> Result<Vec<Part<'a>>, ImportError> {
    let (mut fields, mut at_home) = (Vec::new(), Vec::new());
    let dictionary = finder.lens.dictionary;
    for (name, column) in &section.fields {
        let key = format!("{at}.fields.{name}");
        let field = finder.known(&key, dictionary.known_field(name))?;
        let renames = section.codes.get(name);
        for (code, value) in renames.into_iter().flatten() {
            finder.known(&format!("{at}.codes.{name}.{code}"), dictionary.check_field(name, value))?;
        }
        fields.push(FieldPlace { column: finder.column(&key, column)?, field, renames });
    }
    for (name, column) in &section.at_home {
        let key = format!("{at}.at_home.{name}");
        let class = finder.code(&key, Vocabulary::Comedication, name)?;
        at_home.push(ClassPlace { column: finder.column(&key, column)?, class, renames: section.codes.get(name) });
    }
    let mut parts = vec![Part::Course(Places { fields, at_home })];
    for time in &section.time_to_event {
        parts.push(Part::Time(times::Places::find(finder, &format!("{at}.time_to_event"), time)?));
    }
    Ok(parts)
}

impl<'a> Places<'a> {
    /// A wrong cell rejects only itself.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()>
    where
        'a: 'l,
    {
        for FieldPlace { column, field, renames } in &self.fields {
            let value = reading
                .optional(row, Some(column), |text, lens, rejects| read_field(text, field, *renames, lens, rejects));
            if let Some(value) = value {
                let (draft, rejects) = reading.open(whose)?;
                rejects.sift(row.cell(column), draft.set_field(&field.id, value, Origin::new(row.line, column)));
            }
        }
        for ClassPlace { column, class, renames } in &self.at_home {
            if let Some(taken) = reading.optional(row, Some(column), |text, _, _| flag(class, text, *renames)) {
                let (draft, rejects) = reading.open(whose)?;
                rejects.sift(row.cell(column), draft.set_at_home(class, taken));
            }
        }
        Some(())
    }
}

/// Renamed values go first. A number may be written with the mapping's decimal sign.
/// A category that the dictionary lacks is counted and kept as unknown; anything else wrong is a reject.
fn read_field(
    text: &str,
    field: &Field,
    renames: Option<&Renames>,
    lens: Lens<'_>,
    rejects: &mut Rejects,
) -> Result<FieldValue, Why> {
    let renamed = renames.and_then(|renames| renames.get(text));
    let checked = match (renamed, &field.kind) {
        (Some(value), _) => lens.dictionary.check_field(&field.id, value),
        (None, FieldKind::Number { .. }) => lens.dictionary.check_field(&field.id, &pointed(text, lens.mapping)?),
        (None, FieldKind::Category { .. } | FieldKind::Flag) => lens.dictionary.check_field(&field.id, text),
    };
    match checked {
        Err(ValueError::NoSuchValue { .. }) => {
            rejects.count_unknown(&field.id, text);
            Ok(FieldValue::Category(UNKNOWN.to_owned()))
        }
        other => Ok(other?),
    }
}

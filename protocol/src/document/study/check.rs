//! Whether a study agrees with itself.

use super::error::StudyError;
use super::{Organisation, Purpose, Study};
use crate::cost::RhoMicro;
use crate::document::duo::{Permission, is_modifier};
use crate::document::wording::{line_flaw, prose_flaw, repeated};
use crate::limits::{
    CODES_MAX, LAY_TEXT_BYTES_MAX, NAME_BYTES_MAX, PLANNED_QUERIES_MAX, QUERY_BYTES_MAX, RESEARCHERS_MAX, RHO_MAX,
};
use crate::plan::Mode;

pub(super) fn check(study: &Study) -> Result<(), StudyError> {
    let lines = [
        ("id", &study.id),
        ("title", &study.title),
        ("approving_body", &study.approving_body),
        ("approval_reference", &study.approval_reference),
    ];
    lines.into_iter().try_for_each(|(what, text)| sound(what, line_flaw(text, NAME_BYTES_MAX)))?;
    sound("lay_summary", prose_flaw(&study.lay_summary, LAY_TEXT_BYTES_MAX))?;
    count("researchers", study.researchers.len(), 1, RESEARCHERS_MAX)?;
    once("researchers", study.researchers.iter(), ToString::to_string)?;
    count("categories", study.categories.len(), 1, 4)?;
    once("categories", study.categories.iter(), |category| format!("{category:?}"))?;
    purpose(&study.purpose)?;
    costs(study)?;
    plans(study)?;
    if study.queries_max == 0 {
        return Err(StudyError::NoQueries);
    }
    if study.valid_from >= study.valid_until {
        return Err(StudyError::NeverOpen { from: study.valid_from, until: study.valid_until });
    }
    Ok(())
}

fn purpose(purpose: &Purpose) -> Result<(), StudyError> {
    let lists =
        [("purpose.duo", &purpose.duo), ("disease", &purpose.disease), ("modifiers_met", &purpose.modifiers_met)];
    for (what, codes) in lists {
        count(what, codes.len(), 0, CODES_MAX)?;
        codes.iter().try_for_each(|code| sound(what, line_flaw(code, NAME_BYTES_MAX)))?;
        once(what, codes.iter(), |code| (*code).clone())?;
    }
    let unknown = |code: &&String| Permission::from_code(code).is_none() && !is_modifier(code);
    let strange = purpose.duo.iter().find(unknown);
    if let Some(code) = strange.or_else(|| purpose.modifiers_met.iter().find(|code| !is_modifier(code))) {
        return Err(StudyError::UnknownCode { code: code.clone() });
    }
    let permissions: Vec<Permission> = purpose.duo.iter().filter_map(|code| Permission::from_code(code)).collect();
    if permissions.is_empty() {
        return Err(StudyError::NoPurpose);
    }
    if permissions.contains(&Permission::DiseaseSpecific) && purpose.disease.is_empty() {
        return Err(StudyError::NoDisease);
    }
    let for_profit = purpose.organisation == Organisation::Commercial;
    for code in purpose.duo.iter().chain(&purpose.modifiers_met) {
        let contradicts = match code.as_str() {
            "NCU" => purpose.commercial,
            "NPU" => for_profit,
            "NPUNCU" => purpose.commercial || for_profit,
            "NPOA" => permissions.contains(&Permission::PopulationOrigins),
            _ => false,
        };
        if contradicts {
            return Err(StudyError::Contradiction { code: code.clone() });
        }
    }
    Ok(())
}

fn costs(study: &Study) -> Result<(), StudyError> {
    let (total, year) = (study.rho_total, study.rho_year);
    let sane = match study.mode {
        Mode::Dp => RhoMicro(0) < year && year <= total && total <= RHO_MAX,
        Mode::Exact => total == RhoMicro(0) && year == RhoMicro(0),
    };
    if sane { Ok(()) } else { Err(StudyError::Cost { total, year, mode: study.mode }) }
}

fn plans(study: &Study) -> Result<(), StudyError> {
    let range = match study.mode {
        Mode::Dp => (0, 0),
        Mode::Exact => (1, PLANNED_QUERIES_MAX),
    };
    count("plans", study.plans.len(), range.0, range.1)?;
    study.plans.iter().try_for_each(|plan| sound("a planned query", prose_flaw(&plan.query, QUERY_BYTES_MAX)))?;
    once("plans", study.plans.iter().map(|plan| &plan.query), |text| (*text).clone())?;
    if study.plans.iter().any(|plan| plan.times == 0) {
        return Err(StudyError::NoQueries);
    }
    Ok(())
}

fn sound(what: &'static str, flaw: Option<String>) -> Result<(), StudyError> {
    flaw.map_or(Ok(()), |flaw| Err(StudyError::Text { what, flaw }))
}

fn count(what: &'static str, got: usize, min: usize, max: usize) -> Result<(), StudyError> {
    if (min..=max).contains(&got) { Ok(()) } else { Err(StudyError::Count { what, got, min, max }) }
}

fn once<T: Ord + Copy>(
    what: &'static str,
    items: impl Iterator<Item = T>,
    show: impl FnOnce(&T) -> String,
) -> Result<(), StudyError> {
    match repeated(items) {
        Some(item) => Err(StudyError::Repeated { what, which: show(&item) }),
        None => Ok(()),
    }
}

//! QuestionnaireResponse: the answers to an instrument's items, and its total.
//!
//! An item is known by the LOINC code in its `linkId` (`/44250-9`), or by its number on a form that
//! Sumac wrote.

use sumac_protocol::dictionary::Instrument;

use super::super::codes::Asked;
use super::super::element::{Element, Flaw};
use super::super::facts::{Fact, ItemFact, Link, ScoreFact};
use super::super::names;
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::super::when::When;
use super::{Context, Found, score};

/// Answers and totals of a form that was filled in to its end.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    if !matches!(root.text("status")?, Some("completed" | "amended")) {
        return Ok(Some(Aside::Status));
    }
    let form = root.text("questionnaire")?.and_then(|url| url.strip_prefix(names::QUESTIONNAIRE_PREFIX));
    let form = form.and_then(|id| context.codes.dictionary.instrument(id));
    let mut asked = Vec::new();
    gather(root, form, context, &mut asked)?;
    if asked.is_empty() {
        return Ok(Some(Aside::NoKnownCode));
    }
    let when = When::of(root, "authored", context.today)?;
    let when = root.needed("authored", when)?;
    let link = context.link(root, "encounter")?;
    for (item, asked) in asked {
        match fact(&item, asked, when, &link, context) {
            Ok(fact) => found.facts.extend(fact),
            Err(flaw) => found.flaws.push(flaw),
        }
    }
    Ok(None)
}

/// Every item of a known meaning, however deep it stands. The depth of a resource is bounded.
fn gather<'v, 'd>(
    parent: &Element<'v>,
    form: Option<&'d Instrument>,
    context: &Context<'d>,
    asked: &mut Vec<(Element<'v>, Asked<'d>)>,
) -> Result<(), Flaw> {
    for item in parent.each("item")? {
        let link_id = item.text("linkId")?.unwrap_or_default();
        let code = link_id.rsplit('/').next().unwrap_or_default();
        let meaning = match form {
            Some(instrument) => code.parse().ok().map(|number| Asked::Item(instrument, number)),
            None => context.codes.asked_by_loinc(code),
        };
        gather(&item, form, context, asked)?;
        if let Some(meaning @ (Asked::Total(_) | Asked::Item(..))) = meaning {
            asked.push((item, meaning));
        }
    }
    Ok(())
}

/// One answer or total; a total without an answer says nothing.
fn fact(
    item: &Element<'_>,
    asked: Asked<'_>,
    when: When,
    link: &Link,
    context: &Context<'_>,
) -> Result<Option<Fact>, Flaw> {
    let answers = item.each("answer")?;
    let answer = match answers.as_slice() {
        [] => None,
        [one] => Some(one),
        [_, _, ..] => return Err(item.flaw(FhirWhy::Shape { want: "one answer" })),
    };
    let (instrument, link) = (asked.instrument(), link.clone());
    let id = instrument.id.clone();
    if let Asked::Item(_, number) = asked {
        let score = answer.map_or(Ok(None), |answer| score::answer(answer, instrument, number))?;
        return Ok(Some(Fact::Item(ItemFact { instrument: id, number, score, when, link })));
    }
    let Some(digits) = answer.map_or(Ok(None), score::total)? else { return Ok(None) };
    let checked = context.codes.dictionary.check_score(&id, &digits);
    let value = checked.map_err(|why| Flaw { value: digits, ..item.flaw(why) })?;
    Ok(Some(Fact::Score(ScoreFact { instrument: id, value, when, link })))
}

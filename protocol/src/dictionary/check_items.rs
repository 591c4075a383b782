//! From the written items of an instrument to checked ones.

use std::collections::BTreeSet;

use toml::Spanned;

use super::Items;
use super::about::About;
use super::coding::is_loinc;
use super::flaw::DictionaryError;
use super::written::WrittenItems;

/// Most items of one instrument.
const ITEMS_MAX: u16 = 512;

impl About<'_> {
    /// The items, which must be able to make exactly the totals that the instrument has.
    pub(super) fn items(
        &self,
        at: &Spanned<WrittenItems>,
        (min, max): (i64, i64),
        decimals: u8,
    ) -> Result<Items, DictionaryError> {
        let WrittenItems { count, min: low, max: high, kept, domains, loinc } = at.get_ref();
        let refuse = |fault: String, remedy| Err(self.value(at, "items", fault, remedy));
        if !(1..=ITEMS_MAX).contains(count) || low >= high {
            let remedy = "give a `count` of 1 to 512 and a `min` below the `max`";
            return refuse(format!("has {count} items of {low} to {high}"), remedy);
        }
        if let Some(fault) = domains_fault(domains, *count) {
            return refuse(fault, "list in each domain two or more items by number, each in one domain only");
        }
        if let Some(code) = loinc.iter().find(|code| !is_loinc(code)) {
            let remedy = "copy it from loinc.org, or leave all of them out; never guess";
            return refuse(format!("has the LOINC code `{code}`, whose check digit is wrong"), remedy);
        }
        if !loinc.is_empty() && loinc.len() != usize::from(*count) {
            let remedy = "give one for each item in the order of the form, or none";
            return refuse(format!("has {} LOINC codes for {count} items", loinc.len()), remedy);
        }
        let items =
            Items { count: *count, min: *low, max: *high, kept: *kept, domains: domains.clone(), loinc: loinc.clone() };
        let unit = 10_i64.pow(u32::from(decimals));
        let sum = |each: u8| i64::from(items.summands()) * i64::from(each) * unit;
        let (lowest, highest) = (sum(items.min), sum(items.max));
        if (lowest, highest) != (min, max) {
            let fault = format!("make totals of {lowest} to {highest}, where the instrument has {min} to {max}");
            return refuse(
                fault,
                "correct the range, the count or the domains; leave items out if they are scored unlike",
            );
        }
        Ok(items)
    }

    /// The number of an item, which must be on the form.
    pub(super) fn item_number(&self, at: &Spanned<u16>, items: Option<&Items>) -> Result<u16, DictionaryError> {
        let number = *at.get_ref();
        let last = items.map_or(ITEMS_MAX, |items| items.count);
        if (1..=last).contains(&number) {
            return Ok(number);
        }
        let fault = format!("is {number}, outside 1 to {last}");
        Err(self.value(at, "suicide_item", fault, "give the item's number on the form, from 1"))
    }
}

fn domains_fault(domains: &[Vec<u16>], count: u16) -> Option<String> {
    let mut taken = BTreeSet::new();
    for domain in domains {
        if domain.len() < 2 {
            return Some(format!("has a domain of {} items", domain.len()));
        }
        for number in domain {
            if !(1..=count).contains(number) {
                return Some(format!("has item {number} in a domain, where items go from 1 to {count}"));
            }
            if !taken.insert(*number) {
                return Some(format!("has item {number} in domains twice"));
            }
        }
    }
    None
}

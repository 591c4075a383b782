//! An estimate of every group as one table, the same for a terminal and for a page.

use sumac_protocol::answer::{Answer, Found, Logistic};
use sumac_protocol::plan::EstimateKind;

use super::about::{About, Asked};
use super::number::{fixed, of_count, percent, places, span};
use super::spot::{At, Spot, spots};
use super::words::group_name;

/// One table.
#[derive(Debug)]
pub(super) struct Block {
    /// What it is of, with the unit.
    pub(super) title: String,
    /// The columns, from the left.
    pub(super) columns: Vec<Column>,
    /// One row a group, or a day, bin or column of a group; as many cells as columns.
    pub(super) rows: Vec<Vec<String>>,
    /// What is said below it.
    pub(super) below: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// What stands in it.
    pub(super) heading: &'static str,
    /// Whether it is numbers, which stand to the right.
    pub(super) right: bool,
    /// Where it is shown.
    pub(super) shown: Shown,
}

/// Where a column is shown: eighty columns of text have less room than a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// On a terminal and on a page.
    Everywhere,
    /// On a terminal only: bars, which a page draws.
    Terminal,
    /// On a page only.
    Page,
}

/// A column of words, which begin at its left.
const fn words(heading: &'static str) -> Column {
    Column { heading, right: false, shown: Shown::Everywhere }
}

/// A column of numbers, whose last places stand under each other.
const fn number(heading: &'static str) -> Column {
    Column { heading, right: true, shown: Shown::Everywhere }
}

/// Bars and intervals in text; a page has a drawing of its own in their place.
const BAR: Column = Column { heading: "", right: false, shown: Shown::Terminal };
/// How far chance alone carries an estimate, told apart from the noise: a page has the room for it.
const SAMPLING: Column = Column { heading: "sampling ±1 SE", right: true, shown: Shown::Page };
/// How far the noise carries it, which is known exactly and says nothing of the records.
const NOISE: Column = Column { heading: "noise ±1 SD", right: true, shown: Shown::Page };
/// The part of the squared error that is noise, in percent: the one number of both that a terminal has room for.
const SHARE: Column = number("noise");
/// For sampling and noise together.
const INTERVAL: Column = number("95 % interval");

/// What a group that is held back shows in place of a value.
const HELD_BACK: &str = "held back";

/// The table of one estimate, by its place in the question.
pub(super) fn block(answer: &Answer, about: &About, at: usize) -> Option<Block> {
    let asked = about.asked.get(at)?;
    let rows = Rows::of(answer, asked, at);
    let mut block = match asked.of {
        EstimateKind::Histogram { .. } => rows.histogram(),
        EstimateKind::Trajectory => rows.trajectory(),
        EstimateKind::Linear | EstimateKind::Logistic => rows.regression(),
        EstimateKind::Survival => rows.survival(),
        EstimateKind::Rate => rows.one_each(number("of courses")),
        EstimateKind::EventsPer { .. } => rows.one_each(number("in")),
        EstimateKind::Correlation => rows.one_each(number("n, p")),
        EstimateKind::Count
        | EstimateKind::Mean
        | EstimateKind::Sum
        | EstimateKind::Variance
        | EstimateKind::Stddev
        | EstimateKind::Quantile { .. }
        | _ => rows.one_each(number("n")),
    };
    if about.group_by.is_empty() && asked.is_of_points() {
        // There is only one, and its name says nothing.
        block.columns.remove(0);
        block.rows.iter_mut().for_each(|row| drop(row.drain(..1)));
    }
    block.title = format!("{}: {}", crate::show::one_line(&asked.name), asked.title_and_unit());
    Some(block)
}

impl Asked {
    /// Whether it has several numbers a group.
    pub(super) const fn is_of_points(&self) -> bool {
        matches!(
            self.of,
            EstimateKind::Histogram { .. }
                | EstimateKind::Trajectory
                | EstimateKind::Linear
                | EstimateKind::Logistic
                | EstimateKind::Survival
        )
    }
}

/// A group's name, and what was found in it, where it is not held back.
type Told<'a> = (String, Option<(&'a Found, Vec<Spot>)>);

/// What the groups say of one estimate.
struct Rows<'a> {
    /// What they are of.
    asked: &'a Asked,
    /// In the order of the answer.
    groups: Vec<Told<'a>>,
    /// Decimal places of all values.
    places: usize,
    /// What the bars span.
    scale: (f64, f64),
}

impl<'a> Rows<'a> {
    /// What every group says of the estimate at this place, with as many decimal places as tell something in all
    /// of them, so that numbers of one column can be compared digit by digit.
    fn of(answer: &'a Answer, asked: &'a Asked, at: usize) -> Self {
        let numbers = |found: &'a Found| {
            let spots = spots(found).into_iter();
            let spots =
                spots.map(|spot| if asked.is_share() && spot.at != At::Median { spot.in_percent() } else { spot });
            (found, spots.collect::<Vec<_>>())
        };
        let found = answer.groups.iter().map(|group| {
            let found = group.shown(at).map(numbers);
            (group_name(&group.key), found)
        });
        let groups: Vec<_> = found.collect();
        let all = groups.iter().filter_map(|(_, found)| found.as_ref()).flat_map(|(_, spots)| spots);
        let all = all.filter(|spot| spot.at != At::Median).flat_map(|spot| [spot.value, spot.low, spot.high]).flatten();
        let ends = all.filter(|end| end.is_finite()).collect::<Vec<_>>();
        let places = match asked.of {
            EstimateKind::Count | EstimateKind::Histogram { .. } => 0,
            _ if asked.is_share() => 1,
            EstimateKind::Mean
            | EstimateKind::Rate
            | EstimateKind::Sum
            | EstimateKind::Variance
            | EstimateKind::Stddev
            | EstimateKind::Quantile { .. }
            | EstimateKind::Correlation
            | EstimateKind::Linear
            | EstimateKind::Logistic
            | EstimateKind::Survival
            | EstimateKind::EventsPer { .. }
            | EstimateKind::Trajectory
            | _ => places(ends.iter().copied()),
        };
        let scale = ends.iter().fold((0.0, 0.0), |(low, high): (f64, f64), end| (low.min(*end), high.max(*end)));
        Self { asked, groups, places, scale }
    }

    /// A number with its unit, or a dash where the answer has none.
    fn value(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".into(), |value| self.amount(value))
    }

    /// A number in the places of its column.
    fn amount(&self, value: f64) -> String {
        format!("{}{}", fixed(value, self.places), if self.asked.is_share() { " %" } else { "" })
    }

    /// Both ends, or a dash where the answer has no interval: an exact answer of one course, or one that noise
    /// leaves nothing of.
    fn interval(&self, spot: &Spot) -> String {
        let unit = if self.asked.is_share() { " %" } else { "" };
        spot.interval().map_or_else(|| "–".into(), |ends| format!("{}{unit}", span(ends, self.places)))
    }

    /// Sampling and noise apart, in the value's own unit.
    fn errors(&self, spot: &Spot) -> [String; 2] {
        // Errors are smaller than values, and one more digit tells them apart.
        let error = |size: Option<f64>| size.map_or_else(|| "–".to_owned(), |size| fixed(size, self.places + 1));
        [error(spot.se_sampling), error(spot.sd_noise)]
    }

    /// A value and its interval on the scale that all groups share, so that longer means more.
    fn bar(&self, spot: &Spot) -> String {
        spot.value.map_or_else(String::new, |value| bar(value, spot.interval(), self.scale))
    }

    /// One row a group.
    fn one_each(&self, of: Column) -> Block {
        let columns = vec![words("group"), number("value"), INTERVAL, of, BAR, SHARE, SAMPLING, NOISE];
        let row = |(name, found): &(String, Option<(&Found, Vec<Spot>)>)| {
            let Some(spot) = found.as_ref().and_then(|(_, spots)| spots.first()) else {
                return held_back(name, columns.len());
            };
            let [sampling, noise] = self.errors(spot);
            let share = spot.share_of_noise().filter(|share| *share > 0.0).map(percent);
            let (value, interval) = (self.value(spot.value), self.interval(spot));
            let (bar, share) = (self.bar(spot), share.unwrap_or_default());
            vec![name.clone(), value, interval, counted(spot), bar, share, sampling, noise]
        };
        let rows = self.groups.iter().map(row).collect();
        Block { title: String::new(), columns, rows, below: Vec::new() }
    }

    /// One row a number, of every group that is shown; the first cell is the group.
    fn points(&self, columns: Vec<Column>, row: impl Fn(&Spot) -> Vec<String>) -> Block {
        let mut rows = Vec::new();
        for (name, found) in &self.groups {
            let Some((_, spots)) = found else {
                rows.push(held_back(name, columns.len()));
                continue;
            };
            let numbers = spots.iter().filter(|spot| spot.at != At::Median);
            rows.extend(numbers.map(|spot| [vec![name.clone()], row(spot)].concat()));
        }
        Block { title: String::new(), columns, rows, below: Vec::new() }
    }

    /// A row for each bin of each group, with its courses and a bar from zero.
    fn histogram(&self) -> Block {
        let ends = self.groups.iter().filter_map(|(_, found)| found.as_ref()).flat_map(|(_, spots)| spots);
        let ends = ends.filter_map(|spot| if let At::Bin(from, to) = &spot.at { Some([*from, *to]) } else { None });
        // Bins begin where values can: as many places as tell their ends from each other.
        let places = (0..6).find(|places| {
            let scale = 10_f64.powi(i32::try_from(*places).unwrap_or(0));
            ends.clone().flatten().all(|end| ((end * scale).round() / scale - end).abs() < 1e-9)
        });
        let places = places.unwrap_or(6);
        let columns = vec![words("group"), number("from"), number("below"), number("courses"), INTERVAL, BAR, NOISE];
        self.points(columns, |spot| {
            let [from, to] = match &spot.at {
                At::Bin(from, to) => [fixed(*from, places), fixed(*to, places)],
                At::Whole | At::Day(_) | At::Column(_) | At::Median => [String::new(), String::new()],
            };
            let [_, noise] = self.errors(spot);
            let length = spot.value.unwrap_or(0.0) / self.scale.1.max(1.0);
            vec![from, to, self.value(spot.value), self.interval(spot), column(length), noise]
        })
    }

    /// A row for each day of each group, with the mean of those who have a value for it.
    fn trajectory(&self) -> Block {
        let columns =
            vec![words("group"), number("day"), number("mean"), INTERVAL, number("n"), BAR, SHARE, SAMPLING, NOISE];
        self.points(columns, |spot| {
            let [sampling, noise] = self.errors(spot);
            let share = spot.share_of_noise().filter(|share| *share > 0.0).map(percent).unwrap_or_default();
            let (value, interval) = (self.value(spot.value), self.interval(spot));
            vec![day(spot), value, interval, counted(spot), self.bar(spot), share, sampling, noise]
        })
    }

    /// A row for each column of each group: coefficients with their errors, and what the numbers rest on below.
    fn regression(&self) -> Block {
        let columns =
            vec![words("group"), words("column"), number("coefficient"), number("SE"), INTERVAL, number("p"), SHARE];
        let mut block = self.points(columns, |spot| {
            let name = if let At::Column(name) = &spot.at { crate::show::one_line(name) } else { String::new() };
            // A coefficient is in a unit of its own, so it has its own places.
            let places = places([spot.value, spot.low, spot.high].into_iter().flatten());
            let [sampling, noise] = [spot.se_sampling, spot.sd_noise].map(|size| size.unwrap_or(0.0));
            let share = spot.share_of_noise().filter(|share| *share > 0.0).map(percent).unwrap_or_default();
            let interval = spot.interval().map_or_else(|| "–".to_owned(), |ends| span(ends, places));
            let p = spot.p.map_or_else(|| "–".to_owned(), short_p);
            let value = spot.value.map_or_else(|| "–".to_owned(), |value| fixed(value, places));
            vec![name, value, fixed(sampling.hypot(noise), places), interval, p, share]
        });
        for (name, found) in &self.groups {
            if let Some((Found::Linear(linear), _)) = found {
                block.below.push(format!("{name}: n {}, {} degrees of freedom", linear.n, fixed(linear.df, 0)));
            }
            if let Some((Found::Logistic(round), _)) = found {
                block.below.push(format!("{name}: {} yes of {}", round.events, round.n));
                block.below.extend(next_round(round));
            }
        }
        block
    }

    /// A row for each day on which something can have happened, with those at risk; the median below.
    fn survival(&self) -> Block {
        let columns = vec![
            words("group"),
            number("day"),
            number("at risk"),
            number("events"),
            number("censored"),
            number("without"),
            INTERVAL,
            SHARE,
            SAMPLING,
            NOISE,
        ];
        let count = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        let mut block = self.points(columns, |spot| {
            let [sampling, noise] = self.errors(spot);
            let share = spot.share_of_noise().filter(|share| *share > 0.0).map(percent).unwrap_or_default();
            let [risk, events, censored] = [spot.n, spot.events, spot.censored].map(count);
            // The heading says the unit, as many columns leave no room for it in every row.
            let value = spot.value.map_or_else(|| "–".into(), |value| fixed(value, self.places));
            let interval = spot.interval().map_or_else(|| "–".into(), |ends| span(ends, self.places));
            vec![day(spot), risk, events, censored, value, interval, share, sampling, noise]
        });
        for (name, found) in &self.groups {
            if let Some((Found::Survival(curve), spots)) = found {
                let median = spots.iter().find(|spot| spot.at == At::Median);
                block.below.push(format!(
                    "{name}: {} events in {} courses, {}",
                    curve.events,
                    curve.n,
                    median_of(median)
                ));
            }
        }
        block
    }
}

/// The day on which half is left, in words.
fn median_of(spot: Option<&Spot>) -> String {
    let day = |day: Option<f64>| day.map(|day| fixed(day, 0));
    let Some(spot) = spot else { return String::new() };
    let ends = |high: &str| match day(spot.low) {
        Some(low) => format!("95 %: {low} to {high}"),
        None => format!("95 %: beyond the last day to {high}"),
    };
    let high = day(spot.high).unwrap_or_else(|| "beyond the last day".to_owned());
    match day(spot.value) {
        Some(median) => format!("median day {median} ({})", ends(&high)),
        None => "median not reached".to_owned(),
    }
}

/// The day of a number.
fn day(spot: &Spot) -> String {
    match &spot.at {
        At::Day(day) => day.to_string(),
        At::Whole | At::Bin(..) | At::Column(_) | At::Median => String::new(),
    }
}

/// What a number rests on: a rate is never told without what is counted and of how many.
fn counted(spot: &Spot) -> String {
    match (spot.events, spot.against, spot.n, spot.p) {
        (Some(events), Some(sessions), ..) => format!("{events} in {sessions}"),
        (Some(events), None, Some(n), _) => format!("{events} of {n}"),
        (_, _, Some(n), Some(p)) => format!("{n}, {}", short_p(p)),
        (_, _, Some(n), None) => n.to_string(),
        (_, _, None, _) => String::new(),
    }
}

/// p to three places; what is smaller is said to be smaller.
fn short_p(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// The row of a group that is held back: its name, and nothing that could be taken for a number.
fn held_back(name: &str, columns: usize) -> Vec<String> {
    let mut row = vec![name.to_owned(), HELD_BACK.to_owned()];
    row.resize(columns, String::new());
    row
}

/// A bar of text: `─` spans the interval, `●` stands at the value, `│` at zero.
fn bar(value: f64, interval: Option<[f64; 2]>, (low, high): (f64, f64)) -> String {
    let width = of_count(BAR_CELLS);
    let at = |x: f64| if high > low { ((x - low) / (high - low) * (width - 1.0)).round() } else { 0.0 };
    let [from, to] = interval.unwrap_or([value, value]);
    let mark = |cell: f64| {
        let near = |x: f64| (at(x) - cell).abs() < 0.5;
        if near(value) {
            '●'
        } else if near(0.0) {
            '│'
        } else if cell > at(from) - 0.5 && cell < at(to) + 0.5 {
            '─'
        } else {
            ' '
        }
    };
    (0..BAR_CELLS).map(|cell| mark(of_count(cell))).collect()
}

/// A column of a histogram, lying on its side: as many eighths of a character as fit the share, from 0 to 1.
fn column(share: f64) -> String {
    let eighths = (share.clamp(0.0, 1.0) * of_count(BAR_CELLS * 8)).round();
    let full = (0..BAR_CELLS).take_while(|cell| of_count((cell + 1) * 8) <= eighths).count();
    let rest = eighths - of_count(u64::try_from(full).unwrap_or(0) * 8);
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let part = part.iter().enumerate().find(|(at, _)| of_count(u64::try_from(*at).unwrap_or(0)) >= rest);
    format!("{}{}", "█".repeat(full), part.map_or("", |(_, part)| part))
}

/// Width of a bar, in characters.
const BAR_CELLS: u64 = 16;

/// What to ask next, where the step of a logistic regression has not settled: less than a millionth of every standard error.
fn next_round(round: &Logistic) -> Option<String> {
    let next = round.next.as_ref().filter(|_| round.step.is_none_or(|step| step > 1e-6))?;
    let numbers: Vec<String> = next.iter().map(ToString::to_string).collect();
    Some(format!("not settled yet; the next round asks at => ({})", numbers.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{bar, column};

    #[test]
    fn bars_are_as_long_as_what_they_stand_for() {
        assert_eq!(bar(1.0, Some([0.5, 1.0]), (0.0, 1.0)), "│       ───────●");
        assert_eq!(bar(0.0, None, (0.0, 0.0)), "●               ", "nothing but zero");
        assert_eq!([column(0.0), column(0.5), column(1.0)], [String::new(), "█".repeat(8), "█".repeat(16)]);
        assert_eq!(column(1.0 / 32.0), "▌");
        assert_eq!(column(f64::NAN), "", "never more than nothing of nothing");
    }
}

//! From numbers to places: a scale, and the round numbers that stand at it.

use maud::{Markup, html};

use super::ink::{GREY, GRID, Style, px, rule, text};
use crate::show::answer::number::fixed;

/// A straight scale from numbers to px.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// The lowest value on it.
    low: f64,
    /// The highest value on it, above the lowest.
    high: f64,
    /// Where the lowest stands in the drawing.
    from: f64,
    /// Where the highest stands; above it on paper, so a smaller number on an upright axis.
    to: f64,
    /// Whether its round numbers are weeks and months.
    days: bool,
}

impl Scale {
    /// A scale that holds all of these numbers. It ends at round numbers, and has a width also where they are one.
    pub(super) fn around(values: impl Iterator<Item = f64>, [from, to]: [f64; 2]) -> Self {
        let ends = values.filter(|value| value.is_finite());
        let ends = ends.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        let (low, high) = if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
        let step = round_step(high - low, 5.0);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, from, to, days: false }
    }

    /// A scale between two numbers that are known.
    pub(super) fn between([low, high]: [f64; 2], [from, to]: [f64; 2]) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 }, from, to, days: false }
    }

    /// A scale of days, from the first to the last of them.
    pub(super) fn of_days(days: impl Iterator<Item = f64>, ends: [f64; 2]) -> Self {
        let [low, high] = days
            .filter(|day| day.is_finite())
            .fold([0.0, 0.0], |[low, high]: [f64; 2], day| [low.min(day), high.max(day)]);
        Self { days: true, ..Self::between([low, high], ends) }
    }

    /// Where a number stands. One beyond an end stands at that end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// Whether a number lies within it.
    pub(super) fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Round numbers on it, some so many px apart, with how they are written.
    fn ticks(&self, apart: f64) -> Vec<(f64, String)> {
        let wanted = ((self.to - self.from).abs() / apart).clamp(2.0, 8.0);
        let width = self.high - self.low;
        let step = if self.days { step_of_days(width, wanted) } else { round_step(width, wanted) };
        let places = (0_i32..9).find(|places| {
            let whole = step * 10_f64.powi(*places);
            (whole - whole.round()).abs() < 1e-6
        });
        let places = usize::try_from(places.unwrap_or(9)).unwrap_or(0);
        let first = (self.low / step - 1e-9).ceil() * step;
        let numbers = (0_u32..40).map(|at| first + f64::from(at) * step).take_while(|n| *n <= self.high + step * 1e-6);
        numbers.map(|number| (number, fixed(number, places).replace('-', "−"))).collect()
    }

    /// An axis lying at `y`, with lines up to `top`.
    pub(super) fn across(&self, y: f64, top: f64, label: &str) -> Markup {
        let lines = super::ink::lines_of(label, (self.to - self.from).abs().max(180.0), 12.0);
        html! {
            @for (number, written) in self.ticks(70.0) {
                (rule([self.at(number), top], [self.at(number), y], GRID, 0.8))
                (rule([self.at(number), y], [self.at(number), y + 4.0], GREY, 1.0))
                (text(self.at(number), y + 16.0, &written, Style::Tick))
            }
            (rule([self.from, y], [self.to, y], GREY, 1.0))
            @for (row, line) in lines.iter().enumerate() {
                (text(f64::midpoint(self.from, self.to), y + 33.0 + 14.0 * super::ink::place(row), line, Style::Axis))
            }
        }
    }

    /// The days at which an axis lying down has ticks.
    pub(super) fn marks(&self) -> Vec<f64> {
        self.ticks(70.0).into_iter().map(|(number, _)| number).collect()
    }

    /// An axis standing at `x`, with lines to `right`, and its label turned.
    pub(super) fn up(&self, x: f64, right: f64, label: &str) -> Markup {
        let middle = f64::midpoint(self.from, self.to);
        let label = super::ink::fitted(label, (self.to - self.from).abs() + 20.0, 12.0);
        html! {
            @for (number, written) in self.ticks(34.0) {
                (rule([x, self.at(number)], [right, self.at(number)], GRID, 0.8))
                (text(x - 6.0, self.at(number) + 4.0, &written, Style::TickEnd))
            }
            (rule([x, self.from], [x, self.to], GREY, 1.0))
            g transform={ "translate(16 " (px(middle)) ") rotate(-90)" } { (text(0.0, 0.0, &label, Style::Axis)) }
        }
    }
}

/// A step of some days, weeks, months of four weeks or years of fifty-two, of which at most so many make the width.
fn step_of_days(width: f64, wanted: f64) -> f64 {
    let round = [1.0, 2.0, 7.0, 14.0, 28.0, 56.0, 84.0, 182.0, 364.0];
    round.into_iter().find(|step| width / step <= wanted + 0.5).unwrap_or_else(|| round_step(width, wanted))
}

/// A step of 1, 2 or 5 times a power of ten, of which about so many make the width.
fn round_step(width: f64, wanted: f64) -> f64 {
    let step = (width / wanted).max(1e-9);
    let power = 10_f64.powf(step.log10().floor());
    let rounds = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power);
    rounds.into_iter().find(|round| *round >= step * 0.999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn scales_end_at_round_numbers_and_never_have_no_width() {
        let cases: [(&[f64], &str); 6] = [
            (&[-9.57, 1.0], "both sides of zero"),
            (&[], "nothing"),
            (&[7.0], "one number"),
            (&[f64::NAN, f64::INFINITY, 0.0, 97.0], "what is no number is left out"),
            (&[0.001, 0.0012], "all but the same number"),
            (&[0.0, 1e12], "large numbers"),
        ];
        for (values, why) in cases {
            let scale = Scale::around(values.iter().copied(), [0.0, 500.0]);
            let ends = [scale.low, scale.high];
            assert!(ends[1] > ends[0] && ends.iter().all(|end| end.is_finite()), "{why}: {ends:?}");
            let inside = values.iter().filter(|value| value.is_finite()).all(|value| scale.holds(*value));
            assert!(inside, "{why}: {ends:?}");
            let ticks = scale.ticks(70.0);
            assert!((2..=12).contains(&ticks.len()), "{why}: {ticks:?}");
        }
    }
}

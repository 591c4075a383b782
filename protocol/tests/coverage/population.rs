//! People whose figures are known: courses as the published rates of the field have them.
//!
//! PHQ-9 totals after treatment spread by about 7 (Richards 2016), a third misses the day-28 total, more of them those who did
//! not respond; relapse is Weibull's with S(28) = 0.80 and S(56) = 0.60 (McInnes 2022), half as often with maintenance.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use statrs::distribution::{ContinuousCDF as _, Normal};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Assessment, Course, Event, FieldValue, Session, TimeToEvent};

/// How many there are: enough that their own figures are no finer than any interval.
const PEOPLE: usize = 4_096;

pub(crate) fn dictionary() -> Dictionary {
    Dictionary::parse(include_str!("../../dictionaries/ketamine.toml")).unwrap()
}

pub(crate) fn courses() -> Vec<Course> {
    let mut rng = StdRng::seed_from_u64(28);
    (0..PEOPLE).map(|number| Person::drawn(&mut rng).course(number)).collect()
}

struct Person {
    /// A number between 0 and 1 for everything that differs among people.
    chance: [f64; 12],
}

impl Person {
    fn drawn(rng: &mut StdRng) -> Self {
        Self { chance: std::array::from_fn(|_| rng.random_range(0.000_1..0.999_9)) }
    }

    fn normal(&self, which: usize, mean: f64, sd: f64) -> f64 {
        mean + sd * Normal::standard().inverse_cdf(self.chance[which])
    }

    fn yes(&self, which: usize, share: f64) -> bool {
        self.chance[which] < share
    }

    fn course(&self, number: usize) -> Course {
        let resistant = self.yes(0, 0.45);
        let baseline = whole(self.normal(1, 16.5, 5.8), 3, 27);
        // Who begins worse improves by more: half of the difference is gone after four weeks.
        let improves = self.normal(2, if resistant { 6.0 } else { 9.0 }, 7.0) + (baseline as f64 - 16.5) / 2.0;
        let responds = improves >= baseline as f64 / 2.0;
        let mut assessments = vec![Assessment::total("PHQ-9", 0, baseline)];
        for (day, part, which) in [(7, 0.7, 3), (14, 0.85, 4), (28, 1.0, 5)] {
            let missed = 0.01 * f64::from(day) + if responds { 0.0 } else { 0.1 };
            if !self.yes(which, missed) {
                assessments.push(Assessment::total("PHQ-9", day, whole(baseline as f64 - part * improves, 0, 27)));
            }
        }
        let sessions = whole(self.normal(6, 6.0, 3.0), 1, 20);
        Course {
            id: number.to_string(),
            fields: self.fields(resistant),
            assessments,
            sessions: (1..=sessions).map(session).collect(),
            events: self.events(sessions),
            time_to_event: vec![self.relapse()],
            ..Course::default()
        }
    }

    fn fields(&self, resistant: bool) -> BTreeMap<String, FieldValue> {
        let sex = FieldValue::Category(if self.yes(7, 0.6) { "female" } else { "male" }.to_owned());
        let age = FieldValue::Number(whole(self.normal(8, 44.0, 14.5), 18, 90));
        let resistant = FieldValue::Flag(resistant);
        BTreeMap::from(
            [("sex", sex), ("age", age), ("treatment_resistant", resistant)].map(|(id, v)| (id.to_owned(), v)),
        )
    }

    /// Nausea in about one session of ten: by Poisson's law, whose mean differs among people.
    fn events(&self, sessions: i64) -> Vec<Event> {
        let mean = sessions as f64 * 0.1 * if self.yes(9, 0.5) { 0.6 } else { 1.4 };
        let (mut term, mut below, mut count) = ((-mean).exp(), (-mean).exp(), 0_u32);
        while self.chance[10] > below && count < 20 {
            count += 1;
            term *= mean / f64::from(count);
            below += term;
        }
        (0..count).map(|_| Event { day: 0, kind: "nausea".to_owned(), ..Event::default() }).collect()
    }

    /// Weibull's law; with maintenance, half the hazard. Followed for one to thirteen months.
    fn relapse(&self) -> TimeToEvent {
        let hazard = if self.yes(11, 0.35) { 0.49 } else { 1.0 };
        let day = 98.0 * (-(self.chance[0] * 7.0).fract().max(1e-4).ln() / hazard).powf(1.0 / 1.196);
        let seen = 30.0 + 370.0 * (self.chance[11] * 11.0).fract();
        TimeToEvent { kind: "relapse".to_owned(), day: whole(day.min(seen), 1, 3_650) as i32, happened: day <= seen }
    }
}

fn session(number: i64) -> Session {
    let number = u16::try_from(number).unwrap();
    Session { number, day: i32::from(number) * 3 - 3, kind: "dosing".to_owned(), ..Session::default() }
}

fn whole(value: f64, low: i64, high: i64) -> i64 {
    (value.round().clamp(low as f64, high as f64)) as i64
}

//! Every metric there is: what it is, when it moves, how to combine it, and what it keeps to itself.

use std::fmt::Write as _;

use super::labels::{Ending, Turned};

/// Every metric. Complete: what is published is registered by one of these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: one for each metric")]
#[expect(missing_docs, reason = "each is described by `about`, in words that become a page")]
pub enum Name {
    Build,
    Started,
    TakesPart,
    Queries,
    Uploads,
    Refusals,
    Consents,
    Members,
    Hubs,
    HubsInAll,
    Epoch,
    Budget,
    Journal,
    DiskFree,
    Room,
    Clock,
    Rebuilt,
}

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: the two kinds that are used")]
pub enum Kind {
    /// Up only, from nothing at each start.
    Counter,
    /// Up and down.
    Gauge,
}

impl Kind {
    /// As the text format calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// What an operator should know of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: a column of the page for each")]
pub struct About {
    /// Its name as it is scraped.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// Its label; empty for none.
    pub label: &'static str,
    /// What it is, with its unit.
    pub what: &'static str,
    /// When it moves.
    pub moves: &'static str,
    /// How values of several nodes, or of one over time, are combined.
    pub combine: &'static str,
    /// Why it tells nothing of a patient.
    pub keeps: &'static str,
}

impl Name {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 17] = [
        Self::Build,
        Self::Started,
        Self::TakesPart,
        Self::Queries,
        Self::Uploads,
        Self::Refusals,
        Self::Consents,
        Self::Members,
        Self::Hubs,
        Self::HubsInAll,
        Self::Epoch,
        Self::Budget,
        Self::Journal,
        Self::DiskFree,
        Self::Room,
        Self::Clock,
        Self::Rebuilt,
    ];

    /// What an operator should know of it.
    #[must_use]
    pub const fn about(self) -> About {
        match self {
            Self::Build => BUILD,
            Self::Started => STARTED,
            Self::TakesPart => TAKES_PART,
            Self::Rebuilt => REBUILT,
            Self::Queries => QUERIES,
            Self::Uploads => UPLOADS,
            Self::Refusals => REFUSALS,
            Self::Consents => CONSENTS,
            Self::Budget => BUDGET,
            Self::Members => MEMBERS,
            Self::Hubs => HUBS,
            Self::HubsInAll => HUBS_IN_ALL,
            Self::Epoch => EPOCH,
            Self::Clock => CLOCK,
            Self::Journal => JOURNAL,
            Self::DiskFree => DISK_FREE,
            Self::Room => ROOM,
        }
    }
}

/// The page of all metrics, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for name in Name::ALL {
        let About { name, kind, label, what, moves, combine, keeps } = name.about();
        let of = if label.is_empty() { String::new() } else { format!(", by `{label}`") };
        // Writing to a string does not fail.
        let _written = write!(
            page,
            "\n## `{name}`\n\n{what}\n\n- A {kind}{of}.\n- Moves: {moves}\n- Combine: {combine}.\n- Keeps to itself: {keeps}\n",
            kind = kind.word()
        )
        .is_ok();
    }
    let endings: Vec<&str> = Ending::ALL.iter().map(|ending| ending.word()).collect();
    let turned: Vec<&str> = Turned::ALL.iter().map(|turned| turned.word()).collect();
    page + &format!(
        "\n## Labels\n\n- `outcome`: `{}`.\n- `reason`: `{}`.\n\nAll of them are there at 0 from the start.\n",
        endings.join("`, `"),
        turned.join("`, `")
    )
}

const BUILD: About = About {
    name: "sumac_build",
    kind: Kind::Gauge,
    label: "version",
    what: "Always 1, under the version that runs.",
    moves: "With an upgrade.",
    combine: "count by (version)",
    keeps: "Nothing of the clinic.",
};

const STARTED: About = About {
    name: "sumac_start_time_seconds",
    kind: Kind::Gauge,
    label: "",
    what: "When the process began to start, in seconds since 1970.",
    moves: "At each start.",
    combine: "time() - it is the age; changes() over a day counts restarts",
    keeps: "Nothing of the clinic.",
};

const TAKES_PART: About = About {
    name: "sumac_takes_part",
    kind: Kind::Gauge,
    label: "",
    what: "1 if the node follows calls to questions, 0 while it asks members what they saw of it, or is shut.",
    moves: "Some seconds after a start to 1; to 0 when the clock is set or the folder was set back.",
    combine: "min by node; sum counts nodes at work",
    keeps: "Nothing of a patient: it follows from messages between members.",
};

const REBUILT: About = About {
    name: "sumac_index_rebuilt",
    kind: Kind::Gauge,
    label: "",
    what: "1 if this start had to make the index anew from the journal.",
    moves: "At each start: 1 after a crash or an upgrade of the index.",
    combine: "max over a day",
    keeps: "Nothing of a patient: it follows from how the node was stopped.",
};

const QUERIES: About = About {
    name: "sumac_queries_total",
    kind: Kind::Counter,
    label: "outcome",
    what: "Queries by what became of them here.",
    moves: "Once when a query is begun or declined, and once when its end is known; the same if nobody consents.",
    combine: "sum by (outcome) of increase()",
    keeps: "A query counts the same whoever is in its cohort, and if nobody is.",
};

const UPLOADS: About = About {
    name: "sumac_uploads_total",
    kind: Kind::Counter,
    label: "",
    what: "Uploads that were sent to a coordinator.",
    moves: "Once for each time an upload leaves; what is said again counts again. A coordinator sends itself none.",
    combine: "sum of increase()",
    keeps: "An upload without a cohort leaves as any other, with the same bytes.",
};

const REFUSALS: About = About {
    name: "sumac_refusals_total",
    kind: Kind::Counter,
    label: "reason",
    what: "What was turned away, by who or why.",
    moves: "Once for each.",
    combine: "sum by (reason) of increase()",
    keeps: "What was wrong with a request at the desk or the door is not told apart.",
};

const CONSENTS: About = About {
    name: "sumac_consents_accepted_total",
    kind: Kind::Counter,
    label: "",
    what: "Statements of consent, of whatever kind, that were taken into the ledger.",
    moves: "By ten, once ten more were accepted since the start.",
    combine: "sum of increase() over weeks",
    keeps: "Grants and withdrawals are one number, and no single statement moves it.",
};

const BUDGET: About = About {
    name: "sumac_study_budget_left_ratio",
    kind: Kind::Gauge,
    label: "study",
    what: "The share of a study's budget that is left, 0 to 1, by the first 12 digits of the study's digest.",
    moves: "Within a minute of a query that was charged or given back, in hundredths, rounded down.",
    combine: "min by (study): clinics that heard of fewer queries have more left",
    keeps: "It follows from the queries and prices alone, which all members know; never from a patient's own.",
};

const MEMBERS: About = About {
    name: "sumac_members_connected",
    kind: Kind::Gauge,
    label: "",
    what: "Members of the charter with a link to this node; researchers are not counted.",
    moves: "When a link comes or goes, within seconds.",
    combine: "min by node",
    keeps: "Nothing of a patient.",
};

const HUBS: About = About {
    name: "sumac_hubs_connected",
    kind: Kind::Gauge,
    label: "",
    what: "Hubs of the charter with a link to this node.",
    moves: "When a link comes or goes, within seconds.",
    combine: "compare with sumac_hubs",
    keeps: "Nothing of a patient.",
};

const HUBS_IN_ALL: About = About {
    name: "sumac_hubs",
    kind: Kind::Gauge,
    label: "",
    what: "Hubs of the charter besides this node.",
    moves: "With a new charter.",
    combine: "max by node",
    keeps: "It stands in the charter.",
};

const EPOCH: About = About {
    name: "sumac_charter_epoch",
    kind: Kind::Gauge,
    label: "",
    what: "The number of the charter in force here.",
    moves: "When a newer charter is adopted.",
    combine: "min and max over all nodes must agree",
    keeps: "It stands in the charter.",
};

const CLOCK: About = About {
    name: "sumac_clock_difference_seconds",
    kind: Kind::Gauge,
    label: "",
    what: "How far this node's clock is from that of the member who answered nearest to it, positive if it is fast; NaN before any answered.",
    moves: "When members answer what they saw of this node: at the start, and after the clock was set.",
    combine: "abs() of it; above 600 the node follows no question",
    keeps: "Nothing of a patient.",
};

const JOURNAL: About = About {
    name: "sumac_journal_bytes",
    kind: Kind::Gauge,
    label: "",
    what: "Bytes of the journal, rounded up to 64 MiB.",
    moves: "With what is kept; down when it is compacted.",
    combine: "deriv() over a month",
    keeps: "A step holds thousands of patients, so that no one of them moves it.",
};

const DISK_FREE: About = About {
    name: "sumac_disk_free_bytes",
    kind: Kind::Gauge,
    label: "",
    what: "Bytes free for the node where its store lies, rounded down to 64 MiB.",
    moves: "Within seconds of whatever fills the disk.",
    combine: "min by machine",
    keeps: "As the journal.",
};

const ROOM: About = About {
    name: "sumac_disk_has_room",
    kind: Kind::Gauge,
    label: "",
    what: "1 while the disk has room for what the node takes in; at 0 it takes no records and follows no new question.",
    moves: "Within seconds of the disk filling up, and of room being made.",
    combine: "min by node",
    keeps: "As the disk.",
};

const HEAD: &str = "# Metrics\n\n<!-- Made from node/src/metrics/table.rs: SUMAC_WRITE_EXPECTED=1 cargo test -p sumac-node the_page_of_metrics -->\n\n\
`metrics = \"127.0.0.1:9480\"` in `node.toml` lets the node answer over HTTP, on that machine alone:\n\n\
- `/metrics`: what stands below, in the text format of OpenMetrics 1.0.\n\
- `/healthz`: 200 while the node's loop comes round; 503 once it has not for three minutes.\n\
- `/readyz`: 200 while the node can be reached and takes in records and consents; 503 while it starts, hangs, or the disk has\n  \
no room. Whether it follows questions is `sumac_takes_part`.\n\n\
No metric holds a name, a pseudonym, a figure of the clinic or the size of a group, and none moves with one patient.\n";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Name, markdown};

    #[test]
    fn the_page_of_metrics_is_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
        if std::env::var_os("SUMAC_WRITE_EXPECTED").is_some() {
            std::fs::write(&path, markdown()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), markdown(), "SUMAC_WRITE_EXPECTED=1 writes it anew");
    }

    #[test]
    fn every_metric_is_described_in_full_and_under_a_name_of_its_own() {
        for (at, name) in Name::ALL.into_iter().enumerate() {
            let about = name.about();
            assert!(about.name.starts_with("sumac_"), "{}", about.name);
            for text in [about.what, about.moves, about.combine, about.keeps] {
                assert!(text.len() > 5, "{}: {text}", about.name);
            }
            assert!(Name::ALL[..at].iter().all(|other| other.about().name != about.name), "{} twice", about.name);
        }
    }
}

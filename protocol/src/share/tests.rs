//! What the circuit accepts and what it refuses.

use prio::field::Field64;

use super::layout::Layout;
use super::shape::{Cell, Shape};
use super::statement::Statement;
use super::{CellShares, Circuit, SharingError, Split, Verification};

mod circuit;
mod coalition;
mod fit;
mod forged;
mod honest;
mod mutated;
mod vectors;

const KEY: [u8; 32] = [9; 32];
const NONCE: [u8; 16] = [3; 16];
const ROOT: Cell = Cell::Count { within: None };

/// A shape of every kind of cell: courses, those with values of x and y, both sums with squares, their
/// product, and two histograms of three bins.
fn everything(groups: usize, courses: u64) -> Shape {
    let bins = |histogram| [Cell::Bin { count: 1, histogram }; 3];
    let mut cells = vec![ROOT, Cell::Count { within: Some(0) }];
    cells.extend([Cell::Sum { count: 1, width: 10 }, Cell::Squares { sum: 2 }]);
    cells.extend([Cell::Sum { count: 1, width: 20 }, Cell::Squares { sum: 4 }, Cell::Product { x: 2, y: 4 }]);
    cells.extend(bins(0).into_iter().chain(bins(1)));
    Shape::new(groups, courses, cells)
}

/// The cells of [`everything`] for one group, from courses with both values or neither.
fn everything_of(courses: &[Option<(u64, u64)>]) -> Vec<u64> {
    let both: Vec<(u64, u64)> = courses.iter().flatten().copied().collect();
    let total = |of: fn(&(u64, u64)) -> u64| both.iter().map(of).sum::<u64>();
    let count = |n: usize| u64::try_from(n).unwrap();
    let mut cells = vec![count(courses.len()), count(both.len()), total(|(x, _)| *x), total(|(x, _)| x * x)];
    cells.extend([total(|(_, y)| *y), total(|(_, y)| y * y), total(|(x, y)| x * y)]);
    cells.extend((0..3).map(|bin| count(both.iter().filter(|(x, _)| x / 4 == bin).count())));
    cells.extend((0..3).map(|bin| count(both.iter().filter(|(_, y)| y / 7 == bin).count())));
    cells
}

fn statement(shape: &Shape) -> Statement {
    Statement::new(Layout::of(shape).unwrap())
}

fn elements(cells: &[u64]) -> Vec<Field64> {
    cells.iter().copied().map(Field64::from).collect()
}

/// The committee's side: every member begins, all hear all, every member finishes. What the shares of
/// the cells add up to.
fn verify(circuit: &Circuit, context: &[u8], split: &Split) -> Result<Vec<i128>, SharingError> {
    let inputs: Vec<&[u8]> = split.inputs.iter().map(|input| input.as_slice()).collect();
    verify_parts(circuit, context, &NONCE, &split.public, &inputs)
}

fn verify_parts(
    circuit: &Circuit,
    context: &[u8],
    nonce: &[u8; 16],
    public: &[u8],
    inputs: &[&[u8]],
) -> Result<Vec<i128>, SharingError> {
    let mut begun = vec![];
    for (role, input) in inputs.iter().enumerate() {
        begun.push(circuit.begin(&Verification { key: &KEY, context, role, nonce, public, input })?);
    }
    let (pending, messages): (Vec<_>, Vec<_>) = begun.into_iter().unzip();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let cells = usize::try_from(circuit.parameters().cells).unwrap();
    let mut sum = CellShares::zero(cells);
    for pending in pending {
        sum.add(&circuit.finish(context, pending, &messages)?)?;
    }
    Ok(sum.to_integers())
}

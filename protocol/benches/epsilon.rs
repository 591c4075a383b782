//! ε of costs, for other software to check: lines of ρ in millionths and δ in units of 10^-12 in, one ε a line out.
//! `tests/privacy/run` builds and asks it.
#![expect(clippy::unwrap_used, reason = "a line that is no pair of numbers ends it")]
#![expect(clippy::print_stdout, reason = "it prints its answers")]

use std::io::stdin;

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::privacy::epsilon;

fn main() {
    for line in stdin().lines() {
        let line = line.unwrap();
        let (rho, delta) = line.split_once(' ').unwrap();
        println!("{:e}", epsilon(RhoMicro(rho.parse().unwrap()), delta.parse().unwrap()));
    }
}

"""ε(ρ, δ) as Sumac says it, beside the bound itself in 50 digits and beside OpenDP.

    python epsilon.py DRIVER [--points 1000] [--seed 1]

DRIVER is the built bench `epsilon` of sumac-protocol. The bound is proposition 12 of Canonne, Kamath & Steinke (2020)
solved for ε: the least over α > 1 of αρ + ln(1 − 1/α) + (ln 1/δ − ln α)/(α − 1). Its derivative is
ρ − (ln 1/δ − ln α)/(α − 1)², which rises and has one root. Exit 1 where Sumac says less than the bound anywhere, or more
than a few parts in a million above it, or where OpenDP finds another figure.
"""

import argparse
import random
import subprocess
import sys
from decimal import Decimal, getcontext

import opendp.prelude as opendp

getcontext().prec = 50
opendp.enable_features("contrib")

# ρ in millionths at δ 10^-6, and ε to four digits.
PUBLISHED = [(10_000, "0.6217"), (100_000, "2.142"), (500_000, "5.222"), (1_000_000, "7.766")]
# How far above the bound Sumac may be: it adds one part in a million on purpose.
ABOVE = Decimal("1.0000011")
# How far the two libraries may differ. OpenDP rounds away from the bound too.
APART = 1e-5


def bound(rho_micro, delta_per_1e12):
    rho, inverse = Decimal(rho_micro) / 10**6, -(Decimal(delta_per_1e12) / 10**12).ln()
    low, high = Decimal(-60), Decimal(60)  # of ln(α − 1)
    for _ in range(180):
        middle = (low + high) / 2
        beyond = middle.exp()
        if rho * beyond * beyond < inverse - (1 + beyond).ln():
            low = middle
        else:
            high = middle
    beyond = high.exp()
    log = (1 + beyond).ln()
    return max(Decimal(0), (1 + beyond) * rho + beyond.ln() - log + (inverse - log) / beyond)


def by_opendp(rho_micro, delta_per_1e12):
    scale = (2 * rho_micro / 1e6) ** -0.5
    gaussian = opendp.m.make_gaussian(opendp.atom_domain(T=int), opendp.absolute_distance(T=float), scale=scale)
    return opendp.c.make_zCDP_to_approxDP(gaussian).map(1.0).epsilon(delta_per_1e12 / 1e12)


def by_sumac(driver, points):
    asked = "".join(f"{rho} {delta}\n" for rho, delta in points)
    said = subprocess.run([driver], input=asked, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
    answers = [line.strip() for line in said.splitlines()]
    assert len(answers) == len(points), f"{len(answers)} answers to {len(points)} lines"
    return answers


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("driver")
    arguments.add_argument("--points", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    wrong = 0

    def held(promise, what):
        nonlocal wrong
        if not promise:
            wrong += 1
            print(f"WRONG: {what}", file=sys.stderr)

    said = by_sumac(arguments.driver, [(rho, 10**6) for rho, _ in PUBLISHED])
    for (rho, want), got in zip(PUBLISHED, said):
        print(f"ρ {rho / 1e6:g}, δ 1e-6: ε {float(got):.4g}, OpenDP {by_opendp(rho, 10**6):.4g}")
        held(f"{float(got):.4g}" == f"{float(want):.4g}", f"ε {got} at ρ {rho / 1e6:g}, where {want} is published")

    chance = random.Random(arguments.seed)
    rhos = [round(10 ** chance.uniform(0, 9)) for _ in range(arguments.points)]  # ρ from 10^-6 to 1,000
    points = [(rho, round(10 ** chance.uniform(0, 7))) for rho in rhos]  # δ from 10^-12 to 10^-5
    furthest, least, most = (0.0, None), None, None
    for point, got in zip(points, by_sumac(arguments.driver, points)):
        name = f"ρ {point[0]} millionths, δ {point[1]}e-12"
        got, true = Decimal(got), bound(*point)
        held(got >= true, f"{name}: ε {got} is below the bound {true}")
        held(got <= true * ABOVE, f"{name}: ε {got} is far above the bound {true}")
        over = got / true - 1 if true else Decimal(0)
        least, most = min(over, least or over), max(over, most or over)
        other = by_opendp(*point)
        apart = abs(float(got) - other) / other if other else abs(float(got))
        furthest = max(furthest, (apart, f"{name}: Sumac {got:.10g}, OpenDP {other:.10g}, the bound {true:.10f}"))
    held(furthest[0] <= APART, f"OpenDP differs by {furthest[0]:.2e} at {furthest[1]}")
    print(f"{len(points)} points: above the bound by {least:.2e} to {most:.2e}; "
          f"the largest relative difference to OpenDP is {furthest[0]:.2e}, at {furthest[1]}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""The sealed projection beside DuckDB: the same rows, the same question, one run, one thread each.

    python3 -m venv /tmp/duckdb && /tmp/duckdb/bin/pip install duckdb numpy duckdb-extension-httpfs duckdb-extensions
    /tmp/duckdb/bin/python tests/bench/duckdb.py [--rows 10000000] [--rounds 15]

Needs about 3 GB of free memory and 1.5 GB in the temp folder for 10 million rows. The question is the mean
change of the PHQ-9 at day 28 by route and paradigm, for one indication, over consenting patients, once with a
window of a week and once with a wide one, for which courses without a total in that week take an earlier one. The
projection finds baseline and endpoint in its slots of days; DuckDB's table has both ready made, one row a
course, categories as ENUMs. Every answer of either side is compared with the first. Measurements take
turns, so that a noisy machine is noisy to all; medians count. "Cold" opens the files anew for each question:
for both, the pages may be in the system's cache, or are dropped from it first ("evicted").
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.pop(0)  # this folder, where the name of the library is this file's own
import duckdb
import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "made up for measuring, seals synthetic rows"
CATEGORIES = ["indication", "route", "paradigm"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--driver", help="the built bench `beside_duckdb`; built by cargo if not given")
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sumac = Sumac(arguments.driver or built(), arguments.rows, arguments.seed, folder)
        names = sumac.names
        memory = connected()
        fill(memory, "courses", folder, names)
        attach(memory, folder)
        memory.execute("CREATE TABLE sealed.courses AS FROM courses")
        memory.execute("DETACH sealed")
        measure(arguments, sumac, memory, folder, names)


WINDOWS = ["day 28, from 25 to 31", "day 28, from 14 to 31"]


def measure(arguments, sumac, memory, folder, names):
    sealed_files = list((folder / "projection" / "00000001").iterdir())
    print(f"n {arguments.rows}, 1 thread, {arguments.rounds} rounds, "
          f"DuckDB {duckdb.__version__} ({'OpenSSL' if OPENSSL else 'mbedTLS'}), build release, {features()}, "
          f"files: projection {sumac.bytes >> 20} MiB (all columns), "
          f"DuckDB {(folder / 'sealed.db').stat().st_size >> 20} MiB (7 columns)")
    for window, title in enumerate(WINDOWS):
        ask = lambda way: sumac.ask(way, window)
        ways = {
            "projection, sealed": lambda: ask("sealed"),
            "projection, already decrypted": lambda: ask("opened"),
            "DuckDB in memory": lambda: in_memory(memory, names, window),
            "projection, opened cold": lambda: ask("cold"),
            "DuckDB encrypted file, opened cold": lambda: cold(folder, names, window),
            "projection, opened cold, evicted": lambda: evicted(sealed_files, lambda: ask("cold")),
            "DuckDB encrypted file, opened cold, evicted":
                lambda: evicted([folder / "sealed.db"], lambda: cold(folder, names, window)),
        }
        report(title, *take_turns(ways, arguments.rounds))


def take_turns(ways, rounds):
    """Each way once a round; every answer must be the first one."""
    times = {way: [] for way in ways}
    want = None
    for turn in range(rounds + 1):
        for way, ask in ways.items():
            took, answer = ask()
            want = want or answer
            assert answer == want, f"{way} answers otherwise"
            if turn > 0:  # the first turn warms up
                times[way].append(took * 1000)
    return times, want


def report(title, times, answer):
    print(f"{title}: {sum(count for count, _, _ in answer.values())} courses with a change in {len(answer)} groups")
    medians = {way: statistics.median(taken) for way, taken in times.items()}
    for way, median in medians.items():
        print(f"  {way:45} median {median:8.1f} ms   ({min(times[way]):.1f} to {max(times[way]):.1f})")
    for one, other, goal in [
        ("projection, sealed", "DuckDB in memory", 0.7),
        ("projection, opened cold", "DuckDB encrypted file, opened cold", 0.5),
        ("projection, opened cold, evicted", "DuckDB encrypted file, opened cold, evicted", 0.5),
    ]:
        paired = statistics.median(a / b for a, b in zip(times[one], times[other]))
        ratio = medians[one] / medians[other]
        print(f"  {one} / {other}: {ratio:.2f}, median of the rounds' own ratios {paired:.2f} "
              f"(goal at most {goal}: {'met' if ratio <= goal else 'MISSED'})")


class Sumac:
    """The other process, asked by lines."""

    def __init__(self, driver, rows, seed, folder):
        command = [driver, str(rows), str(seed), str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready, size = self.process.stdout.readline().split()
        assert ready == "ready"
        self.bytes = int(size)
        self.names = {name: self.process.stdout.readline().split() for name in CATEGORIES}

    def ask(self, way, window):
        self.process.stdin.write(f"{way} {window}\n")
        self.process.stdin.flush()
        took, blocks, *cells = self.process.stdout.readline().split()
        blocks, cells = int(blocks), [int(cell) for cell in cells]
        groups = {}
        for group in range(len(cells) // blocks):
            # Of each group: matches, values, their sum, their squares; shifted by the smallest change.
            _, count, total, _ = cells[group * blocks:(group + 1) * blocks]
            if count:
                key = divmod(group, len(self.names["paradigm"]))
                groups[key] = (count, total - 27 * count, round((total - 27 * count) / count, 9))
        return float(took), groups


def built():
    """Builds the other process and finds it."""
    build = ["cargo", "bench", "-p", "sumac-node", "--bench", "beside_duckdb", "--no-run", "--message-format=json"]
    said = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    said = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    named = [line for line in said if line.get("target", {}).get("name") == "beside_duckdb"]
    return next(line["executable"] for line in named if line.get("executable"))


def fill(connection, table, folder, names):
    """Loads the rows as they were written beside the projection."""
    columns = {}
    for name in ("indication", "route", "paradigm", "consent", "baseline", "endpoint0", "endpoint1"):
        columns[name] = numpy.fromfile(folder / name, dtype=numpy.uint8)
    for name, values in names.items():
        connection.execute(f"CREATE TYPE {name} AS ENUM ({', '.join(repr(value) for value in values)})")
    connection.register("given", columns)
    category = lambda name: f"CASE WHEN {name} = 255 THEN NULL ELSE enum_range(NULL::{name})[{name} + 1]::{name} END AS {name}"
    total = lambda name: f"CASE WHEN {name} = 255 THEN NULL ELSE {name}::TINYINT END AS {name}"
    connection.execute(
        f"CREATE TABLE {table} AS SELECT {', '.join(map(category, names))}, consent = 1 AS consent, "
        f"{', '.join(map(total, ('baseline', 'endpoint0', 'endpoint1')))} FROM given")
    connection.unregister("given")


def question(table, names, window):
    assert "mdd" in names["indication"]
    change = f"endpoint{window} - baseline"
    return (f"SELECT route, paradigm, count({change}), sum({change}), avg({change}) "
            f"FROM {table} WHERE indication = 'mdd' AND consent AND route IS NOT NULL AND paradigm IS NOT NULL "
            f"GROUP BY route, paradigm")


def in_memory(connection, names, window):
    begun = time.perf_counter()
    rows = connection.execute(question("courses", names, window)).fetchall()
    return time.perf_counter() - begun, groups_of(rows, names)


def connected():
    """A connection of one thread, with OpenSSL's ciphers where the extension that brings them is installed."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("LOAD httpfs" if OPENSSL else "SET force_mbedtls_unsafe = 'true'")
    return connection


def has_openssl():
    try:
        import duckdb_extensions
        duckdb_extensions.import_extension("httpfs")
        duckdb.connect().execute("LOAD httpfs")
        return True
    except Exception as why:
        print(f"DuckDB's own ciphers: {str(why).splitlines()[0]}", file=sys.stderr)
        return False


def attach(connection, folder):
    connection.execute(f"ATTACH '{folder / 'sealed.db'}' AS sealed (ENCRYPTION_KEY '{KEY}')")


def cold(folder, names, window):
    connection = connected()
    begun = time.perf_counter()
    attach(connection, folder)
    rows = connection.execute(question("sealed.courses", names, window)).fetchall()
    took = time.perf_counter() - begun
    connection.close()
    return took, groups_of(rows, names)


def evicted(files, ask):
    """Asks after the system has dropped the files from its cache."""
    for path in files:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
    return ask()


def groups_of(rows, names):
    place = {name: {value: at for at, value in enumerate(values)} for name, values in names.items()}
    key = lambda route, paradigm: (place["route"][route], place["paradigm"][paradigm])
    return {key(route, paradigm): (count, int(total), round(mean, 9)) for route, paradigm, count, total, mean in rows if count}


def features():
    flags = pathlib.Path("/proc/cpuinfo").read_text().split("flags", 1)[-1].split("\n", 1)[0].split()
    return "CPU " + " ".join(flag for flag in ("sse2", "avx2", "avx512f", "sha_ni") if flag in flags)


OPENSSL = has_openssl()

if __name__ == "__main__":
    main()

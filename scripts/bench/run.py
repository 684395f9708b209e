#!/usr/bin/env python3
"""Measures Moonroom beside other servers, and a bare TCP echo: `make bench`.

Prints which machine and versions it ran on and the tables (Markdown), draws the
chart, and keeps all that was found in BUILD/bench/results.json. A run of
everything draws scripts/bench/chart.svg, any other BUILD/bench/chart.svg."""
import argparse
import json
import os
import resource
import signal
import sys

import chart
import machine
import peers
import report
import rounds
import scenarios as known

OTHER_DESCRIPTORS = 200
FULL_ROUNDS = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--quick", action="store_true", help="raw and Moonroom, short")
    parser.add_argument("--rounds", default="", help="5; 3 with --quick")
    parser.add_argument("--seconds", default="", help="3; 0.7 with --quick")
    parser.add_argument("--scenarios", default="", help="names; empty: all")
    parser.add_argument("--peers", default="", help="names; empty: all")
    return parser.parse_args()


def number(text, name, default, kind):
    try:
        value = kind(text) if text else default
    except ValueError:
        value = 0
    if value <= 0:
        sys.exit(f"bench: {name}: {text} is no number above 0")
    return value


def choose(text, everything, name):
    """Those that are named, in their own order."""
    wanted = text.replace(",", " ").split()
    names = [thing.name for thing in everything]
    for word in wanted:
        if word not in names:
            sys.exit(f"bench: {name}: there is no {word}; there are {', '.join(names)}")
    return [thing for thing in everything if not wanted or thing.name in wanted]


def raise_descriptors(needed):
    """How many there may be; servers and generator inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
            return needed
        except (ValueError, OSError):
            pass
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def plan_of(options, cores):
    tls = f"{options.build}/tls"
    return rounds.Plan(
        build=options.build,
        certificate=tuple(os.path.abspath(f"{tls}/{name}.pem") for name in ("cert", "key")),
        rounds=number(options.rounds, "ROUNDS", 3 if options.quick else FULL_ROUNDS, int),
        seconds=number(options.seconds, "SECONDS", 0.7 if options.quick else 3, float),
        warmup=0.3 if options.quick else 1,
        settle=0.1 if options.quick else 0.3,
        server_core=cores[0],
        load_core=cores[-1],
    )


def choose_scenarios(options):
    chosen = choose(options.scenarios, known.SCENARIOS, "SCENARIO")
    if options.quick and not options.scenarios:
        chosen = [scenario for scenario in chosen if scenario.quick]
    allowed = raise_descriptors(peers.DESCRIPTORS + OTHER_DESCRIPTORS)
    for scenario in list(chosen):
        if scenario.clients + OTHER_DESCRIPTORS > allowed:
            print(f"bench: {scenario.name} is left out: it needs {scenario.clients} "
                  f"descriptors and more, {allowed} are allowed", file=sys.stderr)
            chosen.remove(scenario)
    return chosen


def choose_peers(options):
    """Those that are there, and (peer, what brings it) for those that are not."""
    quick = f"{known.RAW} {known.MOONROOM}" if options.quick else ""
    wanted = choose(options.peers or quick, peers.PEERS, "PEERS")
    missing = [(peer, peer.missing(options.build)) for peer in wanted]
    missing = [(peer, remedy) for peer, remedy in missing if remedy]
    absent = {peer.name for peer, _ in missing}
    return [peer for peer in wanted if peer.name not in absent], missing


def keep(options, plan, results, about, is_full):
    path = f"{options.build}/bench/results.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"about": about, "rounds": plan.rounds, "results": results}, file, indent=1)
    where = "scripts/bench" if is_full else f"{options.build}/bench"
    return f"{where}/chart.svg"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments()
    cores = sorted(os.sched_getaffinity(0))
    plan = plan_of(options, cores)
    scenarios = choose_scenarios(options)
    chosen, missing = choose_peers(options)
    about = machine.describe(plan, cores) + machine.describe_peers(chosen, missing, options.build)
    print("\n".join(about), file=sys.stderr, flush=True)
    results = rounds.run(plan, scenarios, chosen)
    if not results:
        sys.exit("bench: nothing is left to measure")
    print(report.write(results, scenarios, chosen, about))
    is_full = (
        plan.rounds >= FULL_ROUNDS
        and len(scenarios) == len(known.SCENARIOS)
        and len(chosen) == len(peers.PEERS)
    )
    path = keep(options, plan, results, about, is_full)
    with open(path, "w", encoding="utf-8") as file:
        file.write(chart.draw(results, scenarios, chosen))
    print(f"\nThe chart is {path}")
    return 1 if any(report.figures.failures(results)) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

"""Rounds: each starts every server afresh, one after the other, and loads it."""
import json
import os
import subprocess
import sys
from dataclasses import dataclass

import peers
from scenarios import in_groups

WAIT_SECONDS = 90


@dataclass(frozen=True)
class Plan:
    build: str
    certificate: tuple
    rounds: int
    seconds: float
    warmup: float
    settle: float
    server_core: int
    load_core: int


def load(plan, scenario, server):
    """One run of the generator; its figures, or what went wrong under "error"."""
    scheme = "tcp" if server.is_raw else "wss" if scenario.tls else "ws"
    command = [
        f"{plan.build}/bench/wsload", *scenario.load.split(), "--json",
        "--time", str(plan.seconds), "--warmup", str(plan.warmup), "--settle", str(plan.settle),
        "--pid", str(server.process.pid), f"{scheme}://127.0.0.1:{server.port}/",
    ]
    if server.is_raw:
        command.insert(2, "--raw")
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=plan.seconds + plan.warmup + WAIT_SECONDS,
            preexec_fn=lambda: os.sched_setaffinity(0, {plan.load_core}),
        )
    except subprocess.TimeoutExpired:
        return {"error": "took too long"}
    if not done.stdout:
        return {"error": done.stderr.strip() or f"the generator ended with {done.returncode}"}
    return json.loads(done.stdout)


def measure(plan, scenario, peer):
    try:
        server = peers.Server(peer, scenario, plan.build, plan.certificate, plan.server_core)
    except RuntimeError as problem:
        return {"error": str(problem)}
    server.is_raw = peer.name == peers.RAW
    try:
        return load(plan, scenario, server)
    finally:
        server.stop()


def figure_of(scenario, result):
    """CPU microseconds a unit, or bytes a client; None where the run failed."""
    if "error" in result:
        return None
    return result["rss_per_conn" if scenario.is_memory else "server_us_per_unit"]


def say(number, scenario, peer, result):
    figure = figure_of(scenario, result)
    text = f"{figure:12,.3f}" if figure is not None else f"FAILED: {result['error']}"
    print(f"  {number}  {scenario.name:10} {peer.name:9} {text}", file=sys.stderr, flush=True)


def run(plan, scenarios, chosen):
    """Results by scenario's name, peer's name: a list with one for each round."""
    results = {}
    for group in in_groups(scenarios):
        for number in range(plan.rounds):
            for scenario in group:
                for peer in chosen:
                    if peer.name not in scenario.peers:
                        continue
                    result = measure(plan, scenario, peer)
                    say(number + 1, scenario, peer, result)
                    of_scenario = results.setdefault(scenario.name, {})
                    of_scenario.setdefault(peer.name, []).append(result)
    return results

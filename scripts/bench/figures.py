"""From the rounds' results to figures: medians, spreads, ratios, verdicts."""
import statistics
from dataclasses import dataclass

from rounds import figure_of
from scenarios import MOONROOM, RAW


@dataclass(frozen=True)
class Spread:
    """Over the rounds."""

    median: float
    low: float
    high: float


def spread_of(values):
    values = [value for value in values if value is not None]
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values))


def values_of(results, scenario, peer):
    rounds = results.get(scenario.name, {}).get(peer, [])
    return [figure_of(scenario, result) for result in rounds]


def absolute(results, scenario, peer):
    return spread_of(values_of(results, scenario, peer))


def field(results, scenario, peer, *names):
    """The spread of the first of these fields that the results have."""
    rounds = results.get(scenario.name, {}).get(peer, [])
    for name in names:
        if any(name in result for result in rounds):
            return spread_of([result.get(name) for result in rounds if "error" not in result])
    return None


def ratio(results, scenarios, scenario, peer):
    """To the base of the same round: what the machine does else hits both."""
    base_scenario, base_peer = scenario, scenario.base
    if scenario.base_scenario:
        base_scenario = next((s for s in scenarios if s.name == scenario.base_scenario), None)
        base_peer = peer
    if not base_scenario or not base_peer:
        return None
    pairs = zip(
        values_of(results, scenario, peer), values_of(results, base_scenario, base_peer)
    )
    return spread_of([value / base for value, base in pairs if value is not None and base])


def measured(results, scenarios, scenario, peer=MOONROOM):
    """What a target is for: bytes of memory, otherwise a ratio."""
    if scenario.is_memory:
        return absolute(results, scenario, peer)
    return ratio(results, scenarios, scenario, peer)


def verdict(results, scenarios, scenario):
    spread = measured(results, scenarios, scenario)
    if spread is None or scenario.target is None:
        return None
    if spread.median <= scenario.target:
        return "met"
    return "met within the spread" if spread.low <= scenario.target else "missed"


def tail_verdict(results, scenario):
    """Moonroom's p99 beside the raw echo's, where both were measured."""
    ours = field(results, scenario, MOONROOM, "p99_us")
    raw = field(results, scenario, RAW, "p99_us")
    if not ours or not raw:
        return None
    if ours.median <= raw.high:
        return ours, raw, "met"
    return ours, raw, "met within the spread" if ours.low <= raw.high else "missed"


def failures(results):
    """(scenario's name, peer's name, what) for each that failed in some round."""
    for scenario, peers in results.items():
        for peer, rounds in peers.items():
            errors = [result["error"] for result in rounds if "error" in result]
            if errors:
                yield scenario, peer, f"{len(errors)} of {len(rounds)} rounds: {errors[0]}"

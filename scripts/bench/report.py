"""The tables, as Markdown."""
import figures
from scenarios import BASES

DASH = "-"


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def with_spread(spread):
    if spread is None:
        return DASH
    if spread.low == spread.high:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)})"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def base_of(scenario):
    if scenario.is_memory:
        return "bytes"
    return scenario.base or BASES.get(scenario.base_scenario)


def main_table(results, scenarios, chosen):
    """Ratios of the server's CPU time a unit, and bytes of memory."""
    rows = []
    for scenario in scenarios:
        if not base_of(scenario):
            continue
        target = f"<= {scenario.target:,g}" if scenario.target else DASH
        verdict = figures.verdict(results, scenarios, scenario) or DASH
        cells = []
        for peer in chosen:
            spread = figures.measured(results, scenarios, scenario, peer.name)
            is_base = peer.name == scenario.base and not scenario.is_memory
            cells.append("1" if is_base and spread else with_spread(spread))
        if any(cell != DASH for cell in cells):
            rows.append([scenario.title, base_of(scenario), target, verdict, *cells])
    head = ["scenario", "to", "target", "Moonroom's", *(peer.label for peer in chosen)]
    return table(head, rows)


def detail_row(results, scenario, peer):
    def median(*names):
        spread = figures.field(results, scenario, peer.name, *names)
        return number(spread.median) if spread else DASH

    return [
        scenario.name,
        peer.label,
        with_spread(figures.absolute(results, scenario, peer.name)),
        median("deliveries_per_s", "msgs_per_s", "cycles_per_s", "connects_per_s"),
        median("p50_us", "cycle_p50_us"),
        median("p99_us", "cycle_p99_us"),
        median("p999_us"),
        median("server_cpu"),
        median("client_cpu"),
    ]


def detail_table(results, scenarios, chosen):
    """What the ratios were made of: medians."""
    head = [
        "scenario", "server", "CPU us a unit, or bytes", "units/s", "p50 us", "p99 us",
        "p99.9 us", "server's cores", "generator's cores",
    ]
    rows = [
        detail_row(results, scenario, peer)
        for scenario in scenarios
        for peer in chosen
        if peer.name in results.get(scenario.name, {})
    ]
    return table(head, rows)


def tail_lines(results, scenarios):
    for scenario in scenarios:
        if scenario.base != figures.RAW:
            continue
        found = figures.tail_verdict(results, scenario)
        if found:
            ours, raw, verdict = found
            yield (
                f"- {scenario.name}: Moonroom's p99 is {number(ours.median)} us, the raw echo's "
                f"{number(raw.low)} to {number(raw.high)}: {verdict}"
            )


def write(results, scenarios, chosen, about):
    """All of it, as one text."""
    failed = [f"- {s}, {p}: {what}" for s, p, what in figures.failures(results)]
    parts = [
        "\n".join(about),
        main_table(results, scenarios, chosen),
        "\n".join(tail_lines(results, scenarios)),
        detail_table(results, scenarios, chosen),
        "\n".join(["Failed:", *failed] if failed else []),
    ]
    return "\n\n".join(part for part in parts if part)

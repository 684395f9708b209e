"""The chart: the server's CPU time as ratios, and an idle client's bytes, as SVG."""
import math
from html import escape

import figures
import peers
from scenarios import BASES

WIDTH, LEFT, RIGHT, BAR, GAP = 860, 310, 70, 13, 12
COLOURS = {
    "moonroom": "#2f6fde", "raw": "#8a8f98", "bun": "#e0a458",
    "ws": "#7ab86f", "nginx": "#a779c9", "nchan": "#d0717a",
}
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.small { font-size: 11px; fill: #57606a }
.title { font-weight: 600 }
.page { fill: #ffffff }
.value { paint-order: stroke; stroke: #ffffff; stroke-width: 3 }
.grid { stroke: #d8dee4 }
.target { stroke: #cf222e; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9da7b1 } .page { fill: #0d1117 }
  .grid { stroke: #30363d } .target { stroke: #ff7b72 } .value { stroke: #0d1117 }
}
"""


class Axis:
    """Logarithmic, from less than the least of the values on."""

    def __init__(self, values):
        self.low = min(values) / 1.5
        self.high = max(values) * 1.1

    def at(self, value):
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        exponent = math.floor(math.log10(self.low))
        steps = (1, 2, 5) if self.high < 1000 else (1,)
        while 10**exponent <= self.high:
            for step in steps:
                if self.low <= step * 10**exponent <= self.high:
                    yield step * 10**exponent
            exponent += 1


def short(value):
    return f"{value:,.0f}" if value >= 20 else f"{value:.2f}".rstrip("0").rstrip(".")


def text(x, y, words, kind="", anchor="start"):
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def line(x, top, bottom, kind):
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" class="{kind}"/>'


def draw_bar(axis, y, peer, spread):
    start, end = axis.at(axis.low), axis.at(spread.median)
    return (
        f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{BAR - 2}" '
        f'fill="{COLOURS[peer.name]}"><title>{escape(peer.label)}: {short(spread.median)} '
        f"({short(spread.low)} to {short(spread.high)})</title></rect>"
    )


def draw_value(axis, y, spread):
    return text(axis.at(spread.median) + 4, y + BAR - 3, short(spread.median), "small value")


def base_of(scenario):
    if scenario.is_memory:
        return "bytes"
    labels = {peer.name: peer.label for peer in peers.PEERS}
    return f"to {labels.get(scenario.base) or BASES[scenario.base_scenario]}"


def draw_row(axis, y, scenario, bars):
    parts = [
        text(LEFT - 10, y + BAR - 3, scenario.title, "", "end"),
        text(LEFT - 10, y + 2 * BAR - 2, base_of(scenario), "small", "end"),
    ]
    bottom = y + max(len(bars), 2) * BAR
    tops = range(y, bottom, BAR)
    parts += [draw_bar(axis, top, *bar) for top, bar in zip(tops, bars)]
    if scenario.target:
        parts.append(line(axis.at(scenario.target), y - 3, bottom + 1, "target"))
    parts += [draw_value(axis, top, spread) for top, (_, spread) in zip(tops, bars)]
    return parts, bottom + GAP


def rows_of(results, scenarios, chosen):
    for scenario in scenarios:
        spreads = [
            (peer, figures.measured(results, scenarios, scenario, peer.name)) for peer in chosen
        ]
        bars = [(peer, spread) for peer, spread in spreads if spread and spread.median > 0]
        if bars:
            yield scenario, bars


def draw_panel(y, title, rows):
    values = [spread.median for _, bars in rows for _, spread in bars]
    values += [scenario.target for scenario, _ in rows if scenario.target]
    axis = Axis(values)
    marks, parts = [], [text(12, y, title, "title")]
    y += 32
    top = y - 6
    for scenario, bars in rows:
        drawn, y = draw_row(axis, y, scenario, bars)
        parts += drawn
    for tick in axis.ticks():
        marks.append(line(axis.at(tick), top, y - GAP + 4, "grid"))
        marks.append(text(axis.at(tick), top - 3, short(tick), "small", "middle"))
    return marks + parts, y + 14


def draw_legend(y, chosen):
    parts, x = [], 12
    for peer in chosen:
        parts.append(
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLOURS[peer.name]}"/>'
        )
        parts.append(text(x + 15, y, peer.label))
        x += 40 + 7 * len(peer.label)
    parts.append(line(x + 3, y - 11, y + 2, "target"))
    parts.append(text(x + 12, y, "Moonroom's target"))
    return parts, y + 30


def draw(results, scenarios, chosen):
    rows = list(rows_of(results, scenarios, chosen))
    parts, y = draw_legend(24, chosen)
    for title, is_memory in (
        ("CPU time of the server for the same work, a ratio: less is better", False),
        ("Resident bytes of the server: less is better", True),
    ):
        of_panel = [row for row in rows if row[0].is_memory == is_memory]
        if of_panel:
            drawn, y = draw_panel(y, title, of_panel)
            parts += drawn
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y:.0f}" '
            f'viewBox="0 0 {WIDTH} {y:.0f}">',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{y:.0f}" class="page"/>',
            *parts,
            "</svg>\n",
        ]
    )

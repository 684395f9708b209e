"""What is measured: each scenario is a command line of the load generator, the
servers that take part, and what Moonroom's figure is compared with."""
from dataclasses import dataclass

RAW, MOONROOM, BUN, WS, NGINX, NCHAN = "raw moonroom bun ws nginx nchan".split()
ECHOERS = (RAW, MOONROOM, BUN, WS, NGINX)
ROOMS = (MOONROOM, BUN, WS, NGINX, NCHAN)
UPGRADERS = (MOONROOM, BUN, WS, NGINX)

# Scenarios that others are compared with, in words.
BASES = {"room500": "room of 500", "open100": "100 open"}


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    load: str  # the generator's arguments
    peers: tuple
    clients: int
    unit: str = "message"  # what CPU time is counted for
    app: str = "echo"
    tls: bool = False
    # What a figure is divided by: a peer's, or, of a scenario, the same peer's.
    base: str = None
    base_scenario: str = None
    target: float = None  # a ratio; bytes where the unit is a client
    group: str = None  # scenarios of one group take turns within a round
    quick: bool = True

    @property
    def is_memory(self):
        return self.unit == "client"


def echo(name, title, load, clients, target):
    return Scenario(name, title, "echo " + load, ECHOERS, clients, base=RAW, target=target)


def room(name, title, clients, peers, **more):
    load = f"fanout -c {clients} -k 4 -m 16 -p 20"
    return Scenario(
        name, title, load, peers, clients + 4, "delivery", "room", group="rooms", **more
    )


def open_clients(count, **more):
    title = f"echo 20 B, 100 clients speak of {count:,} open"
    load = f"echo -c 100 -p 20 --silent {count - 100}"
    peers = (RAW, MOONROOM, BUN)
    return Scenario(
        f"open{count}", title, load, peers, count, group="open", quick=False, **more
    )


def idle(name, title, clients, target, **more):
    load = f"idle -c {clients} -p 20 --touch"
    return Scenario(
        name, title, load, UPGRADERS, clients, "client", base=BUN, target=target, **more
    )


SCENARIOS = (
    echo("echo", "echo 20 B, 100 clients, one in flight", "-c 100 -p 20", 100, 1.05),
    echo("pipeline", "echo 20 B, 100 clients, 16 in flight", "-c 100 -p 20 -d 16", 100, 1.45),
    echo("16k", "echo 16 KiB binary, 50 clients, 4 in flight", "-c 50 -p 16k -b -d 4", 50, 1.4),
    echo("1m", "echo 1 MiB binary, 4 clients", "-c 4 -p 1m -b", 4, 1.4),
    room("room500", "room of 500, a delivery", 500, ROOMS, base=BUN, target=0.85),
    room("room2000", "room of 2,000, a delivery", 2000, ROOMS, base=BUN, target=0.85, quick=False),
    room(
        "room10000", "room of 10,000, a delivery", 10000, (MOONROOM, BUN),
        base_scenario="room500", target=1.25, quick=False,
    ),
    Scenario(
        "churn", "connect, upgrade, echo, close", "churn -c 100 -p 20", UPGRADERS, 100, "cycle",
        base=BUN, target=0.9,
    ),
    Scenario(
        "tls", "echo 20 B over TLS 1.3, 100 clients", "echo -c 100 -p 20 --tls13", UPGRADERS, 100,
        tls=True, base=BUN, target=0.85,
    ),
    open_clients(100),
    open_clients(1000, base_scenario="open100", target=1.1),
    open_clients(10000, base_scenario="open100", target=1.1),
    idle("idle", "an idle client, resident bytes", 9000, 600),
    idle("idle-tls", "an idle client over TLS 1.3", 3000, 16000, tls=True),
)


def in_groups(scenarios):
    """Lists of those that take turns."""
    groups = {}
    for scenario in scenarios:
        groups.setdefault(scenario.group or scenario.name, []).append(scenario)
    return list(groups.values())

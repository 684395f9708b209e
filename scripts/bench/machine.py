"""Which machine this is, as far as figures depend on it."""
import os
import platform

import peers


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def processor():
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def distribution():
    for line in read("/etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip('"')
    return platform.system()


def describe(plan, cores):
    """Lines that say it."""
    busy = os.getloadavg()[0]
    lines = [
        f"- machine: {processor()}, {os.cpu_count()} cores; {distribution()}, "
        f"Linux {platform.release()}, loopback",
        f"- compiler: {peers.said('cc', '--version')}; OpenSSL "
        f"{(peers.said('openssl', 'version') or '? ?').split()[1]}",
        f"- method: rounds: {plan.rounds}, each of {plan.seconds:g} s after {plan.warmup:g} s, "
        f"the servers in turn and started afresh; server on core {plan.server_core}, generator on "
        f"core {plan.load_core}; medians, in brackets the least and the most of the rounds",
    ]
    if len(cores) < 2:
        lines.append("- ONE CORE ONLY: server and generator share it, figures mean little")
    if busy > 0.5:
        lines.append(f"- BUSY: the load was {busy:.1f} at the start; figures mean little")
    return lines


def describe_peers(chosen, missing, build):
    lines = [f"- {peer.label}: {peer.version(build)}" for peer in chosen]
    for peer, remedy in missing:
        lines.append(f"- {peer.label}: MISSING, not measured; {remedy} brings it")
    return lines

"""The servers: whether each is there, which version, and how it is started."""
import glob
import grp
import os
import pwd
import shutil
import socket
import string
import subprocess
import time
from dataclasses import dataclass

from scenarios import BUN, MOONROOM, NCHAN, NGINX, RAW, WS

HERE = os.path.dirname(os.path.abspath(__file__))
NGINX_DIRECTORY = os.path.join(HERE, "peers", "nginx")
NGINX_MODULES = "/usr/lib/nginx/modules"
WS_PACKAGE = os.path.join(HERE, "../../spec/node_modules/ws/package.json")
DESCRIPTORS = 20000
START_SECONDS = 15


@dataclass(frozen=True)
class Setting:
    """What a server is to be: for a scenario, on a port."""

    scenario: object
    port: int
    build: str
    certificate: tuple

    def certificate_if(self):
        return self.certificate if self.scenario.tls else ()


def said(*command):
    """The first line that a program prints, or None where it isn't there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (FileNotFoundError, PermissionError):
        return None
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def package_version(name):
    return said("dpkg-query", "-W", "-f", "${Version}\n", name) or "?"


class Raw:
    name, label = RAW, "raw TCP"

    def missing(self, build):
        return None if os.access(f"{build}/bench/raw", os.X_OK) else "make bench-programs"

    def version(self, build):
        return "scripts/bench/raw.c"

    def command(self, setting):
        return [f"{setting.build}/bench/raw", str(setting.port)]


class Moonroom:
    name, label = MOONROOM, "Moonroom"

    def missing(self, build):
        return None if os.access(f"{build}/moonroom", os.X_OK) else "make"

    def version(self, build):
        commit = said("git", "describe", "--always", "--dirty")
        return f"{said(f'{build}/moonroom', '--version')}, commit {commit}"

    def command(self, setting):
        scenario = setting.scenario
        command = [f"{setting.build}/moonroom", "run", "--listen", f"127.0.0.1:{setting.port}"]
        if scenario.tls:
            certificate, key = setting.certificate
            command += ["--tls-cert", certificate, "--tls-key", key]
        if scenario.clients > 9990:
            command += ["--max-clients", str(DESCRIPTORS)]
        return command + [f"{HERE}/apps/{scenario.app}.lua"]


class Bun:
    name, label = BUN, "Bun"

    def binary(self):
        # npm's `bun` starts what its platform's package holds.
        found = glob.glob(f"{HERE}/node_modules/@oven/bun-*/bin/bun")
        return found[0] if found else shutil.which("bun")

    def missing(self, build):
        return None if self.binary() else "scripts/setup bench"

    def version(self, build):
        return said(self.binary(), "--version")

    def command(self, setting):
        scenario = setting.scenario
        script = f"{HERE}/peers/bun.js"
        return [
            self.binary(), script, scenario.app, str(setting.port), *setting.certificate_if()
        ]


class Ws:
    name, label = WS, "ws"

    def missing(self, build):
        there = shutil.which("node") and os.path.exists(WS_PACKAGE)
        return None if there else "scripts/setup bench"

    def version(self, build):
        wanted = "console.log(require(process.argv[1]).version, 'on Node', process.version)"
        return said("node", "-e", wanted, os.path.abspath(WS_PACKAGE))

    def command(self, setting):
        scenario = setting.scenario
        script = f"{HERE}/peers/ws.js"
        return ["node", script, scenario.app, str(setting.port), *setting.certificate_if()]


class Nginx:
    """With its configuration filled in, in a directory of its own."""

    name, label = NGINX, "nginx + Lua"
    modules = ("ndk_http_module", "ngx_http_lua_module")
    package = "libnginx-mod-http-lua"
    needed = "/usr/share/lua/5.1/nginx/websocket/server.lua"
    http = "lua_package_path '{0}/?.lua;;';"
    location = "content_by_lua_file {0}/{1}.lua;"

    def binary(self):
        return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")

    def missing(self, build):
        files = [f"{NGINX_MODULES}/{module}.so" for module in self.modules]
        if self.needed:
            files.append(self.needed)
        there = self.binary() and all(map(os.path.exists, files))
        return None if there else "scripts/setup bench"

    def version(self, build):
        version = said(self.binary(), "-v").split("/")[-1]
        return f"nginx {version}, {self.package} {package_version(self.package)}"

    def fill_in(self, setting, directory):
        certificate = ""
        if setting.scenario.tls:
            certificate = (
                "ssl_protocols TLSv1.3; ssl_certificate {}; ssl_certificate_key {};".format(
                    *setting.certificate
                )
            )
        with open(f"{NGINX_DIRECTORY}/nginx.conf", encoding="utf-8") as file:
            template = string.Template(file.read())
        return template.substitute(
            modules="".join(f"load_module {NGINX_MODULES}/{m}.so;\n" for m in self.modules),
            user=f"{pwd.getpwuid(os.getuid())[0]} {grp.getgrgid(os.getgid())[0]}",
            descriptors=DESCRIPTORS,
            directory=directory,
            http=self.http.format(NGINX_DIRECTORY),
            port=setting.port,
            tls="ssl" if setting.scenario.tls else "",
            certificate=certificate,
            location=self.location.format(NGINX_DIRECTORY, setting.scenario.app),
        )

    def command(self, setting):
        directory = os.path.abspath(f"{setting.build}/bench/{self.name}")
        os.makedirs(directory, exist_ok=True)
        with open(f"{directory}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(self.fill_in(setting, directory))
        return [self.binary(), "-p", directory, "-c", f"{directory}/nginx.conf", "-e", "stderr"]


class Nchan(Nginx):
    name, label = NCHAN, "nchan"
    modules = ("ngx_nchan_module",)
    package = "libnginx-mod-nchan"
    needed = None
    http = ""
    location = (
        "nchan_pubsub websocket; nchan_channel_id room; nchan_subscriber_first_message newest;"
    )


PEERS = (Raw(), Moonroom(), Bun(), Ws(), Nginx(), Nchan())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server that runs, on one core; its log goes to a file."""

    def __init__(self, peer, scenario, build, certificate, core):
        self.port = free_port()
        setting = Setting(scenario, self.port, build, certificate)
        self.log = f"{build}/bench/{peer.name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                peer.command(setting),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            last = (log.read().strip().splitlines() or ["it said nothing"])[-1]
        raise RuntimeError(f"did not come up: {last}")

    def stop(self):
        """A second signal has Moonroom wait for nobody."""
        for seconds in (0.2, 3):
            if self.process.poll() is None:
                self.process.terminate()
            try:
                self.process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                pass
        self.process.kill()
        self.process.wait()

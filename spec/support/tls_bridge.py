"""One TLS connection to a server, for a spec that speaks plain TCP to it.

    tls_bridge.py PORT [--ca FILE] [--name NAME] [--cert FILE --key FILE] [--end unwrap|fin]

Listens on a port of its own and says "port N". Who connects there is put through to 127.0.0.1:PORT
over TLS: "connected VERSION CN-OF-THE-SERVER", or "failed WHY" and the end. When the server ends it
says "server: close_notify", "server: FIN" or "server: reset"; when the spec does, it sends
close_notify (unwrap) or only FIN (fin).
"""

import argparse
import select
import socket
import ssl


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--ca")
    parser.add_argument("--name")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--end", choices=("unwrap", "fin"), default="unwrap")
    return parser.parse_args()


def say(*words):
    print(*words, flush=True)


def context_of(given):
    context = ssl.create_default_context(cafile=given.ca)
    context.check_hostname = False
    if given.cert:
        context.load_cert_chain(given.cert, given.key)
    return context


def name_of(certificate):
    for part in certificate["subject"]:
        for key, value in part:
            if key == "commonName":
                return value
    return "?"


def connect(given):
    plain = socket.create_connection(("127.0.0.1", given.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tls = context_of(given).wrap_socket(
        plain, server_hostname=given.name, suppress_ragged_eofs=False)
    say("connected", tls.version(), name_of(tls.getpeercert()))
    return tls


def receive(tls):
    """Bytes; None where there are none yet; a word where the server has ended."""
    try:
        tls.setblocking(False)
        return tls.recv(65536) or "close_notify"
    except ssl.SSLWantReadError:
        return None
    except ssl.SSLEOFError:
        return "FIN"
    except ConnectionError:
        return "reset"
    except ssl.SSLError as error:
        return error.reason
    finally:
        tls.setblocking(True)


def put_through(local, tls, given):
    while True:
        ready = select.select([local, tls], [], [])[0]
        if tls in ready:
            data = receive(tls)
            if isinstance(data, str):
                return say("server:", data)
            if data:
                local.sendall(data)
        if local in ready:
            data = local.recv(65536)
            if not data:
                return leave(tls, given.end)
            tls.sendall(data)


def leave(tls, how):
    try:
        if how == "unwrap":
            tls.unwrap()
        tls.shutdown(socket.SHUT_WR)
        while tls.recv(65536):
            pass
    except (OSError, ValueError):
        pass


def main():
    given = arguments()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        say("port", listener.getsockname()[1])
        local = listener.accept()[0]
    with local:
        try:
            tls = connect(given)
        except OSError as error:
            return say("failed", getattr(error, "reason", None) or error)
        with tls:
            put_through(local, tls, given)


main()

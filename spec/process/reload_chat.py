"""Clients who chat while a server reloads: every message is numbered, and each of them must be
heard by everybody in the room, in its sender's order, whichever version of the script sent it on.

    reload_chat.py PORT PID DIRECTORY
"""

import asyncio
import os
import signal
import sys

import websockets

PORT, PID, DIRECTORY = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
CLIENTS, IN_A_ROOM, RELOADS, BROKEN_EACH = 200, 5, 100, 5
PAUSE, BETWEEN = 0.1, 0.03  # seconds, between a client's messages and between reloads

SCRIPT = """
local tried <close> = assert(io.open("%(directory)s/tried", "w"))
tried:write("%(tried)d.")
local moonroom = require "moonroom"
local Chat = moonroom.Room:extend("Chat", { version = %(version)d })
function Chat:on_text(_, text)
  self.count = (self.count or 0) + 1
  self:broadcast(("%(version)d %%d %%s"):format(self.count, text))
end
moonroom.mount("/:name", Chat)
moonroom.every(0.01, function() end)
local status = moonroom.Room { path = "/version" }
function status:on_text(client) client:send("%(version)d") end
table.insert(moonroom.dispatch, function(request)
  if request.path == "/version" then return status end
end)
%(more)s
"""

BROKEN = ("require 'broken'", "error('on purpose')", "moonroom.sleep(1)", "moonroom.mount('x', 5)")


class Chat:
    def __init__(self):
        self.sockets = []
        self.is_over = False
        self.messages = 0

    async def talk(self, number, socket):
        """Sends the next message as soon as it has heard its last one, and checks what comes."""
        counts, seen, version, sent = {}, 0, 0, 0
        heard = asyncio.Event()
        heard.set()

        async def listen():
            nonlocal seen, version
            async for text in socket:
                now, count, sender, message = (int(word) for word in text.split())
                assert now >= version, f"{now} after {version}"
                assert seen in (0, count - 1), f"{count} after {seen}"
                assert message == counts.get(sender, message - 1) + 1, text
                version, seen, counts[sender] = now, count, message
                if sender == number and message == sent:
                    heard.set()

        listening = asyncio.create_task(listen())
        while not self.is_over:
            done, _ = await asyncio.wait({listening, asyncio.create_task(heard.wait())},
                                         return_when=asyncio.FIRST_COMPLETED)
            if listening in done:
                listening.result()
                raise AssertionError(f"{number} was closed: {socket.close_code}")
            heard.clear()
            sent += 1
            self.messages += 1
            await socket.send(f"{number} {sent}")
            await asyncio.sleep(PAUSE)
        await asyncio.wait_for(heard.wait(), 10)
        assert not listening.done()
        return socket, listening

    async def reload(self):
        """Some of the scripts are broken: of these nothing is seen but that they have run."""
        refused, version = 0, 1
        socket = await connect("version")
        for tried in range(1, RELOADS + 1):
            is_broken = tried % BROKEN_EACH == 0
            more = BROKEN[refused % len(BROKEN)] if is_broken else ""
            version += not is_broken
            named = version + 1000 if is_broken else version
            await load(tried, named, more)
            refused += is_broken
            await socket.send("?")
            got = int(await socket.recv())
            assert got == version, f"{got} serves instead of {version}"
            await asyncio.sleep(BETWEEN)
        await socket.close()
        return refused


def read(name):
    try:
        with open(os.path.join(DIRECTORY, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


async def load(tried, version, more):
    """Has the server load a script, and waits until that has run."""
    path = os.path.join(DIRECTORY, "init.lua")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SCRIPT % {"version": version, "more": more, "tried": tried,
                             "directory": DIRECTORY})
    os.kill(PID, signal.SIGHUP)
    while read("tried") != f"{tried}.":
        await asyncio.sleep(0.005)


async def connect(name):
    return await websockets.connect(f"ws://127.0.0.1:{PORT}/{name}", compression=None,
                                    ping_interval=None)


async def main():
    chat = Chat()
    await load(0, 1, "")
    for number in range(CLIENTS):
        chat.sockets.append(await connect(f"room{number // IN_A_ROOM}"))
    talks = [asyncio.create_task(chat.talk(number, socket))
             for number, socket in enumerate(chat.sockets)]
    reloading = asyncio.create_task(chat.reload())
    await asyncio.wait({reloading, *talks}, return_when=asyncio.FIRST_COMPLETED)
    for task in [reloading, *talks]:
        if task.done():
            task.result()
    chat.is_over = True
    refused = await reloading
    for socket, listening in await asyncio.gather(*talks):
        listening.cancel()
        assert socket.open
        await socket.close()
    print(f"{RELOADS} reloads, {refused} refused, {chat.messages} messages")


asyncio.run(main())

# SPDX-License-Identifier: MIT
"""A TCP proxy before one server that hurts what passes through it: with a seed, so that the same draws come again. It knows
no HTTP: a request is what a client sends at once, an answer is what the server sends at once."""

import asyncio
import random
import socket
import struct
import threading

FAULTS = ("pass", "delay", "reset", "blackhole", "half_open", "throttle", "garbage", "cut")


class FaultProxy:
    """with FaultProxy(port, seed) as proxy: proxy.hurt("delay", share=30, ms=400)"""

    def __init__(self, port, seed):
        self.target, self.seed = port, seed
        self.fault, self.share, self.ms, self.rate = "pass", 100, 0, 0
        self.hurts = {fault: 0 for fault in FAULTS}  # how often each was done
        self.connections = 0
        self.port = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.started = threading.Event()

    def hurt(self, fault, share=100, ms=300, rate=2000):
        """From now on, also on connections that are open: `share` of a hundred requests, `ms` of a delay, `rate` bytes a
        second of a throttled answer."""
        if fault not in FAULTS:
            raise ValueError(f"fault must be one of {', '.join(FAULTS)}, not {fault}")
        self.share, self.ms, self.rate = share, ms, rate
        self.fault = fault

    # --- life

    def __enter__(self):
        self.thread.start()
        if not self.started.wait(10):
            raise RuntimeError("the fault proxy does not start")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def run(self):
        asyncio.set_event_loop(self.loop)
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = listener.getsockname()[1]
        self.loop.run_until_complete(asyncio.start_server(self.serve, sock=listener))
        self.started.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        listener.close()

    # --- one connection

    async def serve(self, reader, writer):
        self.connections += 1
        chance = random.Random(f"{self.seed}:{self.connections}")
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            reset(writer)
            return
        one = Connection(self, chance, reader, writer, to_reader, to_writer)
        back = asyncio.ensure_future(one.answers())
        try:
            await one.requests()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            back.cancel()
            writer.close()
            to_writer.close()


class Connection:
    """Its two directions. `fault` is that of the request under way."""

    def __init__(self, proxy, chance, reader, writer, to_reader, to_writer):
        self.proxy, self.chance = proxy, chance
        self.reader, self.writer, self.to_reader, self.to_writer = reader, writer, to_reader, to_writer
        self.fault = "pass"

    def draw(self):
        is_hurt = self.chance.uniform(0, 100) < self.proxy.share
        return self.proxy.fault if is_hurt else "pass"

    async def requests(self):
        while data := await self.reader.read(65536):
            self.fault = self.draw()
            self.proxy.hurts[self.fault] += 1
            if self.fault == "blackhole":
                continue
            if self.fault == "half_open":  # the server sees it end, the client hears nothing
                self.to_writer.close()
                while await self.reader.read(65536):
                    pass
                return
            if self.fault == "reset" and self.chance.random() < 0.5:  # before the server has seen it
                reset(self.writer)
                return
            self.to_writer.write(data)
            await self.to_writer.drain()

    async def answers(self):
        try:
            while data := await self.to_reader.read(65536):
                if not await self.answer(data):
                    return
        except OSError:
            pass
        if self.fault != "half_open":
            self.writer.close()

    async def answer(self, data):
        """Passes it on as the fault wants. False ends the connection."""
        if self.fault == "blackhole":
            return True
        if self.fault == "reset":  # done, and not answered
            reset(self.writer)
            return False
        if self.fault == "delay":
            await asyncio.sleep(self.proxy.ms * self.chance.uniform(0.5, 1.5) / 1000)
        if self.fault == "garbage":
            data = self.chance.randbytes(len(data))
        if self.fault == "cut":
            self.writer.write(data[:self.chance.randrange(len(data))])
            self.writer.close()
            return False
        if self.fault == "throttle":
            return await self.trickle(data)
        self.writer.write(data)
        await self.writer.drain()
        return True

    async def trickle(self, data):
        step = max(1, self.proxy.rate // 20)
        for at in range(0, len(data), step):
            self.writer.write(data[at:at + step])
            await self.writer.drain()
            await asyncio.sleep(0.05)
        return True


def reset(writer):
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

"""All-reduce for `gan-train --distributed`: a torch.distributed process that is spoken to over its standard input and output.

A message is a header of 4 letters and the number of bytes that follow (unsigned, 64 bits, little-endian), then those bytes.

    from gan-train            answer
    MEAN float32 numbers      MEAN: the mean over all ranks, element by element
    CAST bytes                CAST: the bytes of rank 0
                              INFO: JSON, once, when all ranks have met
                              FAIL: one line of text; the process ends

torchrun sets RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT. Needs Python 3.8 and torch 2.0.
"""

import json
import os
import signal
import struct
import sys
import time
from datetime import timedelta

HEADER = struct.Struct("<4sQ")
MAX_BYTES = 2**33
# A peer that dies is noticed at once, as its connections close. This is for machines that vanish.
TIMEOUT = timedelta(hours=1)


class Link:
    """The two pipes. Whatever else prints on standard output goes to standard error."""

    def __init__(self):
        self.source = os.fdopen(os.dup(0), "rb", buffering=0)
        self.sink = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)

    def read(self):
        """The next message, or None at the end of the input."""
        header = self._bytes(HEADER.size)
        if header is None:
            return None
        kind, size = HEADER.unpack(header)
        if size > MAX_BYTES:
            raise ValueError(f"a message of {size} bytes; at most {MAX_BYTES} are allowed")
        return kind, self._bytes(size)

    def write(self, kind, data):
        view = memoryview(data).cast("B")
        self._all(HEADER.pack(kind, len(view)))
        self._all(view)

    def _bytes(self, size):
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            count = self.source.readinto(view[done:])
            if not count:
                return None
            done += count
        return data

    def _all(self, data):
        view = memoryview(data)
        while len(view) > 0:
            view = view[self.sink.write(view) :]


def fresh_store(store, rank, size):
    """The part of torchrun's store that belongs to this start of the ranks.

    torchrun may keep one store over restarts, and ranks would find the addresses of those that are gone. So each rank
    shows a number of its own, and goes on when rank 0 has answered to just that one.
    """
    from torch.distributed import PrefixStore

    own = os.urandom(8).hex()
    end = time.monotonic() + TIMEOUT.total_seconds()
    if rank == 0:
        here = set()
        while len(here) < size - 1:
            for other in range(1, size):
                if other in here or not store.check([f"ganscope/hello/{other}"]):
                    continue
                theirs = store.get(f"ganscope/hello/{other}").decode()
                store.set(f"ganscope/answer/{theirs}", own)
                if store.check([f"ganscope/here/{own}/{other}"]):
                    here.add(other)
            if time.monotonic() > end:
                raise RuntimeError(f"{len(here) + 1} of {size} ranks have come")
            time.sleep(0.02)
        return PrefixStore(f"ganscope/{own}", store)
    store.set(f"ganscope/hello/{rank}", own)
    start = store.get(f"ganscope/answer/{own}").decode()
    store.set(f"ganscope/here/{start}/{rank}", "1")
    return PrefixStore(f"ganscope/{start}", store)


def chosen_device(torch, dist, wanted):
    """Where arrays are averaged: on the GPU of this rank with NCCL if all ranks have one, else on the CPU with gloo."""
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    here = wanted != "gloo" and dist.is_nccl_available() and torch.cuda.device_count() >= local_size
    everywhere = torch.tensor([1 if here else 0])
    dist.all_reduce(everywhere, op=dist.ReduceOp.MIN)
    if everywhere.item() == 1:
        torch.cuda.set_device(local_rank)
        return torch.device("cuda", local_rank)
    if wanted == "nccl":
        raise RuntimeError("NCCL was asked for, but not every rank has a GPU of its own that torch can use")
    return torch.device("cpu")


def serve(link, wanted):
    try:
        import torch
        import torch.distributed as dist
    except ImportError as error:
        raise RuntimeError(f"no torch: {error}") from error
    both = torch.cuda.is_available() and dist.is_nccl_available()
    store, rank, size = next(iter(dist.rendezvous("env://", timeout=TIMEOUT)))
    store.set_timeout(TIMEOUT)
    store = fresh_store(store, rank, size)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if both else "gloo", store=store, rank=rank, world_size=size, timeout=TIMEOUT
    )
    device = chosen_device(torch, dist, wanted)
    backend = "nccl" if device.type == "cuda" else "gloo"
    info = {"rank": dist.get_rank(), "size": size, "backend": backend, "torch": torch.__version__}
    link.write(b"INFO", json.dumps(info).encode())

    def mean(data):
        if len(data) == 0 or len(data) % 4 != 0:
            raise ValueError(f"MEAN of {len(data)} bytes; expected float32 numbers")
        here = torch.frombuffer(data, dtype=torch.float32)
        there = here if device.type == "cpu" else here.to(device)
        dist.all_reduce(there)
        there.div_(size)
        if there is not here:
            here.copy_(there)
        return data

    def cast(data):
        # Only rank 0 knows how long it is.
        length = torch.tensor([len(data)])
        dist.broadcast(length, 0)
        if length.item() > MAX_BYTES:
            raise ValueError(f"CAST of {length.item()} bytes; at most {MAX_BYTES} are allowed")
        if dist.get_rank() != 0:
            data = bytearray(length.item())
        if len(data) > 0:
            dist.broadcast(torch.frombuffer(data, dtype=torch.uint8), 0)
        return data

    kinds = {b"MEAN": mean, b"CAST": cast}
    while True:
        message = link.read()
        if message is None:
            return
        kind, data = message
        if kind not in kinds:
            raise ValueError(f"unknown message {kind!r}")
        link.write(kind, kinds[kind](data))


def main():
    # The owner decides when to end: the step under way needs this process. It ends with its input.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    link = Link()
    try:
        serve(link, sys.argv[1] if len(sys.argv) > 1 else "auto")
        code = 0
    except BrokenPipeError:
        code = 0
    except Exception as error:  # Whatever it is, the owner says it.
        lines = [line for line in str(error).splitlines() if line.strip()]
        try:
            link.write(b"FAIL", (lines[0] if lines else type(error).__name__).encode())
        except OSError:
            pass
        code = 1
    # Without torch's own clean-up, which may wait for ranks that are gone.
    sys.stderr.flush()
    os._exit(code)


main()

"""A worker for tests: it does to some files what only broken decoders do, and serves the others.

python odd_worker.py MEMORY_BYTES SECONDS
"""

import os
import signal
import sys
import time
from pathlib import Path

from headstart.images import worker

honest_answer = worker.answer


def print_much():
    print("a library says something", flush=True)
    os.write(1, b"and so does its C code\n" * 1000)


def eat_memory():
    bytearray(2**40)


ACTIONS = {
    b"SEGFAULT": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    b"KILLED": lambda: os.kill(os.getpid(), signal.SIGKILL),
    b"EXIT": lambda: os._exit(7),
    b"HANG": lambda: time.sleep(600),
    b"PRINT": print_much,
    b"MEMORY": eat_memory,
}


def answer(request, path):
    content = Path(os.fsdecode(path)).read_bytes().partition(b":")
    if content[0] == request["do"].upper().encode() and content[2] in ACTIONS:
        ACTIONS[content[2]]()
    if content[2] in ACTIONS and request["do"] == "hash":
        return {"sha256": "0" * 64, "bytes": 1}, b""
    return honest_answer(request, path)


if __name__ == "__main__":
    assert len(sys.argv) == 3
    worker.answer = answer
    worker.main()

"""llama.cpp's own HTTP server, from the wheel of the engine: `python llama_server.py MODEL [TEMPLATE]`.

Prints the address at which it listens, and serves until its standard input closes. With a
template of its own it also forgets prompts, so that each answer is computed as the first was.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any


def main() -> None:
    library: Any = importlib.import_module("xllamacpp")
    params = library.CommonParams()
    params.model.path = sys.argv[1]
    params.model_alias = {"small"}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = 2
    params.n_ctx = 2048
    # One thread: several would wait for each other at every token wherever cores are shared.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.api_keys = ["sk-very-secret"]
    params.ui = False
    params.verbosity = 0
    if sys.argv[2:]:
        params.chat_template = sys.argv[2]
        params.cache_prompt = False
    server = library.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 whoever started it reads this
    sys.stdin.read()
    os._exit(0)  # its threads do not end by themselves


if __name__ == "__main__":
    main()

"""llama.cpp's own HTTP server, from the wheel of the engine: `python llama_server.py MODEL`.

Prints the address at which it listens, and serves until its standard input closes.
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
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.api_keys = ["sk-very-secret"]
    params.ui = False
    params.verbosity = 0
    server = library.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 whoever started it reads this
    sys.stdin.read()
    os._exit(0)  # its threads do not end by themselves


if __name__ == "__main__":
    main()

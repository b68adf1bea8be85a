#!/usr/bin/env python3
"""In place of QEMU: a guest that comes up as it should and never stops talking."""

import os
import pathlib
import socket
import sys
import threading

CONSOLE = b"\x1b[2J\x1b]0;console\x07" + b"x" * 5000 + b"\n" + b"\x9b1m\xe2\x80\xae\r\n"
INIT = b"\x1b[2J\x1b]0;init\x07 \xe2\x80\xae\n"


def for_ever(write, text):
    try:
        while True:
            write(text * 100)
    except OSError:
        pass


def port(name):
    path = next(arg for arg in sys.argv if arg.startswith(f"socket,id={name},"))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path.split("path=")[1].split(",")[0])
    return connection


agent, init = port("agent"), port("init")
agent.sendall(pathlib.Path(sys.argv[0]).with_name("reports").read_bytes())
threading.Thread(target=for_ever, args=(init.sendall, INIT)).start()
for_ever(lambda text: os.write(1, text), CONSOLE)

"""A stdio server's command: `python -IS launcher.py SOCKET` (see nursery.py)."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as nursery:
    nursery.connect(sys.argv[1])
    socket.send_fds(nursery, [b"\0"], [0, 1])
    nursery.recv(1)

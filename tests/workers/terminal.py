"""Runs a command on a pseudo-terminal of so many columns and prints all that it writes there.

python3 terminal.py columns command [argument ...]
"""

import fcntl
import os
import pty
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    # The size is set before the command runs, by the side that becomes it.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(command[0], command)
written = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side is closed
        break
    if not piece:
        break
    written += piece
os.waitpid(pid, 0)
sys.stdout.buffer.write(written)

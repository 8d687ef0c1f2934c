"""Runs a command on a pseudo-terminal, presses keys when texts appear, and prints what it wrote.

python3 answer_terminal.py keys command [argument ...]

Keys are a JSON array of pairs: a pattern to wait for, after the last one that was found, and the keys to
press then. The last line is the exit code.
"""

import json
import os
import pty
import re
import sys

keys, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
written = b""
seen = 0
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side is closed
        break
    if not piece:
        break
    written += piece
    while keys:
        found = re.compile(keys[0][0].encode()).search(written, seen)
        if not found:
            break
        seen = found.end()
        os.write(terminal, keys.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(written)
print(f"\n{os.waitstatus_to_exitcode(status)}")

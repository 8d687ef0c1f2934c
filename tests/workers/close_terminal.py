"""Runs a command on a pseudo-terminal that is closed once a file is there; prints the command's exit code.

python3 close_terminal.py file command [argument ...]
"""

import os
import pty
import sys
import time

file, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
while not os.path.exists(file):
    time.sleep(0.01)
os.close(terminal)
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status))

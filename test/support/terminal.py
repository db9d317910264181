"""Runs a command in a terminal of its own and plays its user.

stdin: {"argv": [...], "env": {...}, "cwd": ..., "columns": n, "rows": n, "steps": [{"wait": REGEX, "send": TEXT} or
{"wait": REGEX, "hangup": true}]}; steps are taken in order, each when its pattern has appeared since the last.
stdout: {"output": everything the terminal was sent, "code": exit code or minus the signal}
"""
import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios


def main():
    request = json.load(sys.stdin)
    pid, terminal = pty.fork()
    if pid == 0:
        size = struct.pack("HHHH", request["rows"], request["columns"], 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.chdir(request["cwd"])
        os.execve(request["argv"][0], request["argv"], request["env"])
    steps, output, seen = list(request["steps"]), "", 0
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the command and everything else that held the terminal have ended
            data = b""
        if not data:
            break
        output += data.decode("utf-8", "replace")
        if steps and re.search(steps[0]["wait"], output[seen:]):
            step, seen = steps.pop(0), len(output)
            if step.get("hangup"):
                break
            os.write(terminal, step["send"].encode())
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    print(json.dumps({"output": output, "code": os.waitstatus_to_exitcode(status)}))


main()

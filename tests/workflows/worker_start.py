"""Stands for Python where Ray starts a process: see ``worker_server.py``. It has but the standard library."""

import json
import os
import signal
import socket
import sys

python, address, *arguments = sys.argv[1:]
if not arguments[:1] or not arguments[0].endswith(("/setup_worker.py", "/default_worker.py")):
    os.execv(python, [python, *arguments])
asked = {
    "arguments": arguments,
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "mask": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
}
with socket.socket(socket.AF_UNIX) as connection:
    try:
        connection.connect(address)
    except OSError:
        os.execv(python, [python, *arguments])
    message = json.dumps(asked).encode() + b"\n"
    sent = socket.send_fds(connection, [message], [1, 2])
    connection.sendall(message[sent:])
    # Until the worker has ended.
    while connection.recv(1):
        pass

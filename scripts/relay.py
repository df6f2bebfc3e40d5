"""Counts what goes over a link, or damages it."""
import os
import socket
import threading


class Relay:
    """A Unix socket that leads to another one.

    `requests`, `sent` and `received` are the packets that the debugger's side sent, and the
    bytes each way.
    """

    def __init__(self, path, target):
        self.requests = self.sent = self.received = 0
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.far = socket.socket(socket.AF_UNIX)
        self.far.connect(target)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        """One debugger."""
        near, _ = self.listener.accept()
        threading.Thread(target=self.back, args=(near,), daemon=True).start()
        try:
            while data := near.recv(65536):
                # Anywhere but at its start a packet has this byte escaped.
                self.requests += data.count(b"$")
                self.sent += len(data)
                self.far.sendall(data)
        except OSError:
            pass
        self.listener.close()

    def back(self, near):
        """The other direction."""
        try:
            while data := self.far.recv(65536):
                self.received += len(data)
                near.sendall(self.from_target(data))
        except OSError:
            pass
        self.far.close()
        near.close()

    @staticmethod
    def from_target(data):
        """What the debugger gets for these bytes; for other classes to have their way."""
        return data

    def counts(self):
        """Those three."""
        return self.requests, self.sent, self.received

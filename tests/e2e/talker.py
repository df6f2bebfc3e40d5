"""Programs of ours that run beside a test and talk."""
import re
import subprocess
import threading
import time

import debuggee


class Talker:
    """A running program of ours, and what it has said and nobody has expected yet."""

    FLAGS = 0       # of the patterns

    def __init__(self, command, **options):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=debuggee.die_with_parent, **options)
        self.said = ""
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.said += line
                self.changed.notify_all()

    def expect(self, pattern, timeout=20):
        """Wait until it has said something; that is used up."""
        end = time.monotonic() + timeout
        with self.changed:
            while not (match := re.search(pattern, self.said, self.FLAGS)):
                left = end - time.monotonic()
                assert left > 0, f"{self.process.args[0]} did not say {pattern!r} but: {self.said}"
                self.changed.wait(left)
            self.said = self.said[match.end():]
            return match

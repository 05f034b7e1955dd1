"""What command and integration tests share: where the program is and how to run it."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
VILLERS = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")


def run(args, input=None, cwd=None, timeout=60, env=None):
    """Run `villers ARGS`; text in and out.  The result has returncode, stdout and stderr."""
    full = dict(os.environ, **(env or {}))
    return subprocess.run([VILLERS, *map(str, args)], input=input, cwd=cwd, timeout=timeout, env=full, text=True, capture_output=True)


class HubCase(unittest.TestCase):
    """A test with a fresh hub in self.hub, and self.path for other files."""

    def setUp(self):
        self._tmp = tempfile.TemporaryDirectory(prefix="villers-test-")
        self.addCleanup(self._tmp.cleanup)
        self.path = pathlib.Path(self._tmp.name)
        self.hub = self.path / "hub"
        made = run(["init", self.hub])
        self.assertEqual(made.returncode, 0, made.stderr)

    def villers(self, *args, code=0, **kw):
        """Run a command of this hub and check its exit code."""
        p = run([args[0], "--hub", self.hub, *args[1:]], **kw)
        self.assertEqual(p.returncode, code, "villers %s: %s%s" % (" ".join(map(str, args)), p.stdout[-2000:], p.stderr[-2000:]))
        return p

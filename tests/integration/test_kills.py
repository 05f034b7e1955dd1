"""A few of the kills of kills.py, which takes as many as one likes."""
import os
import unittest

import kills


class Kills(unittest.TestCase):
    def test_a_few(self):
        self.assertEqual(kills.main(["--kills", os.environ.get("KILLS", "8"), "--hosts", "2"]), 0)


if __name__ == "__main__":
    unittest.main()

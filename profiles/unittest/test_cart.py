"""Tests of the cart."""

import unittest

from cart import total


class TotalTest(unittest.TestCase):
    """What a cart costs."""

    def test_sum(self) -> None:
        """Prices are added."""
        self.assertEqual(total([30, 45]), 75)

    def test_discount(self) -> None:
        """The discount is in percent."""
        self.assertEqual(total([200], discount=25), 150)

from math import fsum
from unittest import skipUnless

from odoo.tests import BaseCase, tagged

from odoo.addons.support_billing.tools.quantity_split import split_quantity

try:
    from hypothesis import given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it
    st = None


@tagged('post_install', '-at_install')
class TestQuantitySplit(BaseCase):
    """ Do the parts of a quantity add up to it, and stay close to what they are (H8)? """

    def test_thirds_add_up_to_the_whole(self):
        self.assertEqual(split_quantity(1.0, [1 / 3] * 3), [0.34, 0.33, 0.33])

    def test_who_loses_most_by_rounding_gets_the_unit(self):
        self.assertEqual(split_quantity(1.0, [0.331, 0.339, 0.33]), [0.33, 0.34, 0.33])

    def test_exact_shares_stay(self):
        self.assertEqual(split_quantity(2.3, [0.1, 0.7, 1.5]), [0.1, 0.7, 1.5])

    def test_what_rounding_took_comes_from_the_largest(self):
        self.assertEqual(split_quantity(2.99, [1.0, 2.0]), [1.0, 1.99])

    def test_minutes(self):
        self.assertEqual(split_quantity(61, [20.4, 20.4, 20.4], 0), [21, 20, 20])

    def test_negative_shares_add_up_too(self):
        self.assertEqual(split_quantity(0.67, [1.0, -1 / 3]), [1.0, -0.33])


if st:
    @tagged('post_install', '-at_install')
    @skipUnless(st, "hypothesis is not installed")
    class TestQuantitySplitProperties(BaseCase):
        """ The same for random shares. """

        @settings(max_examples=300, derandomize=True, deadline=None)
        @given(
            st.lists(st.integers(-600, 6000), min_size=1, max_size=40),
            st.sampled_from((1, 60, 480)), st.integers(0, 4), st.integers(-1, 1),
        )
        def test_parts_add_up_and_are_close(self, minutes, unit, digits, off):
            """ Exactly; each share moves by one unit, or two when the whole was rounded too. """
            shares = [share / unit for share in minutes]
            total = round(fsum(shares), digits) + off * 10 ** -digits
            parts = split_quantity(total, shares, digits)
            scale = 10 ** digits
            self.assertEqual(sum(round(part * scale) for part in parts), round(total * scale))
            for share, part in zip(shares, parts):
                self.assertEqual(part, round(part, digits))
                self.assertLess(abs(part - share) * scale, 2.5)

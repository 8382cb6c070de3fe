""" The arithmetic of prepaid hours, with any packs and any entries (W3). """

from datetime import date, timedelta
from unittest import skipUnless

from odoo.tests import BaseCase, tagged

from odoo.addons.support_billing.tools.hours_ledger import NOTHING, Pack, take_hours

try:
    from hypothesis import HealthCheck, given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it
    st = None

DAY = date(2026, 6, 15)


class TestTakeHours(BaseCase):
    """ One rule a test, on packs that are easy to follow. """

    def test_first_pack_pays_first(self):
        """ W3: in the order that was given. """
        first, second = Pack('first', 2, date.min), Pack('second', 2, date.min)
        self.assertEqual(take_hours([first, second], DAY, 3, 3), [(first, 2, 2), (second, 1, 1)])
        self.assertEqual((first.left, second.left), (0, 1))

    def test_last_day_counts_and_the_next_one_does_not(self):
        """ W3: a pack pays on its last day. """
        pack = Pack('pack', 5, date.min, DAY)
        self.assertEqual(take_hours([pack], DAY, 1, 1), [(pack, 1, 1)])
        self.assertEqual(take_hours([pack], DAY + timedelta(1), 1, 1), [(None, 1, 1)])

    def test_pack_that_waits_for_its_start_pays_for_nothing(self):
        """ W3: until go-live is known, the hours cannot be used. """
        self.assertEqual(take_hours([Pack('pack', 5)], DAY, 1, 1), [(None, 1, 1)])

    def test_overdrawn_pack_pays_for_nothing_and_stays(self):
        """ W3: less than nothing is nothing. """
        pack = Pack('pack', -2, date.min)
        self.assertEqual(take_hours([pack], DAY, 1, 1), [(None, 1, 1)])
        self.assertEqual(pack.left, -2)

    def test_worked_hours_are_shared_as_the_billed_ones(self):
        """ W14: what was worked is divided in the proportion of what is billed. """
        first, second = Pack('first', 0.25, date.min), Pack('second', 5, date.min)
        self.assertEqual(
            take_hours([first, second], DAY, 0.5, 1), [(first, 0.125, 0.25), (second, 0.375, 0.75)],
        )

    def test_nothing_left_of_fractions_is_no_part(self):
        """ W3: three thirds are one hour, and a second of a pack is not worth an entry. """
        pack = Pack('pack', 1 - NOTHING / 2, date.min)
        self.assertEqual(len(take_hours([pack], DAY, 1, 1)), 1)
        self.assertFalse(pack.is_usable(DAY))

    def test_correction_is_left_to_who_asks(self):
        """ W3: negative hours take from no pack. """
        pack = Pack('pack', 1, date.min)
        self.assertEqual(take_hours([pack], DAY, -1, -1), [(None, -1, -1)])
        self.assertEqual(pack.left, 1)


if st:
    # a busy machine is slow
    OPTIONS = {
        'deadline': None, 'derandomize': True, 'database': None,
        'suppress_health_check': list(HealthCheck),
    }
    MINUTES = st.integers(0, 60 * 24)
    DAYS = st.none() | st.integers(-5, 5).map(lambda days: DAY + timedelta(days))
    PACKS = st.lists(st.builds(
        lambda left, start, end: Pack(None, left / 60, start, end),
        st.integers(-120, 60 * 24), DAYS, DAYS,
    ), max_size=5)


@tagged('-at_install', 'post_install')
@skipUnless(st, "hypothesis is not installed")
class TestTakeHoursOfAny(BaseCase):
    """ What holds whatever the packs and the entry are. """

    if st:
        @settings(max_examples=500, **OPTIONS)
        @given(packs=PACKS, worked=st.integers(1, 60 * 24), billed=MINUTES)
        def test_what_is_taken_adds_up(self, packs, worked, billed):
            """ W3, W14: no minute is lost or made, no pack is overdrawn, the order is kept. """
            worked, billed = worked / 60, billed / 60
            before = [(pack, pack.left, pack.is_usable(DAY)) for pack in packs]
            parts = take_hours(packs, DAY, worked, billed)
            self.assertAlmostEqual(sum(part[1] for part in parts), worked)
            self.assertAlmostEqual(sum(part[2] for part in parts), billed)
            self.assertTrue(all(hours >= 0 for part in parts for hours in part[1:]), parts)
            taken = {id(pack): hours for pack, _worked, hours in parts if pack}
            self.assertEqual(len(taken), sum(1 for part in parts if part[0]), "once from each")
            room = billed
            for pack, left, usable in before:
                hours = taken.get(id(pack), 0)
                self.assertAlmostEqual(pack.left, left - hours)
                if hours:
                    self.assertTrue(usable)
                    self.assertGreaterEqual(pack.left, -2 * NOTHING)
                if usable:
                    # nothing is taken from a pack while one before it has room
                    self.assertAlmostEqual(hours, min(left, room), delta=2 * NOTHING)
                    room -= hours
            rest = sum(hours for pack, _worked, hours in parts if not pack)
            self.assertAlmostEqual(rest, room, delta=2 * NOTHING)

        @settings(max_examples=200, **OPTIONS)
        @given(
            packs=PACKS,
            entries=st.lists(st.integers(1, 600).map(lambda minutes: minutes / 60), max_size=30),
        )
        def test_many_entries_never_overdraw(self, packs, entries):
            """ W3: the sum of many small parts is no more than there was. """
            usable = sum(pack.left for pack in packs if pack.is_usable(DAY))
            taken = sum(
                hours for entry in entries
                for pack, _worked, hours in take_hours(packs, DAY, entry, entry) if pack
            )
            self.assertAlmostEqual(
                taken, min(usable, sum(entries)), delta=NOTHING * (len(packs) + 1),
            )

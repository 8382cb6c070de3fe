""" The arithmetic of the indicators, with any tickets (G2). """

from datetime import date, datetime, timedelta
from unittest import skipUnless

from odoo.tests import BaseCase, tagged

from odoo.addons.hypercare.tools.window_figures import (
    BACKLOGS,
    Life,
    Login,
    Promise,
    count_promises,
    count_silent,
    count_tickets,
    find_runs,
    get_changes,
)

try:
    from hypothesis import HealthCheck, given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it
    st = None

START = datetime(2026, 3, 2)
END = START + timedelta(days=1)
BEFORE, NOON, EVENING = (START + timedelta(hours=hours) for hours in (-1, 12, 18))
DAY = date(2026, 3, 2)


class TestWindowFigures(BaseCase):
    """ One rule a test. """

    def test_G2_a_day_begins_with_its_first_moment_and_ends_before_the_next(self):
        lives = [Life(START), Life(END - timedelta(seconds=1)), Life(END), Life(BEFORE)]
        figures = count_tickets(lives, START, END)
        self.assertEqual(figures['opened'], 2)
        self.assertEqual(figures['backlog'], 3)

    def test_G2_a_ticket_closed_in_the_first_moment_of_the_next_day_is_open_at_the_end(self):
        lives = [Life(BEFORE, ((END, 'solved'),))]
        figures = count_tickets(lives, START, END)
        self.assertEqual((figures['backlog'], figures['solved']), (1, 0))
        figures = count_tickets(lives, END, END + timedelta(days=1))
        self.assertEqual((figures['backlog'], figures['solved']), (0, 1))

    def test_G2_canceled_is_not_solved_and_not_open(self):
        figures = count_tickets([Life(BEFORE, ((NOON, 'cancelled'),))], START, END)
        self.assertEqual((figures['backlog'], figures['solved']), (0, 0))

    def test_G2_solved_reopened_and_open_at_the_end(self):
        life = Life(BEFORE, ((NOON, 'solved'), (EVENING, 'open')))
        figures = count_tickets([life], START, END)
        self.assertEqual(
            (figures['solved'], figures['reopened'], figures['backlog']), (1, 1, 1),
        )

    def test_G2_open_tickets_by_priority(self):
        lives = [Life(NOON, priority=priority) for priority in '0112333']
        figures = count_tickets(lives, START, END)
        self.assertEqual(
            [figures[BACKLOGS[priority]] for priority in '0123'], [1, 2, 1, 3],
        )

    def test_G2_shares_are_of_what_came_in_and_unknown_when_nothing_did(self):
        lives = [Life(NOON, kind=kind) for kind in ('question', 'question', 'defect', 'other')]
        figures = count_tickets([*lives, Life(BEFORE, kind='settings')], START, END)
        self.assertEqual(
            [figures[f'share_{kind}'] for kind in ('question', 'settings', 'defect')], [50, 0, 25],
        )
        self.assertNotIn('share_question', count_tickets([Life(BEFORE)], START, END))

    def test_G2_received_per_user_is_unknown_without_users(self):
        self.assertEqual(count_tickets([Life(NOON)], START, END, users=4)['requests_per_user'], .25)
        self.assertNotIn('requests_per_user', count_tickets([Life(NOON)], START, END))

    def test_G2_compliance_of_what_was_decided_on_the_day(self):
        promises = [
            Promise('first_response', NOON, True), Promise('first_response', NOON, False),
            Promise('first_response', BEFORE, False), Promise('resolution', END, True),
        ]
        self.assertEqual(count_promises(promises, START, END), {'first_response': 50})

    def test_G2_silent_is_who_may_log_in_and_did_nothing_yet(self):
        logins = [
            Login(BEFORE, None), Login(BEFORE, NOON), Login(BEFORE, END), Login(END, None),
        ]
        self.assertEqual(count_silent(logins, END), {'silent_users': 2})
        self.assertEqual(count_silent([], END), {}, "not known")

    def test_G2_history_counts_only_for_what_was_reopened(self):
        history = [[1, str(BEFORE), 'open'], [5, str(NOON), 'solved'], [6, str(NOON), 'cancelled'],
                   [1, str(EVENING), 'open']]
        self.assertEqual(
            get_changes(BEFORE, None, 'open', history, True), ((NOON, 'solved'), (EVENING, 'open')),
        )
        self.assertEqual(get_changes(BEFORE, NOON, 'solved'), ((NOON, 'solved'),))
        self.assertEqual(get_changes(BEFORE, None, 'open'), ())

    def test_G2_solved_counts_as_solved_when_it_is_canceled_later(self):
        history = [[1, str(BEFORE), 'open'], [5, str(NOON), 'solved'], [6, str(END), 'cancelled']]
        self.assertEqual(get_changes(BEFORE, NOON, 'cancelled', history), ((NOON, 'solved'),))

    def test_G2_days_in_a_row(self):
        def runs(text, days=2):
            values = [
                (DAY + timedelta(index), int(char)) for index, char in enumerate(text)
                if char != ' '
            ]
            return [
                ((run.date_from - DAY).days, (run.flagged - DAY).days,
                 run.date_to and (run.date_to - DAY).days)
                for run in find_runs(values, lambda value: value > 5, days)
            ]

        self.assertEqual(runs('191'), [])
        self.assertEqual(runs('1991'), [(1, 2, 2)])
        self.assertEqual(runs('1999'), [(1, 2, None)])
        self.assertEqual(runs('9 9'), [(0, 2, None)], "a day without a value interrupts nothing")
        self.assertEqual(runs('99199'), [(0, 1, 1), (3, 4, None)])
        self.assertEqual(runs('99', days=0), [], "only observed")


if st:
    OPTIONS = {
        'deadline': None, 'derandomize': True, 'database': None,
        'suppress_health_check': list(HealthCheck),
    }
    HOURS = 24 * 6

    @st.composite
    def histories(draw):
        """ Any way through the stages: moments in hours, with the type of the stage. """
        opened = draw(st.integers(0, HOURS))
        moves = sorted(draw(st.lists(st.integers(opened, HOURS), max_size=6)))
        types = st.sampled_from(['open', 'customer', 'third_party', 'solved', 'cancelled'])
        return [[opened, 'open'], *([hour, draw(types)] for hour in moves)]

    HISTORIES = st.lists(
        st.tuples(histories(), st.sampled_from('0123'), st.sampled_from(
            ['question', 'settings', 'defect', 'other'],
        )), max_size=8,
    )


@tagged('-at_install', 'post_install')
@skipUnless(st, "hypothesis is not installed")
class TestFiguresOfAny(BaseCase):
    """ What holds whatever becomes of the tickets. """

    if st:
        @settings(max_examples=300, **OPTIONS)
        @given(HISTORIES)
        def test_G2_figures_equal_a_naive_recomputation(self, histories):
            """ Hour by hour, from the history alone. """
            def moment(hour):
                return START + timedelta(hours=hour)

            def is_open(history, hour):
                states = [kind for at, kind in history if at < hour]
                return bool(states) and states[-1] not in ('solved', 'cancelled')

            lives = []
            for history, priority, kind in histories:
                rows = [[1, str(moment(hour)), entered] for hour, entered in history]
                opened = moment(history[0][0])
                changes = get_changes(opened, None, None, rows, True)
                lives.append(Life(opened, changes, priority, kind))
            before = 0
            for day in range(6):
                start, end = 24 * day, 24 * (day + 1)
                figures = count_tickets(lives, moment(start), moment(end))
                open_now = [entry for entry in histories if is_open(entry[0], end)]
                self.assertEqual(figures['backlog'], len(open_now))
                for priority, code in BACKLOGS.items():
                    self.assertEqual(
                        figures[code], sum(entry[1] == priority for entry in open_now),
                    )
                opened = [entry for entry in histories if start <= entry[0][0][0] < end]
                self.assertEqual(figures['opened'], len(opened))
                if opened:
                    self.assertAlmostEqual(figures['share_defect'], 100 * sum(
                        entry[2] == 'defect' for entry in opened
                    ) / len(opened))
                solved = reopened = cancelled = 0
                for history, _priority, _kind in histories:
                    closed = False
                    for at, entered in history:
                        closes = entered in ('solved', 'cancelled')
                        if start <= at < end:
                            solved += entered == 'solved' and not closed
                            cancelled += entered == 'cancelled' and not closed
                            reopened += closed and not closes
                        closed = closes
                self.assertEqual((figures['solved'], figures['reopened']), (solved, reopened))
                # nothing is lost from one day to the next
                self.assertEqual(
                    before + figures['opened'] + reopened - solved - cancelled, figures['backlog'],
                )
                before = figures['backlog']

        @settings(max_examples=300, **OPTIONS)
        @given(st.lists(st.booleans() | st.none(), max_size=12), st.integers(1, 4))
        def test_G2_runs_are_the_longest_rows_of_days_beyond(self, days, length):
            """ Every day in a long enough row is in exactly one run, and no other day. """
            values = [
                (DAY + timedelta(number), beyond) for number, beyond in enumerate(days)
                if beyond is not None
            ]
            runs = find_runs(values, bool, length)
            text = ''.join('x' if beyond else '.' for _day, beyond in values)
            expected = [part for part in text.split('.') if len(part) >= length]
            self.assertEqual([len(run.values) for run in runs], [len(part) for part in expected])
            for run in runs:
                self.assertEqual(run.flagged, run.values[length - 1][0])
                self.assertEqual(run.date_to is None, run.values[-1] == values[-1])

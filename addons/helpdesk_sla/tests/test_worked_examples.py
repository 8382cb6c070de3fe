""" The table "Worked examples" of docs/sla.md, row by row, on tickets. """

from pathlib import Path

from odoo.fields import Datetime
from odoo.modules import get_module_path
from odoo.tests import tagged

from .common import FROZEN_FIELDS, HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestWorkedExamples(HelpdeskCase):
    """ One test a row, through tickets; its text is the row. """

    def test_every_row_is_here(self):
        """ A row that is added to the table is missed here until it has its test. """
        path = Path(get_module_path('helpdesk_sla')).parents[1] / 'docs' / 'sla.md'
        table = path.read_text().partition('| case | expected |\n|---|---|\n')[2]
        rows = [line.strip('| ') for line in table.partition('\n\n')[0].splitlines()]
        tests = [
            ' '.join(getattr(self, name).__doc__.split())
            for name in sorted(dir(self)) if name.startswith('test_row_')
        ]
        self.assertEqual(tests, rows)
        self.assertTrue(rows)

    def test_row_01_created_friday_evening(self):
        """ created Fri 17:30, 2 h | Mon 10:30 """
        policies = [
            self.create_policy('resolution', 2),
            self.create_policy('first_response', 2),
            self.create_policy('stage', 2, stage_id=self.stage_progress.id),
        ]
        self.go_to('fri 17:30')
        ticket = self.create_ticket()
        for policy in policies:
            self.assertMoment(self.status(ticket, policy).deadline, 'mon+1 10:30', policy.target)
        self.assertMoment(ticket.sla_deadline, 'mon+1 10:30')

    def test_row_02_fifteen_minutes_before_closing(self):
        """ 15 min at 17:50 | next working day 09:05 """
        policy = self.create_policy('first_response', 0.25)
        for created, expected in (('thu 17:50', 'fri 09:05'), ('fri 17:50', 'mon+1 09:05')):
            self.go_to(created)
            ticket = self.create_ticket()
            self.assertMoment(self.status(ticket, policy).deadline, expected, created)

    def test_row_03_lunch(self):
        """ 30 min at 11:50, lunch 12-13 | 13:20 """
        self.team.resource_calendar_id = self.create_calendar(((9, 12), (13, 18)))
        policy = self.create_policy('resolution', 0.5)
        self.go_to('tue 11:50')
        ticket = self.create_ticket()
        self.assertMoment(self.status(ticket, policy).deadline, 'tue 13:20')

    def test_row_04_high_in_progress(self):
        """ High ticket created Thu 16:00, In Progress in 4 h | Fri 11:00 """
        policy = self.create_policy(
            'stage', 4, stage_id=self.stage_progress.id, priority_high=True,
        )
        self.go_to('thu 16:00')
        ticket = self.create_ticket(priority='2')
        self.assertMoment(self.status(ticket, policy).deadline, 'fri 11:00')
        self.move(ticket, self.stage_progress, 'fri 11:00')
        self.assertEqual(self.status(ticket, policy).state, 'reached')

    def test_row_05_paused_over_days(self):
        """ 8 h target from Mon 09:00, paused Mon 11:00 - Wed 10:00 | Wed 16:00 """
        policy = self.create_policy('resolution', 8)
        ticket = self.create_ticket()
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 17:00')
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.assertMoment(self.status(ticket, policy).deadline, None)
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.assertMoment(self.status(ticket, policy).deadline, 'wed 16:00')

    def test_row_06_paused_over_the_weekend(self):
        """ paused Fri 16:00 - Mon 11:00 | shift of exactly 4 h """
        policy = self.create_policy('resolution', 8)
        self.go_to('fri 09:00')
        ticket = self.create_ticket()
        before = self.status(ticket, policy).deadline
        self.assertMoment(before, 'fri 17:00')
        self.move(ticket, self.stage_customer, 'fri 16:00')
        self.move(ticket, self.stage_progress, 'mon+1 11:00')
        after = self.status(ticket, policy).deadline
        self.assertMoment(after, 'mon+1 12:00')
        shift = self.calendar.get_work_hours_count(before, after, compute_leaves=False)
        self.assertEqual(shift, 4)

    def test_row_07_solved_from_hold(self):
        """ 1 h used, then hold, solved 3 days later from hold | reached, 1 h used """
        policy = self.create_policy('resolution', 2)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.move(ticket, self.stage_solved, 'thu 10:00')
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'reached', 'worked_hours': 1, 'reached_date': utc('thu 10:00'),
        }])

    def test_row_08_deadline_inside_the_pause(self):
        """ deadline inside the pause | never failed while paused """
        policy = self.create_policy('resolution', 2)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:59:59')
        for moment in ('mon 11:00', 'mon 11:01', 'fri 17:00', 'mon+9 12:00'):
            self.go_to(moment)
            self.assertEqual(self.status(ticket, policy).state, 'paused', moment)
            self.assertEqual(ticket.sla_state, 'paused', moment)
        self.move(ticket, self.stage_progress, 'mon+9 12:00')
        self.assertMoment(self.status(ticket, policy).deadline, 'mon+9 12:00:01')

    def test_row_09_solved_and_reopened(self):
        """ solved at 50 %, reopened 5 days later | 50 % left, first result kept """
        policy = self.create_policy('resolution', 8)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 13:00')
        self.move(ticket, self.stage_progress, 'sat 13:00')
        first, second = self.status(ticket, policy), self.status(ticket, policy, cycle=2)
        self.assertRecordValues(first, [{
            'state': 'reached', 'worked_hours': 4, 'reached_date': utc('mon 13:00'),
        }])
        self.assertEqual(second.state, 'running')
        self.assertMoment(second.deadline, 'mon+1 13:00')

    def test_row_10_summer_time(self):
        """ Fri 27 Mar 2026 17:00 + 2 h (DST on the 29th) | Mon 30 Mar 10:00 local = 08:00 UTC """
        policy = self.create_policy('resolution', 2)
        self.go_to('2026-03-27 17:00')
        deadline = self.status(self.create_ticket(), policy).deadline
        self.assertMoment(deadline, '2026-03-30 10:00')
        self.assertEqual(deadline, Datetime.to_datetime('2026-03-30 08:00:00'))

    def test_row_11_priority_raised_after_a_hold(self):
        """ priority raised after a 1 h hold | creation + new target + the same hold """
        low = self.create_policy('resolution', 16, priority_low=True)
        high = self.create_policy('resolution', 4, priority_high=True)
        ticket = self.create_ticket(priority='0')
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.move(ticket, self.stage_progress, 'mon 11:00')
        self.go_to('mon 11:30')
        ticket.with_user(self.agent).priority = '2'
        self.assertMoment(self.status(ticket, high).deadline, 'mon 14:00')
        self.assertEqual(self.status(ticket, low).state, 'superseded')
        self.assertMoment(ticket.sla_deadline, 'mon 14:00')

    def test_row_12_holiday_added(self):
        """ holiday added for tomorrow | running deadlines beyond it move by one working day;
        reached and failed ones stay """
        policy = self.create_policy('resolution', 12)
        short = self.create_policy('first_response', 1)
        running = self.create_ticket()
        reached, failed = self.create_ticket(), self.create_ticket()
        self.move(reached, self.stage_solved, 'mon 11:00')
        self.go_to('tue 12:30')
        self.move(failed, self.stage_solved)
        self.go_to('mon 16:00')
        self.assertMoment(self.status(running, policy).deadline, 'tue 12:00')
        self.assertMoment(self.status(running, short).deadline, 'mon 10:00')
        frozen = (self.status(reached, policy) | self.status(failed, policy)).read(FROZEN_FIELDS)

        self.create_closure('tue 00:00', 'wed 00:00')
        self.run_refresh()
        self.assertMoment(self.status(running, policy).deadline, 'wed 12:00')
        self.assertMoment(self.status(running, short).deadline, 'mon 10:00')
        self.assertEqual(
            (self.status(reached, policy) | self.status(failed, policy)).read(FROZEN_FIELDS),
            frozen,
        )
        self.assertEqual([values['result'] for values in frozen], ['reached', 'failed'])

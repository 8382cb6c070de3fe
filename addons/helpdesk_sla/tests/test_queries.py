""" What a hundred tickets cost: no more queries a ticket than stock mail.thread itself. """

import logging
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from odoo.modules import get_module_path
from odoo.tests import tagged

from .common import HelpdeskCase

_logger = logging.getLogger(__name__)

FEW, MANY = 10, 100


@tagged('post_install', '-at_install')
class TestQueries(HelpdeskCase):
    """ The same is done with ten and with a hundred tickets, by our code and by stock alone.

    Stock alone means: the same model, fields, followers and subtype of the creation, with every
    method that our addons override replaced by the stock one, so that what is measured is
    `mail.thread`, `rating.mixin` and the like.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policies = (
            cls.create_policy('first_response', 1)
            | cls.create_policy('resolution', 8)
            | cls.create_policy('resolution', 40, pause_third_party=True)
            | cls.create_policy('stage', 4, stage_id=cls.stage_progress.id)
        )

    @contextmanager
    def stock_only(self):
        """ Replace the methods of our addons on the ticket by the stock ones below them. """
        model = self.registry['helpdesk.ticket']
        ours_path = Path(get_module_path('helpdesk_sla')).parent
        ours, stock = [], []
        for cls in model.__mro__:
            module = cls.__module__.split('.')
            is_ours = module[:2] == ['odoo', 'addons'] and len(module) > 2 and (
                Path(get_module_path(module[2])).parent == ours_path
            )
            (ours if is_ours else stock).append(cls)
        self.assertIn(model._field_to_sql, [vars(cls).get('_field_to_sql') for cls in ours])
        names = {name for cls in ours for name, value in vars(cls).items() if callable(value)}
        with ExitStack() as stack:
            # subtypes of what happens are a stock feature, which stock documents use as well
            for name in names - {'_creation_subtype', '_creation_message', '_track_subtype'}:
                method = next(
                    (vars(cls)[name] for cls in stock if cls is not model and name in vars(cls)),
                    None,
                )
                if callable(method):
                    stack.enter_context(patch.object(model, name, method))
            yield

    def count(self, function, *args):
        """ Return the queries of a call, all that it leaves to the end of the transaction included.
        """
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        # the bus of notifications cleans up now and then
        with patch('random.random', lambda: 1):
            function(*args)
            self.env.flush_all()
            self.env.cr.precommit.run()
        return self.env.cr.sql_log_count - before

    def measure(self, title, prepare, function):
        """ Return the queries for few and for many tickets, and the growth a ticket. """
        # whatever is cached for good
        self.count(function, prepare(2))
        few = self.count(function, prepare(FEW))
        many = self.count(function, prepare(MANY))
        growth = (many - few) / (MANY - FEW)
        _logger.info(
            "%s: %s queries for %s tickets, %s for %s: %.2f a ticket",
            title, few, FEW, many, MANY, growth,
        )
        return few, many, growth

    def assertCostsLikeStock(self, title, prepare, function, fixed):
        """ Check that our code adds a fixed number of queries at most, and none a ticket. """
        few, many, growth = self.measure(title, prepare, function)
        with self.stock_only():
            stock_few, stock_many, stock_growth = self.measure(
                f"{title}, stock alone", prepare, function,
            )
        self.assertLessEqual(growth, stock_growth + 0.1)
        self.assertLessEqual(few - stock_few, fixed)
        self.assertLessEqual(many - stock_many, fixed)

    def get_values(self, count):
        return [
            {
                'name': f"Ticket {index}",
                'team_id': self.team.id,
                'stage_id': self.stage_new.id,
                'partner_id': self.client_contact.id,
                'user_id': self.agent2.id,
            }
            for index in range(count)
        ]

    def create(self, vals_list):
        return self.env['helpdesk.ticket'].with_user(self.agent).create(vals_list)

    def test_create(self):
        self.assertCostsLikeStock("Creating", self.get_values, self.create, fixed=40)
        ticket = self.create(self.get_values(1))
        self.assertEqual(len(ticket.sla_status_ids), 4, "all policies match")

    def test_create_with_automatic_assignment(self):
        self.team.assign_method = 'balanced'

        def get_values(count):
            return [{**values, 'user_id': False} for values in self.get_values(count)]

        _few, many, growth = self.measure("Assigning", get_values, self.create)
        self.team.assign_method = 'manual'
        by_hand = self.measure("Creating assigned", self.get_values, self.create)
        self.assertLessEqual(growth, by_hand[2] + 0.1)
        self.assertLessEqual(many - by_hand[1], 20)

    def test_stage_change(self):
        for stage in (self.stage_progress, self.stage_customer, self.stage_cancel):
            with self.subTest(stage=stage.name):
                self.assertCostsLikeStock(
                    f"Moving to {stage.name}",
                    lambda count: self.create(self.get_values(count)),
                    lambda tickets, stage=stage: tickets.write({'stage_id': stage.id}),
                    fixed=40,
                )

    def test_reopening(self):
        def prepare(count):
            tickets = self.create(self.get_values(count))
            tickets.stage_id = self.stage_cancel
            return tickets

        self.assertCostsLikeStock(
            "Reopening", prepare,
            lambda tickets: tickets.write({'stage_id': self.stage_progress.id}),
            fixed=40,
        )

    def test_priority_change(self):
        self.policies[1].priority_low = True
        self.assertCostsLikeStock(
            "Changing the priority",
            lambda count: self.create(self.get_values(count)),
            lambda tickets: tickets.write({'priority': '0'}),
            fixed=40,
        )

    def test_refresh(self):
        """ What the job does after a change of policies or working hours. """
        def refresh(tickets):
            self.policies[1].time += 1
            tickets.sudo().with_context(tracking_disable=True)._sla_refresh()

        _few, many, growth = self.measure(
            "Refreshing", lambda count: self.create(self.get_values(count)), refresh,
        )
        self.assertLessEqual(growth, 0.1)
        self.assertLessEqual(many, 60)

    def test_refresh_of_clocks(self):
        """ What the job does after a change of closures: the same as computing each record. """
        def prepare(count):
            tickets = self.create(self.get_values(count)).sudo()
            tickets.stage_id = self.stage_supplier
            self.create_closure('mon 14:00', 'mon 16:00')
            return tickets

        fields_of_clock = ['deadline', 'warning_date', 'paused_since']
        _few, many, growth = self.measure("Recomputing", prepare, lambda tickets: (
            tickets._sla_refresh()
        ))
        self.assertEqual(growth, 0)
        self.assertLessEqual(many, 10)
        tickets = prepare(3)
        tickets._sla_refresh()
        by_rows = tickets.sla_status_ids.read(fields_of_clock)
        summary = tickets.read(['sla_deadline', 'sla_warning_date', 'sla_paused_since'])
        tickets.sla_status_ids._recompute_clock()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(tickets.sla_status_ids.read(fields_of_clock), by_rows)
        self.assertEqual(
            tickets.read(['sla_deadline', 'sla_warning_date', 'sla_paused_since']), summary,
        )
        self.assertFalse(any(tickets.mapped('sla_stale')))

    def test_reading_the_queue(self):
        """ What a list shows of the clocks. """
        def read(tickets):
            tickets.read(['display_name', 'sla_state', 'sla_deadline', 'sla_paused_since'])

        _few, many, growth = self.measure(
            "Reading", lambda count: self.create(self.get_values(count)), read,
        )
        self.assertEqual(growth, 0)
        self.assertLessEqual(many, 5)

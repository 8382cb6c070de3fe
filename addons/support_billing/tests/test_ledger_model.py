""" Random lives of entries: whatever is done in whatever order, no hour is lost or paid twice. """

import os
import random
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import float_round, mute_logger

from odoo.addons.support_billing.tests.common import SupportBillingCommon

# how much harder than usual: once, always the same few lives; more often, others each time
EFFORT = int(os.environ.get('PROOF_EFFORT') or 1)
DAY = date(2026, 6, 15)
LITTLE = 0.001  # hours

LIVES, STEPS = 8, 40
HOURS = (1 / 60, 0.1, 0.25, 1 / 3, 0.5, 1, 2.5, 4, 7)
DAYS = range(-40, 41)
PACK_HOURS = (0.25, 1, 2, 5)
WHICH = range(30)
BOTH = (False, True)
CHANGES = []  # what people do: a method of Life, how often, and what its arguments are drawn from


def change(often=1, **arguments):
    """ Let a method be one of the things that people do. """
    def register(method):
        CHANGES.append((method, often, arguments))
        return method

    return register


class Life:
    """ What agents, sellers and accountants do to the time of two clients. """

    def __init__(self, case, dice):
        self.case, self.env, self.dice = case, case.env, dice
        self.worked = 0.0
        self.frozen = {}
        self.taken = {}
        self.story = []
        self.begin()
        self.check_everything()

    def live(self, steps):
        """ Do something, check everything, and so on. """
        weights = [often for _method, often, _arguments in CHANGES]
        for method, _often, choices in self.dice.choices(CHANGES, weights, k=steps):
            arguments = {name: self.dice.choice(values) for name, values in choices.items()}
            self.story.append(f'{method.__name__}({arguments})')
            method(self, **arguments)
            self.check_everything()

    # === THE WORLD === #

    def begin(self):
        step, minimum = self.dice.choice((0, 0, 15, 60)), self.dice.choice((0, 0, 30))
        case = self.case
        self.clients = case.client | case.other_client
        (case.product_pack | case.product_prepaid).write({
            'support_rounding_minutes': step, 'support_minimum_minutes': minimum,
        })
        if self.dice.choice(BOTH):
            case.product_pack.write({
                'support_overage': 'product',
                'support_overage_product_id': case.product_hour.id,
            })
        self.products = case.product_pack | case.product_prepaid | self.env[
            'product.product'
        ].create({
            'name': "Days", 'type': 'service', 'invoice_policy': 'delivery',
            'service_type': 'timesheet', 'service_tracking': 'no', 'is_support_pack': True,
            'uom_id': case.uom_day.id, 'taxes_id': False,
        })
        self.orders = case.order | case.other_order
        self.orders.order_line.product_uom_qty = 1
        for number in range(3):
            self.sell(number, number, self.dice.choice(PACK_HOURS))
        self.tickets = self.env['helpdesk.ticket']
        for contact in (case.contact, case.contact, case.other_contact):
            self.tickets |= case._new_ticket(contact)
        self.tickets[1].write({
            'billing_scope_overrule': 'improvement', 'billing_scope_reason': "So it is",
        })

    def sell(self, client, product, hours, ticket=None):
        partner = self.clients[client % 2]
        product = self.products[product % len(self.products)]
        if product.uom_id == self.case.uom_day:
            hours /= 8
        self.orders |= self.case._new_order(
            partner, product, hours, helpdesk_ticket_id=ticket.id if ticket else False,
        )

    @property
    def entries(self):
        return self.env['account.analytic.line'].search(
            [('helpdesk_ticket_id', 'in', self.tickets.ids)], order='id',
        )

    @property
    def invoices(self):
        return self.orders.invoice_ids.filtered(lambda move: move.move_type == 'out_invoice')

    def pick(self, records, which):
        return records[which % len(records)] if records else records

    @contextmanager
    def trying(self, name):
        """ Do something that may be refused, and then has changed nothing. """
        worked = self.worked
        try:
            with self.env.cr.savepoint(), mute_logger('odoo.sql_db'):
                yield
            self.case.seen[name] += 1
        except UserError:
            self.worked = worked
            self.env.invalidate_all()

    # === WHAT AGENTS DO === #

    @change(4, which=WHICH, hours=HOURS, days=DAYS)
    def log(self, which, hours, days):
        with self.trying('log'):
            self.case._log(
                self.pick(self.tickets, which), hours, date=DAY + timedelta(days),
            )
            self.worked += hours

    @change(which=WHICH, count=range(2, 5), hours=HOURS)
    def log_many(self, which, count, hours):
        with self.trying('log'):
            self.env['account.analytic.line'].create([
                {
                    'helpdesk_ticket_id': self.pick(self.tickets, which + number).id,
                    'unit_amount': hours, 'name': "x", 'date': DAY,
                    'employee_id': self.case.employees[self.case.colleague].id,
                }
                for number in range(count)
            ])
            self.worked += hours * count

    @change(2, which=WHICH, hours=HOURS)
    def edit(self, which, hours):
        if entry := self.pick(self.entries, which):
            with self.trying('edit'):
                self.worked += hours - entry.unit_amount
                entry.unit_amount = hours

    @change(which=WHICH, days=DAYS)
    def change_date(self, which, days):
        if entry := self.pick(self.entries, which):
            with self.trying('date'):
                entry.date = DAY + timedelta(days)

    @change(which=WHICH, ticket=WHICH)
    def move(self, which, ticket):
        if entry := self.pick(self.entries, which):
            with self.trying('move'):
                entry.with_user(entry.user_id).helpdesk_ticket_id = self.pick(
                    self.tickets, ticket,
                )

    @change(which=WHICH)
    def delete(self, which):
        if entry := self.pick(self.entries, which):
            with self.trying('delete'):
                self.worked -= entry.unit_amount
                entry.unlink()

    @change(which=WHICH, reason=("A gift", False))
    def waive(self, which, reason):
        if entry := self.pick(self.entries, which):
            with self.trying('waive'):
                entry.billing_waiver = reason

    @change(which=WHICH, line=WHICH)
    def set_line_by_hand(self, which, line):
        entry = self.pick(self.entries, which)
        if entry:
            with self.trying('by hand'):
                entry.write({
                    'so_line': self.pick(self.lines_of(entry.helpdesk_ticket_id), line).id,
                    'is_so_line_edited': True,
                })

    @change(which=WHICH)
    def let_rules_decide(self, which):
        edited = self.entries.filtered(
            lambda entry: entry.is_so_line_edited and entry._is_not_billed(),
        )
        if entry := self.pick(edited, which):
            with self.trying('rules'):
                entry.is_so_line_edited = False

    def lines_of(self, ticket):
        return self.orders.order_line.filtered(
            lambda line: line.state == 'sale' and ticket._accepts_sale_line(line),
        )

    # === WHAT HAPPENS TO TICKETS === #

    @change(which=WHICH, scope=('included', 'improvement', 'defect', False))
    def overrule(self, which, scope):
        with self.trying('scope'):
            self.pick(self.tickets, which).write({
                'billing_scope_overrule': scope, 'billing_scope_reason': scope and "So it is",
            })

    @change(which=WHICH, line=WHICH, none=BOTH)
    def choose_line(self, which, line, none):
        ticket = self.pick(self.tickets, which)
        with self.trying('line'):
            ticket.sale_line_id = not none and self.pick(self.lines_of(ticket), line)

    @change(which=WHICH, other=BOTH)
    def change_customer(self, which, other):
        with self.trying('customer'):
            self.pick(self.tickets, which).partner_id = (
                self.case.other_contact if other else self.case.contact
            )

    @change(which=WHICH, other=WHICH)
    def merge(self, which, other):
        target, source = self.pick(self.tickets, which), self.pick(self.tickets, other)
        if target != source and len(self.tickets) > 2:
            with self.trying('merge'):
                target._merge(source)
                self.tickets -= source

    @change(which=WHICH)
    def open_ticket(self, which):
        if len(self.tickets) < 4:
            self.tickets |= self.case._new_ticket(
                self.case.other_contact if which % 2 else self.case.contact,
            )

    # === WHAT SELLERS DO === #

    @change(client=WHICH, product=WHICH, hours=PACK_HOURS)
    def sell_pack(self, client, product, hours):
        self.sell(client, product, hours)

    @change(which=WHICH, hours=PACK_HOURS)
    def sell_hours_for_ticket(self, which, hours):
        ticket = self.pick(self.tickets, which)
        with self.trying('order'):
            self.orders |= self.case._new_order(
                ticket.partner_id.commercial_partner_id, self.case.product_hour, hours,
                helpdesk_ticket_id=ticket.id,
            )

    @change(which=WHICH, quantity=(0, 0.5, 1, 3))
    def change_order(self, which, quantity):
        with self.trying('quantity'):
            self.pick(self.orders, which).order_line[:1].product_uom_qty = quantity

    @change(which=WHICH, days=DAYS)
    def expire(self, which, days):
        with self.trying('expire'):
            self.pick(self.orders, which).order_line[:1].write({
                'support_start_date': False, 'support_end_date': DAY + timedelta(days),
            })

    @change(which=WHICH)
    def cancel_order(self, which):
        with self.trying('cancel order'):
            self.pick(self.orders, which)._action_cancel()

    # === WHAT ACCOUNTANTS DO === #

    @change(3, which=WHICH, post=(True, True, False))
    def invoice(self, which, post):
        order = self.pick(
            self.orders.filtered(lambda order: order.invoice_status == 'to invoice'), which,
        )
        if order:
            with self.trying('invoice'):
                invoice = order._create_invoices()
                if post:
                    invoice.action_post()

    @change(which=WHICH)
    def refund(self, which):
        invoice = self.pick(self.invoices.filtered(
            lambda move: move.state == 'posted' and not move.reversal_move_ids,
        ), which)
        if invoice:
            with self.trying('refund'):
                self.env['account.move.reversal'].create({
                    'move_ids': [Command.set(invoice.ids)],
                    'journal_id': invoice.journal_id.id,
                }).refund_moves()
                invoice.reversal_move_ids.action_post()

    @change(which=WHICH)
    def cancel_invoice(self, which):
        invoice = self.pick(self.invoices.filtered(
            lambda move: move.state != 'cancel' and not move.reversal_move_ids,
        ), which)
        if invoice:
            with self.trying('cancel invoice'):
                if invoice.state == 'posted':
                    invoice.button_draft()
                invoice.button_cancel()

    @change(which=WHICH)
    def delete_invoice(self, which):
        invoice = self.pick(
            self.invoices.filtered(lambda move: move.state == 'draft' and not move.name), which,
        )
        if invoice:
            with self.trying('delete invoice'):
                invoice.unlink()

    @change()
    def allocate_all(self):
        """ After that, every pack pays within its validity, and for support only. """
        self.entries._allocate_support_hours()
        for entry in self.entries.filtered(
            lambda entry: entry.billing_kind == 'pack' and entry._is_not_billed()
            and not entry.is_so_line_edited,
        ):
            pack = entry.so_line
            self.case.assertEqual(pack.state, 'sale')
            self.case.assertLessEqual(entry.date, pack.support_end_date or date.max)
            self.case.assertEqual(entry.helpdesk_ticket_id.billing_scope, 'included')

    # === WHAT IS ALWAYS TRUE === #

    def check_everything(self):
        case = self.case
        self.env.flush_all()
        self.env.invalidate_all()
        entries = self.entries
        case.assertAlmostEqual(sum(entries.mapped('unit_amount')), self.worked, 5)
        case.assertAlmostEqual(sum(self.tickets.mapped('total_hours_spent')), self.worked, 5)
        for entry in entries:
            self.check_entry(entry)
        self.check_packs()
        self.check_lines()
        self.frozen = {
            entry: (entry.unit_amount, entry.billed_hours, entry.so_line)
            for entry in entries if not entry._is_not_billed()
        }

    def check_entry(self, entry):
        """ One kind; a line where somebody pays, none where nobody does; one client. """
        case = self.case
        kind, line = entry.billing_kind, entry.so_line
        case.seen[kind] += 1
        case.assertTrue(kind)
        if entry in self.frozen and not entry._is_not_billed():
            case.assertEqual(
                (entry.unit_amount, entry.billed_hours, line), self.frozen[entry],
            )
        if kind in ('pack', 'overage', 'order'):
            case.assertEqual(line._get_billing_kind(), kind)
        elif not entry.is_so_line_edited:
            case.assertFalse(line)
        if kind == 'free':
            case.assertEqual(entry.billed_hours, 0)
        if line and entry._is_not_billed():
            case.assertEqual(
                line.order_partner_id.commercial_partner_id,
                entry.helpdesk_ticket_id.partner_id.commercial_partner_id,
            )

    def check_packs(self):
        """ The balance is what was ordered without what was billed, and never given twice. """
        case = self.case
        taken = {}
        for pack in self.orders.order_line.filtered('support_hours_available'):
            self.env.cr.execute(
                "SELECT coalesce(sum(billed_hours), 0),"
                " coalesce(sum(billed_hours) FILTER (WHERE is_so_line_edited IS NOT TRUE), 0)"
                " FROM account_analytic_line WHERE so_line = %s", [pack.id],
            )
            used, taken[pack] = self.env.cr.fetchone()
            hours = pack.product_uom_qty * (8 if pack.product_uom_id == case.uom_day else 1)
            case.assertAlmostEqual(pack.support_hours_left, hours - used, 5)
            # a hand, or a smaller order, may overdraw a pack: then the rules take nothing more
            if used > hours + LITTLE:
                case.assertLessEqual(taken[pack], self.taken.get(pack, 0) + LITTLE)
        self.taken = taken

    def check_lines(self):
        """ Delivered is what was billed; invoiced is what the entries of invoices bill. """
        case = self.case
        for line in self.orders.order_line:
            entries = self.env['account.analytic.line'].search([('so_line', '=', line.id)])
            hours = 8 if line.product_uom_id == case.uom_day else 1
            case.assertAlmostEqual(line.qty_delivered, float_round(
                sum(entries.mapped('billed_hours')) / hours, 2,
            ), delta=0.0101)
            if line.product_id.invoice_policy == 'delivery':
                invoiced = entries.filtered(lambda entry: not entry._is_not_billed())
                case.assertAlmostEqual(
                    line.qty_invoiced, sum(invoiced.mapped('billed_hours')) / hours,
                    delta=0.0151 + 0.01 * len(line.invoice_lines),
                )


@tagged('post_install', '-at_install')
class TestLedgerModel(SupportBillingCommon):
    """ Whatever people do in whatever order, the ledger adds up after every step (W3, W14). """

    def test_random_lives(self):
        """ W3, W14, P10: see the checks of `Life`. """
        self.seen = Counter()
        for number in range(LIVES * EFFORT):
            seed = number if EFFORT == 1 else random.randrange(10**9)
            savepoint = self.env.cr.savepoint(flush=True)
            with self.subTest(seed=seed):
                life = Life(self, random.Random(seed))
                try:
                    life.live(STEPS)
                except Exception as error:
                    error.add_note('\n'.join(life.story))
                    raise
                finally:
                    savepoint.close(rollback=True)
                    self.env.invalidate_all()
                    self.env.registry.clear_cache()
        # the lives were worth living
        kinds = {kind for kind, _name in self.env['account.analytic.line']._fields[
            'billing_kind'
        ]._description_selection(self.env)}
        wanted = {'refund', 'cancel invoice', 'delete invoice', 'merge', 'move', 'by hand', 'rules'}
        self.assertLessEqual(kinds | wanted, set(self.seen), self.seen)

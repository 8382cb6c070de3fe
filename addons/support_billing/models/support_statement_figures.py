from datetime import date, datetime, time

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_compare, format_date, formatLang

from ..tools.hours_ledger import NOTHING

# the kinds whose hours a pack or an order is charged with
CHARGED_KINDS = ('pack', 'overage', 'order')


class SupportStatement(models.Model):
    """ How the figures of statements are counted, and how they are written (W8). """
    _inherit = 'support.statement'

    # === COUNTING === #

    @api.model
    def _get_figures(self, clients, company, date_start):
        """ Count what statements of a month say, for any number of clients at once.

        To be called as superuser. Hours are floats, moments those of the company's working hours.

        :param clients: commercial entities, a res.partner
        :param company: the res.company
        :param date date_start: the first day of the month
        :return: by client, what JSON can hold:
            - `sla`: for each target `target`, `promised`, `kept`
            - `credits`: for each agreement `agreement_id`, `agreement` (reference), `compliance`,
              `percentage` (of the fee), `fee`, `fee_currency_id`, `amount` (in `currency_id`)
            - `currency_id`
            - `tickets`: `opened`, `solved`, `open` (at the end of the month)
            - `hours`: for each `kind` of billing `worked`, `billed`; of what is free, `reasons`:
              pairs of a value of `billing_free_reason` and the hours worked, where there are any
            - `packs`: see `_get_pack_rows`, with `name` and `order`
            - `breaches`: values of support.statement.breach
        :rtype: dict[res.partner, dict]
        """
        figures = {
            client: {
                'sla': [], 'credits': [], 'currency_id': company.currency_id.id,
                'tickets': {'opened': 0, 'solved': 0, 'open': 0},
                'hours': [], 'packs': [], 'breaches': [],
            }
            for client in clients
        }
        if clients:
            self._count_promises(figures, company, date_start)
            self._count_tickets(figures, company, date_start)
            self._count_hours(figures, company, date_start)
            self._count_packs(figures, company, date_start)
        return figures

    @api.model
    def _get_period_bounds(self, company, date_start):
        """ Return when a month begins and ends, in the zone of the company's working hours.

        :rtype: tuple[datetime, datetime]
        :return: naive UTC, the end is the first moment after it
        """
        zone = pytz.timezone(company.resource_calendar_id.tz or 'UTC')
        return tuple(
            zone.localize(datetime.combine(day, time.min)).astimezone(pytz.utc).replace(tzinfo=None)
            for day in (date_start, date_start + relativedelta(months=1))
        )

    @api.model
    def _count_promises(self, figures, company, date_start):
        """ Count the promises as the SLA Analysis does, and what agreements credit for them. """
        start, end = self._get_period_bounds(company, date_start)
        Report = self.env['helpdesk.sla.report']
        domain = (
            Domain('company_id', '=', company.id)
            & Domain('commercial_partner_id', 'in', [client.id for client in figures])
            & Domain('is_counted', '=', True)
            & Domain('outcome_date', '>=', start) & Domain('outcome_date', '<', end)
        )
        targets = list(dict(self.env['helpdesk.sla.status']._selection_target()))
        by_target, by_agreement = {}, {}
        for client, agreement, target, kept, broken in Report._read_group(
            domain, ['commercial_partner_id', 'agreement_id', 'target'],
            ['reached_count:sum', 'failed_count:sum'],
        ):
            for counts, key in ((by_target, target), (by_agreement, agreement)):
                count = counts.setdefault(client, {}).setdefault(key, [0, 0])
                count[0] += kept + broken
                count[1] += kept
        for client, counts in by_target.items():
            figures[client]['sla'] = [
                {'target': target, 'promised': counts[target][0], 'kept': counts[target][1]}
                for target in targets if target in counts
            ]
        for client, counts in by_agreement.items():
            self._add_credits(figures[client], counts, company, date_start)
        for row in Report.search(domain & Domain('failed_count', '=', 1), order='deadline, id'):
            figures[row.commercial_partner_id]['breaches'].append({
                'status_id': row.id,
                'ticket_id': row.ticket_id.id,
                'ticket_ref': row.ticket_id.ticket_ref,
                'ticket_name': row.ticket_id.name,
                'target': row.target,
                'deadline': row.deadline,
                'reached_date': row.reached_date,
                'hours_late': row.hours_late,
            })

    @api.model
    def _add_credits(self, figures, counts, company, date_start):
        """ Add what is credited by the liability rules of the client's agreements.

        :param dict figures: of one client; changed
        :param dict counts: promised and kept, by agreement
        """
        rows = []
        for agreement, (promised, kept) in counts.items():
            if not agreement:
                continue
            compliance = kept / promised * 100
            percentage = agreement._get_credit_percentage(compliance)
            currency = agreement.currency_id
            amount = currency.round(agreement.monthly_fee * percentage / 100)
            if not currency.is_zero(amount):
                rows.append((agreement, compliance, percentage, amount))
        # the fee is agreed in a currency; fees in several are credited in the company's
        currencies = {agreement.currency_id for agreement, *_row in rows}
        currency = currencies.pop() if len(currencies) == 1 else company.currency_id
        figures['currency_id'] = currency.id
        figures['credits'] = [
            {
                'agreement_id': agreement.id,
                'agreement': agreement.name,
                'compliance': compliance,
                'percentage': percentage,
                'fee': agreement.monthly_fee,
                'fee_currency_id': agreement.currency_id.id,
                'amount': agreement.currency_id._convert(
                    amount, currency, company, date_start + relativedelta(day=31),
                ),
            }
            for agreement, compliance, percentage, amount in rows
        ]

    @api.model
    def _count_tickets(self, figures, company, date_start):
        """ Count the tickets that came in, were solved, and were open at the end of the month. """
        start, end = self._get_period_bounds(company, date_start)
        in_time = {
            'opened': Domain('open_date', '>=', start) & Domain('open_date', '<', end),
            'solved': Domain('stage_type', '=', 'solved')
            & Domain('close_date', '>=', start) & Domain('close_date', '<', end),
            'open': Domain('open_date', '<', end)
            & (Domain('is_closed', '=', False) | Domain('close_date', '>=', end)),
        }
        for name, domain in in_time.items():
            for client, count in self.env['helpdesk.ticket']._read_group(
                domain & Domain('company_id', '=', company.id)
                & Domain('commercial_partner_id', 'in', [client.id for client in figures]),
                ['commercial_partner_id'], ['__count'],
            ):
                figures[client]['tickets'][name] = count

    @api.model
    def _get_hours_domain(self, company, date_start):
        """ Return the domain of the time on tickets in a month.

        :rtype: Domain
        """
        return (
            Domain('company_id', '=', company.id)
            & Domain('project_id', '!=', False)
            & Domain('helpdesk_ticket_id', '!=', False)
            & Domain('date', '>=', date_start)
            & Domain('date', '<=', date_start + relativedelta(day=31))
        )

    @api.model
    def _count_hours(self, figures, company, date_start):
        """ Count the hours by what pays for them; only packs and orders are charged. """
        Entry = self.env['account.analytic.line']
        kinds = [kind for kind, _label in Entry._fields['billing_kind'].selection]
        names = self._get_free_reason_names()
        hours, reasons = {}, {}
        for client, kind, reason, worked, billed in Entry._read_group(
            self._get_hours_domain(company, date_start) & Domain(
                'helpdesk_ticket_id.commercial_partner_id', 'in', [client.id for client in figures],
            ),
            ['helpdesk_ticket_id.commercial_partner_id', 'billing_kind', 'billing_free_reason'],
            ['unit_amount:sum', 'billed_hours:sum'],
        ):
            # time from before its payment was decided is paid by nobody
            row = hours.setdefault(client, {}).setdefault(kind or 'free', [0.0, 0.0])
            row[0] += worked
            row[1] += billed if kind in CHARGED_KINDS else 0.0
            if reason in names:
                reasons.setdefault(client, []).append([reason, worked])
        for client, rows in hours.items():
            figures[client]['hours'] = [
                {'kind': kind, 'worked': rows[kind][0], 'billed': rows[kind][1]}
                for kind in kinds if kind in rows
            ]
        for client, pairs in reasons.items():
            row, = (row for row in figures[client]['hours'] if row['kind'] == 'free')
            row['reasons'] = sorted(pairs, key=lambda pair: list(names).index(pair[0]))

    @api.model
    def _get_packs_domain(self, company, date_start):
        """ Return the domain of the order lines that can be packs with hours in a month.

        :rtype: Domain
        """
        return (
            self.env['sale.order.line']._get_support_line_domain()
            & Domain('company_id', '=', company.id)
            & Domain('order_id.date_order', '<', self._get_period_bounds(company, date_start)[1])
            & Domain.OR([
                Domain('support_end_date', '=', False),
                Domain('support_end_date', '>=', date_start),
            ])
        )

    @api.model
    def _count_packs(self, figures, company, date_start):
        """ Write down what became of the hours of each pack. """
        lines = self.env['sale.order.line'].search(
            self._get_packs_domain(company, date_start) & Domain(
                'order_partner_id.commercial_partner_id', 'in', [client.id for client in figures],
            ),
        ).filtered('support_hours_available').sorted(lambda line: (
            line.support_end_date or date.max, line.order_id.date_order, line.id,
        ))
        for line, row in self._get_pack_rows(lines, company, date_start).items():
            if row:
                client = line.order_partner_id.commercial_partner_id
                product = line.product_id.with_context(lang=client.lang or self.env.lang)
                figures[client]['packs'].append({
                    'name': product.display_name, 'order': line.order_id.name, **row,
                })

    @api.model
    def _get_pack_rows(self, lines, company, date_start):
        """ Return what became of the hours of packs in a month.

        A pack comes in when it was ordered, a month of a plan with its first day. What was taken
        for work of before is used in the month in which the pack comes in, so that the row adds up:
        opening + added - used - expired = closing.

        :param lines: packs, a sale.order.line
        :param company: the res.company
        :param date date_start: the first day of the month
        :return: by line `line_id`, `date_end` (ISO date or False), `opening`, `added`, `used`,
            `expired` and `closing`, in hours; None where there is nothing to tell
        :rtype: dict[sale.order.line, dict | None]
        """
        date_end = date_start + relativedelta(day=31)
        start, _end = self._get_period_bounds(company, date_start)
        taken = {}
        for line, day, hours in self.env['account.analytic.line']._read_group(
            [('so_line', 'in', lines.ids), ('project_id', '!=', False), ('date', '<=', date_end)],
            ['so_line', 'date:month'], ['billed_hours:sum'],
        ):
            name = 'before' if day < date_start else 'within'
            taken[line, name] = taken.get((line, name), 0.0) + hours
        rows = {}
        for line in lines:
            before, within = taken.get((line, 'before'), 0.0), taken.get((line, 'within'), 0.0)
            ordered = line._get_hours_ordered()
            if line.product_id.support_renewal == 'monthly':
                first_day = line.support_start_date or date.max
                is_new = first_day >= date_start
                is_known = first_day <= date_end
            else:
                is_new = line.order_id.date_order >= start
                is_known = True
            opening = 0.0 if is_new else ordered - before
            used = before + within if is_new else within
            left = ordered - before - within
            is_over = line.support_end_date and line.support_end_date <= date_end
            expired = max(left, 0.0) if is_over else 0.0
            row = {
                'line_id': line.id,
                'date_end': fields.Date.to_string(line.support_end_date) or False,
                'opening': opening,
                'added': ordered if is_new else 0.0,
                'used': used,
                'expired': expired,
                'closing': left - expired,
            }
            rows[line] = row if is_known and any(
                abs(row[name]) > NOTHING for name in ('opening', 'added', 'used', 'closing')
            ) else None
        return rows

    # === PRESENTATION === #

    def _get_report_base_filename(self):
        """ Return the name of the file of the statement, without its ending. """
        self.ensure_one()
        return self.env._("Statement %s", self.display_name)

    def _format_month(self):
        """ Return the month as people read it: 'October 2026'. """
        self.ensure_one()
        return format_date(self.env, self.date_start, date_format='LLLL y') or ''

    def _format_number(self, number, digits):
        """ Return a number without decimals that say nothing.

        :param int digits: how many decimals it has at most
        """
        number = round(number, digits)
        return formatLang(self.env, number, digits=0 if number.is_integer() else digits)

    def _format_share(self, part, whole):
        """ Return a share as people read it: '87.5%'. What is not whole is never called 100%. """
        share = part / whole * 100 if whole else 0.0
        if part < whole and float_compare(share, 99.9, precision_digits=1) > 0:
            share = 99.9
        return self.env._("%s%%", self._format_number(share, 1))

    def _get_target_names(self):
        """ Return the names of the targets, in the language of the reader. """
        return dict(self.env['helpdesk.sla.status']._selection_target())

    def _get_kind_names(self):
        """ Return what pays for hours, in words for the client.

        :rtype: dict[str, str]
        """
        return {
            'pack': self.env._("From support packs"),
            'overage': self.env._("Beyond the packs"),
            'order': self.env._("By order"),
            'pending': self.env._("Waiting for your approval"),
            'flagged': self.env._("Not billed yet"),
            'free': self.env._("Free of charge"),
        }

    def _get_free_reason_names(self):
        """ Return why hours are free, in words for the client; what is not there is not told.

        :rtype: dict[str, str]
        """
        return {'defect': self.env._("Defects of the product")}

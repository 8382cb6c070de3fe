from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_duration


class SaleOrderLine(models.Model):
    """ What is told of support packs: statement, low balance, expiry and renewal (W3). """
    _inherit = 'sale.order.line'

    support_balance_notified = fields.Integer(
        default=101, copy=False, export_string_translation=False,
        help="The lowest percentage left that the client was told of.",
    )
    support_expiry_notified = fields.Boolean(copy=False, export_string_translation=False)
    support_renews_line_id = fields.Many2one(
        comodel_name='sale.order.line',
        string="Renewal of",
        copy=False,
        index='btree_not_null',
        ondelete='set null',
    )

    # === CRON METHODS === #

    @api.model
    def _cron_support_pack_notices(self, batch_size=200):
        """ Tell clients and account managers of packs that run low or expire soon, once each. """
        today = fields.Date.context_today(self)
        domain = self._get_support_line_domain() & Domain.OR([
            Domain('support_end_date', '=', False), Domain('support_end_date', '>=', today),
        ]) & Domain.OR([
            Domain('product_id.is_support_pack', '=', True),
            Domain('product_id.invoice_policy', '=', 'order'),
        ])
        remaining = self.search_count(domain)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        last_id = 0
        while batch := self.search(
            domain & Domain('id', '>', last_id), limit=batch_size, order='id',
        ):
            last_id = batch[-1].id
            batch.filtered('support_hours_available').try_lock_for_update(
                allow_referencing=True,
            )._send_pack_notices(today)
            remaining = max(remaining - len(batch), 0)
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break

    # === ACTION METHODS === #

    def action_view_pack_entries(self):
        """ Open the time that was taken from the pack. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('hr_timesheet.timesheet_action_all')
        action.update(
            name=self.env._("Hours of %(pack)s", pack=self.display_name),
            domain=[('project_id', '!=', False), ('so_line', '=', self.id)],
            context={'create': False, 'is_timesheet': 1},
        )
        return action

    def action_print_pack_statement(self):
        """ Download the statement of the packs. """
        self._check_is_pack()
        return self.env.ref('support_billing.action_report_support_pack').report_action(self)

    def action_propose_renewal(self):
        """ Make a quotation of the same packs, or open the one that waits.

        :raise UserError: if a line is no pack
        """
        self._check_is_pack()
        orders = self.env['sale.order']
        for line in self:
            orders |= line._get_renewal_quotation() or line._create_renewal_quotation()
        action = {
            'type': 'ir.actions.act_window',
            'res_model': 'sale.order',
            'name': self.env._("Renewals"),
            'views': [(False, 'list'), (False, 'form')],
            'domain': [('id', 'in', orders.ids)],
        }
        if len(orders) == 1:
            action.update(views=[(False, 'form')], res_id=orders.id)
        return action

    # === BUSINESS METHODS === #

    def _check_is_pack(self):
        if not self or not all(self.mapped('support_hours_available')):
            raise UserError(self.env._("Choose order lines of support packs."))

    def _get_renewal_quotation(self):
        """ Return the quotation that renews the pack and still waits for an answer. """
        self.ensure_one()
        return self.search([
            ('support_renews_line_id', '=', self.id), ('state', 'in', ('draft', 'sent')),
        ], limit=1).order_id

    def _create_renewal_quotation(self):
        """ Create a quotation of the same pack, at the price of today. """
        self.ensure_one()
        return self.env['sale.order'].create({
            'partner_id': self.order_id.partner_id.id,
            'company_id': self.company_id.id,
            'user_id': self.order_id.user_id.id,
            'origin': self.order_id.name,
            'order_line': [fields.Command.create({
                'product_id': self.product_id.id,
                'product_uom_qty': self.product_uom_qty,
                'product_uom_id': self.product_uom_id.id,
                'support_renews_line_id': self.id,
            })],
        })

    def _send_pack_notices(self, today):
        """ Tell of the packs whose balance has reached a step, or that expire soon.

        The client gets an e-mail; the account manager an activity on the order, from which the
        renewal is a click away. Months of a plan lapse as agreed, and tell of their balance only.

        :param date today: the day
        """
        low = self.env.ref('support_billing.mail_template_pack_low')
        expiring = self.env.ref('support_billing.mail_template_pack_expiring')
        for line in self:
            step = line._get_balance_step()
            told = line.support_balance_notified
            # a pack that was extended tells of its balance again
            line.support_balance_notified = step
            if step < told:
                line._send_pack_notice(low)
                line._remind_of_renewal(line.env._("A support pack is nearly used up"))
            days = line.company_id.support_expiry_notice_days
            if (
                days and not line.support_expiry_notified and line.support_end_date
                and line.product_id.support_renewal != 'monthly'
                and (line.support_end_date - today).days <= days
                and line.support_hours_left > 0
            ):
                line.support_expiry_notified = True
                line._send_pack_notice(expiring)
                line._remind_of_renewal(line.env._("A support pack expires soon"))

    def _get_balance_step(self):
        """ Return the lowest of the company's steps that the balance has reached, in percent left.

        :return: 101 if it has reached none
        :rtype: int
        """
        self.ensure_one()
        ordered = self._get_hours_ordered()
        if ordered <= 0:
            return 101
        percent = self.support_hours_left / ordered * 100
        return min([
            step for step in self.company_id._get_support_balance_thresholds() if percent <= step
        ], default=101)

    def _send_pack_notice(self, template):
        """ Send an e-mail about the pack to the client, if the client has an address. """
        self.ensure_one()
        if self.order_id.partner_id.email:
            template.send_mail(self.id)

    def _remind_of_renewal(self, summary):
        """ Ask the account manager to propose a renewal. """
        self.ensure_one()
        order = self.order_id
        if order.user_id and summary not in order.activity_ids.mapped('summary'):
            order.activity_schedule(
                'mail.mail_activity_data_todo',
                summary=summary,
                note=self.env._("Open Helpdesk, Support Packs to propose a renewal."),
                user_id=order.user_id.id,
            )

    # === STATEMENT === #

    def _format_hours_left(self):
        """ Return the hours left as text, as 2:30. """
        self.ensure_one()
        return format_duration(self.support_hours_left)

    def _get_report_base_filename(self):
        """ Return the name of the file of the statement, without its ending. """
        self.ensure_one()
        return self.env._(
            "Statement %(order)s %(pack)s",
            order=self.order_id.name, pack=self.product_id.name,
        )

    def _is_expired(self):
        """ Return whether the hours left cannot be used any more. """
        self.ensure_one()
        return bool(
            self.support_end_date and self.support_end_date < fields.Date.context_today(self),
        )

    def _get_pack_statement(self):
        """ Return the entries of the pack, the oldest first, with what was left after each.

        :return: dicts of `date`, `ticket` (reference), `subject`, `who`, `what`, `worked`,
            `billed` and `balance`, in hours
        :rtype: list[dict]
        """
        self.ensure_one()
        balance = self._get_hours_ordered()
        rows = []
        for entry in self.env['account.analytic.line'].search(
            [('so_line', '=', self.id), ('project_id', '!=', False)], order='date, id',
        ):
            balance -= entry.billed_hours
            rows.append({
                'date': entry.date,
                'ticket': entry.helpdesk_ticket_id.ticket_ref,
                'subject': entry.helpdesk_ticket_id.name or entry.task_id.name,
                'who': entry.employee_id.name,
                'what': entry.name,
                'worked': entry.unit_amount,
                'billed': entry.billed_hours,
                'balance': balance,
            })
        return rows

    @api.model
    def _get_portal_packs(self):
        """ Return the packs that the visitor of the portal may see, as superuser.

        They are those of the client for whose whole company the visitor sees the tickets, the
        latest first.
        """
        # sudo: res.partner, sale.order.line - the role that a user of the help desk gave; the
        # packs of the visitor's own client only
        lines = self.sudo()
        partner = self.env.user.partner_id.sudo()
        if partner.helpdesk_portal_role != 'company':
            return lines.browse()
        return lines.search(
            lines._get_support_line_domain()
            & Domain(
                'order_partner_id.commercial_partner_id', '=', partner.commercial_partner_id.id,
            ),
            order='id DESC',
        ).filtered('support_hours_available')

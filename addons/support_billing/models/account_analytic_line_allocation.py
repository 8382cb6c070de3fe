from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.hours_ledger import take_hours


class AccountAnalyticLine(models.Model):
    """ Which order line pays for the time on a ticket: the only place that decides it.

    Each entry of a ticket has one kind and at most one order line. An entry that crosses the end of
    a pack is split into entries that add up to it (W3).
    """
    _inherit = 'account.analytic.line'

    billed_hours = fields.Float(
        string="Billed Hours",
        compute='_compute_billed_hours',
        store=True,
        help="What the order line is charged with, in hours: the time spent, rounded as its "
             "product says.",
    )
    billing_kind = fields.Selection(
        selection=[
            ('pack', "Support pack"),
            ('overage', "Beyond the pack"),
            ('order', "Sales order"),
            ('pending', "Not approved yet"),
            ('flagged', "Not billed, to check"),
            ('free', "Free of charge"),
        ],
        string="Paid by",
        readonly=True,
        copy=False,
    )
    billing_free_reason = fields.Selection(
        selection=[
            ('team', "Team that bills no time"),
            ('defect', "Defect of the product"),
            ('waiver', "Not billed, see the reason"),
        ],
        string="Free Because",
        readonly=True,
        copy=False,
        help="Why nobody pays for the time.",
    )
    billing_waiver = fields.Char(
        string="Not Billed Because",
        copy=False,
        groups='hr_timesheet.group_hr_timesheet_approver',
        help="Why this time is not billed. Time with a reason is no leakage.",
    )
    split_from_id = fields.Many2one(
        comodel_name='account.analytic.line',
        string="Split from",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
    )
    split_part_ids = fields.One2many(
        comodel_name='account.analytic.line',
        inverse_name='split_from_id',
        string="Parts",
        readonly=True,
        export_string_translation=False,
    )

    def _auto_init(self):
        """ Fill the new column at once: there may be millions of analytic lines. """
        cr = self.env.cr
        cr.execute(SQL(
            "SELECT 1 FROM information_schema.columns"
            " WHERE table_name = %s AND column_name = 'billed_hours'", self._table,
        ))
        if not cr.rowcount:
            cr.execute(SQL(
                "ALTER TABLE %(table)s ADD COLUMN billed_hours double precision;"
                " UPDATE %(table)s SET billed_hours = unit_amount",
                table=SQL.identifier(self._table),
            ))
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends('unit_amount', 'helpdesk_ticket_id')
    def _compute_billed_hours(self):
        """ Bill the time spent, unless it is spent on a ticket: those hours are allocated. """
        for line in self:
            if not (line.helpdesk_ticket_id and line._origin):
                line.billed_hours = line.unit_amount

    # === CONSTRAINT METHODS === #

    @api.constrains('billing_waiver')
    def _check_billing_waiver(self):
        for line in self.filtered('billing_waiver'):
            if not line.billing_waiver.strip():
                raise ValidationError(self.env._("Say why this time is not billed."))

    @api.constrains('is_so_line_edited')
    def _check_pack_set_by_hand(self):
        """ Refuse a pack that is set by hand; one set before is taken off when it fits no more. """
        # sudo: sale.order.line, helpdesk.ticket - agents choose lines whose orders they cannot read
        for line in self.sudo().filtered(lambda line: line.is_so_line_edited and line.so_line):
            if line.helpdesk_ticket_id and line._is_not_billed():
                line.helpdesk_ticket_id._check_refused_pack(line.so_line)

    # === BUSINESS METHODS === #

    def _allocate_support_hours(self):
        """ Let what the client has bought pay for the time on tickets that is not invoiced.

        Time of a request that is support is taken from the pack of its ticket, then from the packs
        of the client that expire first; what none of them has room for is billed with the overage
        product, or flagged, as the product of the pack says (W3). An improvement is paid by the
        order that was made for it, and waits until there is one (W9); the repair of a defect is
        free (P10). An order line that was set on an entry by hand stays.

        The number of queries depends on the entries that are split, not on those that are not.
        Whoever takes hours from the same pack at the same time waits, and is then tried again.
        """
        # sudo: account.analytic.line, sale.order.line - agents read no orders; what pays for the
        # time is decided here, by rules, and shown to them by name only
        entries = self.sudo().split_from_id | self.sudo()
        entries -= entries._join_split_parts()
        entries = entries.filtered(
            lambda entry: entry.helpdesk_ticket_id and entry._is_not_billed(),
        # what was set by hand is taken first: the others get what it leaves
        ).sorted(lambda entry: (not entry._has_line_set_by_hand(), entry.date, entry.id))
        if not entries:
            return
        packs_by_client = entries._get_pack_balances()
        values_of, new_parts = defaultdict(entries.browse), []
        for entry in entries:
            first, *others = entry._get_billing_parts(packs_by_client)
            values_of[tuple(first.items())] |= entry
            new_parts += [(entry, part) for part in others]
        by_hand = entries.filtered(lambda entry: entry._has_line_set_by_hand()).so_line
        self.env['sale.order.line'].browse({*by_hand.ids, *(
            part['so_line'] for part in [*map(dict, values_of), *(part for _e, part in new_parts)]
            if part['billing_kind'] == 'pack' and part.get('so_line')
        )})._touch_packs()
        for values, group in values_of.items():
            group.with_context(support_allocation=True).write(dict(values))
        entries._create_split_parts(new_parts)
        entries.helpdesk_ticket_id._follow_packs(packs_by_client)

    def _get_pack_balances(self):
        """ Return the packs from which the time can be taken, in the order of their use.

        :return: the packs by client (commercial entity) and company; the hours of these entries are
            not counted
        :rtype: dict[tuple[res.partner, res.company], list[Pack]]
        """
        tickets = self.helpdesk_ticket_id
        lines = self.env['sale.order.line']._get_packs(
            tickets.partner_id.commercial_partner_id, tickets.company_id,
        )
        lines |= (
            tickets.sale_line_id | self.project_id.sale_line_employee_ids.sale_line_id
        ).filtered(lambda line: line.state == 'sale' and line.support_hours_available)
        # nothing else is read of these partners, who have many fields
        lines.order_partner_id.fetch(['commercial_partner_id'])
        packs_by_client = defaultdict(list)
        for pack in lines._get_hours_packs(self):
            client = pack.line.order_partner_id.commercial_partner_id
            packs_by_client[client, pack.line.company_id].append(pack)
        return packs_by_client

    def _get_billing_parts(self, packs_by_client):
        """ Return the values of the entry, then those of the parts that are to be split from it.

        :param dict packs_by_client: see `_get_pack_balances`; what is left of the packs is reduced
        :rtype: list[dict]
        """
        self.ensure_one()
        ticket = self.helpdesk_ticket_id
        hours = self.unit_amount
        if self.billing_waiver:
            return [self._prepare_part_values('free', billed=0.0, free_reason='waiver')]
        if self._has_line_set_by_hand():
            line = self.so_line
            billed = self._get_hours_to_bill(line)
            client = line.order_partner_id.commercial_partner_id
            for pack in packs_by_client[client, line.company_id]:
                if pack.line == line:
                    pack.left -= billed
            kind = line._get_billing_kind() if line else 'flagged'
            return [self._prepare_part_values(kind, line, hours, billed)]
        if free_reason := ticket._get_free_reason():
            return [self._prepare_part_values(
                'free', worked=hours, billed=0.0, free_reason=free_reason,
            )]
        kind, line = ticket._get_billing_route(self)
        if kind != 'pack':
            billed = self._get_hours_to_bill(line)
            return [self._prepare_part_values(kind, line, hours, billed)]
        client = ticket.partner_id.commercial_partner_id
        packs = [
            pack for pack in packs_by_client[client, ticket.company_id]
            if ticket._can_use_pack(pack.line, line)
        ]
        packs.sort(key=lambda pack: pack.line != line)
        usable = [pack for pack in packs if pack.is_usable(self.date)]
        first = usable[0].line if usable else line
        parts = []
        for pack, worked, billed in take_hours(
            usable, self.date, hours, self._get_hours_to_bill(first),
        ):
            if pack:
                part_line, part_kind = pack.line, 'pack'
                if not part_line.support_start_date:
                    part_line._start_validity(self.date)
                    pack.end = part_line.support_end_date or None
            elif billed <= 0:
                part_line, part_kind = first, 'pack'
            else:
                last = usable[-1].line if usable else line
                part_line = last._get_overage_line()
                part_kind = 'overage' if part_line else 'flagged'
            parts.append(self._prepare_part_values(part_kind, part_line, worked, billed))
        return parts

    def _has_line_set_by_hand(self):
        """ Return whether the entry keeps its line: not a pack, once the ticket is no support. """
        self.ensure_one()
        return self.is_so_line_edited and not self.helpdesk_ticket_id._is_refused_pack(self.so_line)

    def _get_hours_to_bill(self, line):
        """ Return what an order line is charged with for the entry.

        Parts of it that are invoiced were rounded with it, and are not rounded again (W14).

        :param line: a sale.order.line; none: nothing is rounded
        :return: hours
        :rtype: float
        """
        self.ensure_one()
        hours = self.unit_amount
        if not line or hours <= 0:
            return hours
        template = line.product_id.product_tmpl_id
        root = self.split_from_id or self
        invoiced = (root | root.split_part_ids - self).filtered(
            lambda part: part != self and not part._is_not_billed() and not part.is_so_line_edited,
        )
        total = template._get_billed_hours(hours + sum(invoiced.mapped('unit_amount')))
        return max(total - sum(invoiced.mapped('billed_hours')), 0.0)

    def _prepare_part_values(
        self, kind, line=None, worked=None, billed=None, free_reason=False,
    ):
        """ Return the values of the entry, or of a part of it, that a line pays for.

        :param str kind: a value of `billing_kind`
        :param line: the sale.order.line, if any
        :param float worked: the hours worked; None: those of the entry
        :param float billed: the hours that the line is charged with
        :param free_reason: a value of `billing_free_reason`, where nobody pays
        :rtype: dict
        """
        self.ensure_one()
        values = {
            'billing_kind': kind, 'billed_hours': billed, 'billing_free_reason': free_reason,
        }
        if not self._has_line_set_by_hand():
            values['so_line'] = line.id if line else False
            if self.is_so_line_edited:
                values['is_so_line_edited'] = False
        if worked is not None and worked != self.unit_amount:
            values['unit_amount'] = worked
        return values

    @api.model
    def _create_split_parts(self, parts):
        """ Create the entries that pay for what the first pack had no room for.

        :param list parts: the entry and the values of each part
        """
        if not parts:
            return
        # stock wants the employees to be there still, in the companies that are selected
        employees = self.env['hr.employee'].browse(
            {entry.employee_id.id for entry, _values in parts},
        )
        Entry = self.with_context(
            support_allocation=True, active_test=False,
            allowed_company_ids=(self.env.companies | employees.company_id).ids,
        )
        billing = [
            {
                key: values.pop(key)
                for key in ('billing_kind', 'billed_hours', 'billing_free_reason')
            }
            for _entry, values in parts
        ]
        created = Entry.create([
            {**entry._prepare_split_values(), **values} for entry, values in parts
        ])
        for part, values in zip(created, billing):
            part.write(values)

    def _prepare_split_values(self):
        """ Return the values that a part has from the entry it is split from.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'helpdesk_ticket_id': self.helpdesk_ticket_id.id,
            'project_id': self.project_id.id,
            'company_id': self.company_id.id,
            'employee_id': self.employee_id.id,
            'date': self.date,
            'name': self.name,
            'split_from_id': (self.split_from_id or self).id,
        }

    def _join_split_parts(self):
        """ Make one entry again of an entry that was split, to allocate it anew.

        The entries on which this is called stay, with the hours of their other parts that are not
        invoiced, waived or on a line set by hand; the others are deleted.

        :return: what was deleted
        :rtype: account.analytic.line
        """
        # sudo: account.analytic.line - the parts of an entry are one to whoever may change it
        entries = self.sudo().with_context(support_allocation=True)
        roots = entries.split_from_id | entries.filtered(lambda entry: not entry.split_from_id)
        deleted = entries.browse()
        for root in roots.filtered('split_part_ids'):
            members = root | root.split_part_ids
            family = members.filtered(
                lambda part: part._is_not_billed() and not part.is_so_line_edited
                and not part.billing_waiver,
            )
            kept = (family & entries)[:1]
            others = family - kept if kept else kept
            if others:
                kept.unit_amount = sum(family.mapped('unit_amount'))
                deleted |= others
            (members - others)._link_parts(kept if root in others else root)
        deleted.unlink()
        return deleted

    def _link_parts(self, root):
        """ Let the entries be parts of one of them, those that went to another ticket excepted.

        :param root: an account.analytic.line
        """
        for part in self:
            same = part != root and part.helpdesk_ticket_id == root.helpdesk_ticket_id
            link = root if same else root.browse()
            if part.split_from_id != link:
                part.split_from_id = link

    def _prepare_split_unlink(self):
        """ Keep together what is left of entries when parts of them are deleted.

        :return: the parts that are left
        :rtype: account.analytic.line
        """
        # sudo: account.analytic.line - the parts of an entry are one to whoever may delete it
        entries = self.sudo().with_context(support_allocation=True)
        roots = entries.split_from_id | entries.filtered('split_part_ids')
        rest = entries.browse()
        for root in roots:
            left = (root | root.split_part_ids) - entries
            left._link_parts(left[:1])
            rest |= left
        return rest.with_env(self.env)

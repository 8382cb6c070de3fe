from odoo import api, fields, models
from odoo.exceptions import UserError

# What was agreed: locked with the plan. The progress and the product to quote are not.
AGREED_FIELDS = {'plan_id', 'kind', 'name', 'quantity', 'timing', 'remark', 'origin_line_id'}


class ImplementationPlanLine(models.Model):
    """ One thing that the success plan connects, moves or automates, on start or later (P2). """

    _name = 'implementation.plan.line'
    _description = "Line of a Success Plan"
    _inherit = ['implementation.item.mixin']
    _order = 'plan_id, timing desc, sequence, id'
    _check_company_auto = True

    plan_id = fields.Many2one(
        comodel_name='implementation.plan', required=True, index=True, ondelete='cascade',
    )
    project_id = fields.Many2one(
        related='plan_id.project_id', store=True, index=True, required=False, precompute=True,
    )
    plan_state = fields.Selection(related='plan_id.state', string="State of the Plan")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        selection=[
            ('integration', "Integration"),
            ('automation', "Automated Process"),
            ('courier', "Courier"),
            ('report', "Report"),
            ('migration', "Migration"),
            ('other', "Other"),
        ],
        default='integration',
        required=True,
    )
    name = fields.Char(string="What", required=True)
    quantity = fields.Integer(default=1, required=True, help="How many, e.g. accounts or shops.")
    timing = fields.Selection(
        selection=[('start', "On Start"), ('later', "Later")],
        string="When",
        default='start',
        required=True,
        help="On start: it works at the go-live. Later: it is proposed to the client afterwards.",
    )
    state = fields.Selection(
        selection=[
            ('planned', "Planned"),
            ('progress', "In Progress"),
            ('done', "Done"),
            ('dropped', "Dropped"),
        ],
        default='planned',
        required=True,
        copy=False,
        help="How far it is. To drop something that the client has signed, draw up a new version.",
    )
    remark = fields.Char(help="Read by the client.")
    product_id = fields.Many2one(
        comodel_name='product.product',
        string="Product to Propose",
        domain=[('sale_ok', '=', True)],
        check_company=True,
        ondelete='restrict',
        help="What a line for later costs: the quotation after the go-live takes it from here. "
             "Without a product it becomes a note in the quotation.",
    )
    proposed_order_id = fields.Many2one(
        comodel_name='sale.order',
        string="Proposed in",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        help="The quotation that contains it; when that is deleted, it can be proposed again.",
    )
    origin_line_id = fields.Many2one(
        comodel_name='implementation.plan.line',
        string="Line of an Earlier Version",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        export_string_translation=False,
        help="Technical: the line of the version in which it first appeared.",
    )

    _quantity_positive = models.Constraint(
        'CHECK (quantity > 0)', "How many? At least one; what is not wanted any more is dropped.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.plan_id._check_editable()
        if not self.env.su:
            # whatever was sent or stands in the context: who proposes is the button
            # sudo: implementation.plan.line - what only the button writes is taken away
            lines.sudo().filtered('proposed_order_id').write({'proposed_order_id': False})
            lines._check_origin()
        return lines

    def write(self, vals):
        self._check_locked(vals)
        if 'proposed_order_id' in vals and not self.env.su:
            raise UserError(self.env._(
                "A line is proposed by the button of the plan, once.",
            ))
        result = super().write(vals)
        if 'plan_id' in vals:
            self.plan_id._check_editable()
        if 'origin_line_id' in vals:
            self._check_origin()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self.plan_id._check_editable()

    # === BUSINESS METHODS === #

    def _check_locked(self, vals):
        """ Refuse to change what the client has signed, and to drop it.

        :raise UserError: if the plan is signed or waits for the signature
        """
        locked = self.filtered(lambda line: line.plan_id.state != 'draft')
        if vals.keys() & AGREED_FIELDS:
            locked.plan_id._check_editable()
        if 'state' in vals:
            locked.filtered(
                lambda line: line.plan_id.state == 'replaced'
                or ('dropped' in (line.state, vals['state']) and line.state != vals['state']),
            ).plan_id._check_editable()

    def _check_origin(self):
        for line in self:
            if line.origin_line_id and line.origin_line_id.project_id != line.project_id:
                raise UserError(self.env._(
                    "%(line)s belongs to another implementation.", line=line.origin_line_id.name,
                ))

    def _prepare_version_values(self):
        """ Return the values of the line in the next version: the same, and where it comes from.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'sequence': self.sequence,
            'kind': self.kind,
            'name': self.name,
            'quantity': self.quantity,
            'timing': self.timing,
            'state': self.state,
            'remark': self.remark,
            'product_id': self.product_id.id,
            'origin_line_id': self._get_origin().id,
        }

    def _get_origin(self):
        """ Return the line of the version in which it first appeared. """
        self.ensure_one()
        return self.origin_line_id or self

    def _get_key(self):
        """ Return by what a line that was typed again is recognised in the first version. """
        self.ensure_one()
        return self.kind, ' '.join((self.name or '').split()).casefold()

    def _get_label(self, fname):
        self.ensure_one()
        return dict(self._fields[fname]._description_selection(self.env))[self[fname]]

    def _get_summary(self):
        """ Return the line in a few words, as the client reads it. """
        self.ensure_one()
        return self.env._(
            "%(quantity)s × %(name)s (%(kind)s, %(timing)s)",
            quantity=self.quantity, name=self.name, kind=self._get_label('kind').lower(),
            timing=self._get_label('timing').lower(),
        )

    def _get_differences(self, before):
        """ Return how the line differs from the one that it comes from, one sentence each.

        :param before: the line of the earlier version
        :rtype: list[str]
        """
        self.ensure_one()
        differences = []
        if self.name != before.name:
            differences.append(self.env._("Was called “%(name)s”", name=before.name))
        if self.quantity != before.quantity:
            differences.append(self.env._(
                "%(after)s instead of %(before)s", before=before.quantity, after=self.quantity,
            ))
        differences += [
            self.env._(
                "%(after)s instead of %(before)s",
                before=before._get_label(fname), after=self._get_label(fname),
            )
            for fname in ('timing', 'kind') if self[fname] != before[fname]
        ]
        if (self.remark or '') != (before.remark or ''):
            differences.append(
                self.env._("Remark: %(remark)s", remark=self.remark) if self.remark
                else self.env._("The remark was taken away"),
            )
        return differences

    def _prepare_order_line_values(self):
        """ Return the values of its line in the quotation: a note if it has no product.

        :rtype: dict
        """
        self.ensure_one()
        if not self.product_id:
            return {
                'display_type': 'line_note',
                'name': '\n'.join(filter(None, [self._get_summary(), self.remark])),
            }
        return {
            'product_id': self.product_id.id,
            'product_uom_qty': self.quantity,
            'name': '\n'.join(filter(None, [
                self.product_id.display_name, self.name, self.remark,
            ])),
        }

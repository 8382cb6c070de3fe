from odoo import api, fields, models
from odoo.exceptions import UserError


class HelpdeskTicketChecklistLine(models.Model):
    """ An item of a ticket's checklist: what, and who ticked it off when. """

    _name = 'helpdesk.ticket.checklist.line'
    _description = "Checklist Item"
    _order = 'ticket_id, template_id, sequence, id'

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, index=True, ondelete='cascade',
    )
    company_id = fields.Many2one(related='ticket_id.company_id')
    template_id = fields.Many2one(
        comodel_name='helpdesk.checklist.template', string="Checklist", readonly=True,
        index='btree_not_null', ondelete='set null',
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Item", required=True)
    is_required = fields.Boolean(
        string="Required", help="The ticket cannot be solved while this is open.",
    )
    is_done = fields.Boolean(string="Done")
    done_user_id = fields.Many2one(comodel_name='res.users', string="Done by", readonly=True)
    done_date = fields.Datetime(string="Done on", readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._complete_values(vals) for vals in vals_list])

    def write(self, vals):
        if not vals.get('is_required', True) or 'name' in vals or 'ticket_id' in vals:
            self._check_may_be_dropped()
        return super().write(self._complete_values(vals))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_required(self):
        self._check_may_be_dropped()

    @api.model
    def _complete_values(self, vals):
        """ Return the values with who ticked the item off when, which nobody writes by hand. """
        if not self.env.su:
            vals = {
                name: value for name, value in vals.items()
                if name not in ('done_user_id', 'done_date')
            }
        if 'is_done' not in vals:
            return vals
        return {
            'done_user_id': self.env.uid if vals['is_done'] else False,
            'done_date': fields.Datetime.now() if vals['is_done'] else False,
            **vals,
        }

    def _check_may_be_dropped(self):
        """ Keep what a template requires from being talked away by those who have to do it.

        :raise UserError: for an item that is open, unless the user leads a team
        """
        required = self.filtered(
            lambda line: line.is_required and line.template_id and not line.is_done,
        )
        if (
            required
            and not self.env.su
            and not self.env.user.has_group('helpdesk_sla.group_helpdesk_team_leader')
        ):
            raise UserError(self.env._(
                "%(items)s: the checklist requires this. Do it, or ask a team leader to take it "
                "off the ticket.",
                items=', '.join(required.mapped('name')),
            ))

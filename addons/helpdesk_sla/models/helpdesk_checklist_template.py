from odoo import fields, models


class HelpdeskChecklistTemplate(models.Model):
    """ What has to be done on tickets of a kind, step by step. """

    _name = 'helpdesk.checklist.template'
    _description = "Checklist Template"
    _order = 'sequence, name, id'

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    line_ids = fields.One2many(
        comodel_name='helpdesk.checklist.template.line', inverse_name='template_id',
        string="Items", copy=True,
    )
    is_automatic = fields.Boolean(
        string="Add to New Tickets",
        default=True,
        help="Tickets of these teams and types get the checklist by themselves. Otherwise agents "
             "add it by hand.",
    )
    is_required = fields.Boolean(
        string="Complete before Solving",
        help="A ticket cannot be solved while an item is open.",
    )
    team_ids = fields.Many2many(
        comodel_name='helpdesk.team',
        relation='helpdesk_checklist_template_team_rel',
        column1='template_id',
        column2='team_id',
        string="Helpdesk Teams",
        help="Empty: all teams.",
    )
    ticket_type_ids = fields.Many2many(
        comodel_name='helpdesk.ticket.type',
        relation='helpdesk_checklist_template_type_rel',
        column1='template_id',
        column2='type_id',
        string="Types",
        help="Empty: all types.",
    )

    def copy_data(self, default=None):
        return [
            {**vals, 'name': self.env._("%s (copy)", template.name)}
            if 'name' not in (default or {}) else vals
            for template, vals in zip(self, super().copy_data(default))
        ]

    # === BUSINESS METHODS === #

    def _is_for(self, ticket):
        """ Return whether a ticket is of the teams and types of the checklist. """
        self.ensure_one()
        # an archived team or type still limits the checklist
        template = self.with_context(active_test=False)
        teams, types = template.team_ids, template.ticket_type_ids
        return (not teams or ticket.team_id in teams) and (
            not types or ticket.ticket_type_id in types
        )

    def _prepare_lines(self, ticket):
        """ Return the values of the items that a ticket gets.

        :rtype: list[dict]
        """
        self.ensure_one()
        return [
            {
                'ticket_id': ticket.id,
                'template_id': self.id,
                'sequence': line.sequence,
                'name': line.name,
                'is_required': self.is_required,
            }
            for line in self.line_ids
        ]

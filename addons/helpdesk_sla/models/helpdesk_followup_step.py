from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HelpdeskFollowupStep(models.Model):
    """ A step of the ladder that a team climbs while a customer owes an answer (W11). """

    _name = 'helpdesk.followup.step'
    _description = "Follow-up Step"
    _order = 'team_id, sequence, id'

    team_id = fields.Many2one(
        comodel_name='helpdesk.team', required=True, index=True, ondelete='cascade',
    )
    sequence = fields.Integer(default=10)
    days = fields.Integer(
        string="Working Days",
        default=3,
        required=True,
        help="After the step before; the first one after we wrote and the customer's turn began.",
    )
    action = fields.Selection(
        selection=[('remind', "Remind the customer"), ('close', "Close the ticket")],
        default='remind',
        required=True,
    )
    template_id = fields.Many2one(
        comodel_name='mail.template',
        string="E-mail Template",
        domain="[('model', '=', 'helpdesk.ticket')]",
        compute='_compute_template_id',
        store=True,
        precompute=True,
        readonly=False,
        ondelete='set null',
    )

    _days_positive = models.Constraint(
        'CHECK (days BETWEEN 1 AND 365)',
        "A step comes at least one working day after the one before, and within a year.",
    )

    # === COMPUTE METHODS === #

    @api.depends('action')
    def _compute_template_id(self):
        for step in self:
            step.template_id = self.env.ref(
                f'helpdesk_sla.mail_template_followup_{step.action}', raise_if_not_found=False,
            )

    @api.depends('action', 'days')
    def _compute_display_name(self):
        actions = dict(self._fields['action']._description_selection(self.env))
        for step in self:
            step.display_name = self.env._(
                "%(action)s after %(days)s working days",
                action=actions.get(step.action, ''), days=step.days,
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('action', 'sequence', 'team_id')
    def _check_ladder(self):
        """ Close last, and only after a reminder: nobody is shut out unwarned. """
        for team in self.team_id:
            actions = team.followup_step_ids.sorted().mapped('action')
            if 'close' in actions[:-1]:
                raise ValidationError(self.env._(
                    "Closing is the last step of the follow-up: move the reminders of %(team)s "
                    "before it.", team=team.name,
                ))
            if actions == ['close']:
                raise ValidationError(self.env._(
                    "Remind the customer at least once before a ticket of %(team)s is closed.",
                    team=team.name,
                ))

    @api.constrains('action', 'template_id')
    def _check_template_id(self):
        """ A reminder is a mail: without one the customer would be closed unwarned. """
        for step in self:
            if step.action == 'remind' and not step.template_id:
                raise ValidationError(self.env._(
                    "Choose the e-mail template of the reminder of %(team)s after %(days)s "
                    "working days.", team=step.team_id.name, days=step.days,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Begin to count where a team had no ladder.

        What has waited for long is not overdue at once.
        """
        teams = self.env['helpdesk.team'].browse({vals.get('team_id') for vals in vals_list})
        without = teams.filtered(lambda team: not team.followup_step_ids)
        steps = super().create(vals_list)
        # sudo: helpdesk.ticket - the dates are kept by the system
        self.env['helpdesk.ticket'].sudo()._begin_followup([('team_id', 'in', without.ids)])
        return steps

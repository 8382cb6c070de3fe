from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class HypercareTrainingItem(models.Model):
    """ A topic of the second wave of training in a window (G5).

    Proposed when several people of the client asked about it; planned and held by people.
    """

    _name = 'hypercare.training.item'
    _description = "Topic of the Second Training"
    _inherit = ['helpdesk.engine.guard.mixin', 'mail.thread']
    _order = 'state_order, date, id'
    _rec_name = 'topic_id'
    _check_company_auto = True

    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", required=True, index=True,
        ondelete='cascade',
    )
    topic_id = fields.Many2one(
        comodel_name='hypercare.topic', required=True, index=True, check_company=True,
        ondelete='restrict',
    )
    company_id = fields.Many2one(related='period_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(
        related='period_id.partner_id', string="Client", store=True, index='btree_not_null',
    )
    supervisor_id = fields.Many2one(related='period_id.user_id', string="Supervisor")

    state = fields.Selection(
        selection=[
            ('proposed', "Proposed"),
            ('planned', "Planned"),
            ('held', "Held"),
            ('skipped', "Skipped"),
        ],
        default='proposed',
        required=True,
        tracking=True,
        group_expand=True,
    )
    # by the alphabet, what was skipped would come before what has to be planned
    state_order = fields.Integer(
        compute='_compute_state_order', store=True, export_string_translation=False,
    )
    date = fields.Date(string="Training on", tracking=True, copy=False)
    cutoff_datetime = fields.Datetime(
        compute='_compute_cutoff_datetime', store=True, export_string_translation=False,
        help="Technical: the end of the day of the training, where the client is.",
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="Trainer", domain=[('share', '=', False)], tracking=True,
        index='btree_not_null',
    )
    attendee_ids = fields.Many2many(
        comodel_name='res.partner',
        relation='hypercare_training_item_attendee_rel',
        column1='item_id',
        column2='partner_id',
        string="Attendees",
        domain="[('commercial_partner_id', '=', partner_id), ('is_company', '=', False)]",
    )
    note = fields.Html(help="Internal: the client does not read it.")

    ask_count = fields.Integer(
        string="Questions", compute='_compute_ask_count',
        help="How often the client's people asked about it in the window.",
    )
    asker_count = fields.Integer(
        string="People", compute='_compute_ask_count',
        help="How many different people of the client asked about it in the window.",
    )
    before_count = fields.Integer(string="Questions Before", compute='_compute_before_after')
    after_count = fields.Integer(string="Questions After", compute='_compute_before_after')

    _topic_uniq = models.UniqueIndex(
        '(period_id, topic_id)', "This topic is among the trainings of the window already.",
    )
    _planned_has_date = models.Constraint(
        "CHECK (state NOT IN ('planned', 'held') OR date IS NOT NULL)",
        "A training that is planned or was held needs a day.",
    )

    # === COMPUTE METHODS === #

    @api.depends('state')
    def _compute_state_order(self):
        states = [value for value, _label in self._fields['state'].selection]
        for item in self:
            item.state_order = states.index(item.state) if item.state else 0

    @api.depends('date', 'period_id')
    def _compute_cutoff_datetime(self):
        for item in self:
            item.cutoff_datetime = (
                item.period_id._get_day_bounds(item.date)[1] if item.date else False
            )

    @api.depends('period_id', 'topic_id')
    def _compute_ask_count(self):
        counts = self.period_id._get_topic_counts(self.topic_id)
        for item in self:
            item.ask_count, item.asker_count = counts.get(
                (item.period_id._origin, item.topic_id._origin), (0, 0),
            )

    @api.depends('state', 'date')
    def _compute_before_after(self):
        rows = {
            (item, phase): count
            for item, phase, count in self.env['hypercare.training.report']._read_group(
                [('item_id', 'in', self.ids)], ['item_id', 'phase'], ['question_count:sum'],
            )
        }
        for item in self:
            item.before_count = rows.get((item._origin, 'before'), 0)
            item.after_count = rows.get((item._origin, 'since'), 0)

    # === CONSTRAINT METHODS === #

    @api.constrains('state', 'date', 'period_id')
    def _check_date(self):
        for item in self.filtered('date'):
            if item.state == 'held' and item.date > item.period_id._get_today():
                raise ValidationError(self.env._(
                    "The training on \"%(topic)s\" lies ahead: it was not held yet.",
                    topic=item.topic_id.name,
                ))

    @api.constrains('attendee_ids', 'period_id')
    def _check_attendee_ids(self):
        for item in self:
            # sudo: res.partner - to whom the attendees belong
            strangers = item.attendee_ids.sudo().filtered(
                lambda partner, item=item: partner.commercial_partner_id != item.partner_id,
            )
            if strangers:
                raise ValidationError(self.env._(
                    "%(names)s: not a contact of the client %(client)s, who is trained here.",
                    names=', '.join(strangers.mapped('name')), client=item.partner_id.name,
                ))

    # === ACTION METHODS === #

    def action_plan(self):
        """ Note that the training is planned. """
        if not all(self.mapped('date')):
            raise UserError(self.env._("Choose the day of the training first."))
        self.state = 'planned'

    def action_hold(self):
        """ Note that the training was held, today unless another day was noted. """
        for item in self:
            today = item.period_id._get_today()
            item.write({'state': 'held', 'date': min(item.date or today, today)})

    def action_skip(self):
        """ Note that there will be no training on the topic. """
        self.state = 'skipped'

    def action_propose(self):
        """ Take the decision back. """
        self.state = 'proposed'

    def action_view_tickets(self):
        """ Open the questions of the client about the topic. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['display_name'] = self.env._("Questions: %(topic)s", topic=self.topic_id.name)
        action['domain'] = [
            ('hypercare_id', '=', self.period_id.id), ('hypercare_topic_id', '=', self.topic_id.id),
        ]
        action['context'] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'company_id', 'partner_id', 'state_order', 'cutoff_datetime',
        }

    # === PORTAL === #

    def _describe_trainer(self):
        """ Return who trains, as the client reads it. """
        self.ensure_one()
        return self.env._("With %(trainer)s", trainer=self.user_id.name)

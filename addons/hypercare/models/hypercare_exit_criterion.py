from odoo import api, fields, models

# how far the threshold of a criterion goes; other codes have none
RATE_CODES = ('response', 'resolution')
COUNT_CODES = ('open_tickets',)


class HypercareExitCriterion(models.Model):
    """ What has to be met before a client is handed over to the support plan (requirements G7).

    The administrator's table. Most criteria are checked by the system, see `_check_exit_<code>` of
    `hypercare.period`; own ones are ticked by hand on each window.
    """

    _name = 'hypercare.exit.criterion'
    _description = "Exit Criterion of Hypercare"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    code = fields.Selection(
        selection=lambda self: self._selection_code(), string="What Is Checked",
        default='manual', required=True,
    )
    threshold = fields.Float(
        help="Percent of the promises kept, or the number of open tickets.", digits=(16, 1),
    )
    has_threshold = fields.Boolean(compute='_compute_has_threshold')
    is_mandatory = fields.Boolean(
        string="Mandatory", help="No window is closed before it is met, whatever the reason.",
    )
    company_id = fields.Many2one(
        comodel_name='res.company', index='btree_not_null', help="Empty: all companies.",
    )
    description = fields.Text(translate=True, help="What people have to look at.")

    _threshold_range = models.Constraint(
        "CHECK (threshold >= 0 AND (code NOT IN ('response', 'resolution') OR threshold <= 100))",
        "The threshold is a share from 0 to 100 percent, or a number of tickets.",
    )

    # === COMPUTE METHODS === #

    @api.depends('code')
    def _compute_has_threshold(self):
        for criterion in self:
            criterion.has_threshold = criterion.code in (*RATE_CODES, *COUNT_CODES)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        criteria = super().create(vals_list)
        criteria._add_to_windows()
        return criteria

    def write(self, vals):
        result = super().write(vals)
        if {'active', 'company_id'} & vals.keys():
            self._add_to_windows()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _selection_code(self):
        """ Return how a criterion can be checked; each but the last has its `_check_exit_<code>`.

        :rtype: list[tuple[str, str]]
        """
        return [
            ('no_urgent', self.env._("No open critical or high ticket")),
            ('response', self.env._("First responses in time, at least")),
            ('resolution', self.env._("Solutions in time, at least")),
            ('open_tickets', self.env._("Open tickets, at most")),
            ('backlog', self.env._("Fewer open tickets than before")),
            ('review_held', self.env._("Review held")),
            ('review_signed', self.env._("Review signed by the client")),
            ('key_users_trained', self.env._("Key users trained")),
            ('manual', self.env._("By hand, on each window")),
        ]

    def _add_to_windows(self):
        """ Have the windows that are not closed yet show the criteria. """
        if self:
            # sudo: hypercare.period - the table of the administrator holds for all of them
            self.env['hypercare.period'].sudo().search(
                [('state', 'in', ('planned', 'running', 'review'))],
            )._sync_exit_checks()

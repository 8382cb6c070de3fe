from odoo import api, fields, models

# calendar days that a window lasts (requirements G1)
DAYS_MIN = 2
DAYS_MAX = 60
# proposed as long as nobody knows how large the project is: time for the review of the second week
DAYS_UNKNOWN = 14


class HypercareScale(models.Model):
    """ How long a client is accompanied after go-live, by the scale of the project (G1). """

    _name = 'hypercare.scale'
    _description = "Scale of Hypercare"
    _order = 'days, id'

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    user_count = fields.Integer(string="Users up to", help="0: any number.")
    integration_count = fields.Integer(string="Integrations up to", help="0: any number.")
    process_count = fields.Integer(string="Processes up to", help="0: any number.")
    days = fields.Integer(
        string="Calendar Days", default=14, required=True,
        help="How long the window is, in calendar days.",
    )

    _days_range = models.Constraint(
        f'CHECK (days BETWEEN {DAYS_MIN} AND {DAYS_MAX})',
        "Hypercare lasts from 2 to 60 days.",
    )
    _counts_positive = models.Constraint(
        'CHECK (user_count >= 0 AND integration_count >= 0 AND process_count >= 0)',
        "The limits of a scale cannot be negative.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _propose_days(self, counts):
        """ Return how many calendar days fit projects of some scales.

        The shortest of the scales whose limits hold, else the longest of all.

        :param list counts: (users, integrations, processes) of each project
        :return: calendar days of each, in the same order; 14 where nothing is counted yet, or no
            scale is set up
        :rtype: list[int]
        """
        # sudo: hypercare.scale - whoever plans a window gets the proposal of the administrators
        scales = self.sudo().search([])
        limits = [
            ((scale.user_count, scale.integration_count, scale.process_count), scale.days)
            for scale in scales
        ]
        longest = limits[-1][1] if limits else DAYS_UNKNOWN
        return [
            next((
                days for maxima, days in limits
                if all(not limit or count <= limit for count, limit in zip(project, maxima))
            ), longest) if any(project) else DAYS_UNKNOWN
            for project in counts
        ]

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# the column of a matrix -> the target of the policy that it becomes
TIME_FIELDS = {
    'response_time': 'first_response',
    'next_response_time': 'next_response',
    'resolution_time': 'resolution',
}
# the rows, in the order in which people read them
PRIORITIES = ('3', '2', '1', '0')


class HelpdeskSlaMatrixMixin(models.AbstractModel):
    """ One row of a matrix of times: what is promised to tickets of one priority (S1, C1).

    Zero means that the time is not promised, and is shown as an empty cell.
    """

    _name = 'helpdesk.sla.matrix.mixin'
    _description = "Row of a Matrix of SLA Times"
    _order = 'priority desc, id'
    _rec_name = 'priority'

    priority = fields.Selection(
        selection=[('0', "Low"), ('1', "Medium"), ('2', "High"), ('3', "Critical")],
        required=True,
    )
    response_time = fields.Float(
        string="First Response", help="Working hours. Empty: not promised.",
    )
    next_response_time = fields.Float(
        string="Next Response",
        help="Working hours for each further message of the customer. Empty: not promised.",
    )
    resolution_time = fields.Float(
        string="Resolution", help="Working hours. Empty: not promised.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(*TIME_FIELDS)
    def _check_times(self):
        for row in self:
            if min(row[name] for name in TIME_FIELDS) < 0:
                raise ValidationError(self.env._("The times of an agreement cannot be negative."))
            if row.resolution_time and row.resolution_time < row.response_time:
                raise ValidationError(self.env._(
                    "%(priority)s: the solution cannot be promised earlier than the first "
                    "response.",
                    priority=row._get_priority_name(),
                ))

    # === BUSINESS METHODS === #

    def _get_priority_name(self):
        """ Return the name of the row's priority in the reader's language. """
        self.ensure_one()
        return dict(self._fields['priority']._description_selection(self.env))[self.priority]

    def _format_time(self, name):
        """ Return a cell as people read it: '15 min', '4 h', '1 h 30 min', or a dash.

        :param str name: one of `TIME_FIELDS`
        :rtype: str
        """
        self.ensure_one()
        hours, minutes = divmod(round(self[name] * 60), 60)
        if hours and minutes:
            return self.env._("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
        if hours:
            return self.env._("%s h", hours)
        return self.env._("%s min", minutes) if minutes else "–"

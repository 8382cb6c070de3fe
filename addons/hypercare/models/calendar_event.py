from odoo import models


class CalendarEvent(models.Model):
    _inherit = 'calendar.event'

    # === CRUD METHODS === #

    def write(self, vals):
        """ Let the planned day of a review follow its meeting.

        :raise ValidationError: if the review may not take place on that day
        """
        result = super().write(vals)
        if {'start', 'start_date'} & vals.keys():
            # sudo: hypercare.review - colleagues without a right to it move the meeting as well
            self.env['hypercare.review'].sudo().search(
                [('meeting_id', 'in', self.ids)],
            )._follow_meeting()
        return result

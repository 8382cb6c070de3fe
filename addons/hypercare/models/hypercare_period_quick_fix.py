from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain


class HypercarePeriod(models.Model):
    """ How fast settings, reports and forms are corrected in a window (G4). """

    _inherit = 'hypercare.period'

    quick_fix_count = fields.Integer(string="Quick Fixes", compute='_compute_quick_fix_count')
    quick_fix_open_count = fields.Integer(
        string="Open Quick Fixes", compute='_compute_quick_fix_count',
    )
    quick_fix_measured_count = fields.Integer(
        compute='_compute_quick_fix_rate', export_string_translation=False,
    )
    quick_fix_rate = fields.Float(
        string="Quick Fixes Solved in Time",
        compute='_compute_quick_fix_rate',
        help="The share of the quick fixes that were solved within their target, of those that "
             "were solved or are late.",
    )

    # === COMPUTE METHODS === #

    @api.depends('ticket_ids.is_quick_fix', 'ticket_ids.is_closed')
    def _compute_quick_fix_count(self):
        total, still_open = Counter(), Counter()
        for period, is_closed, count in self.env['helpdesk.ticket']._read_group(
            Domain('hypercare_id', 'in', self.ids) & Domain('is_quick_fix', '=', True),
            ['hypercare_id', 'is_closed'], ['__count'],
        ):
            total[period] += count
            if not is_closed:
                still_open[period] += count
        for period in self:
            period.quick_fix_count = total[period._origin]
            period.quick_fix_open_count = still_open[period._origin]

    @api.depends('ticket_ids.is_quick_fix', 'ticket_ids.sla_status_ids.result')
    def _compute_quick_fix_rate(self):
        reached, measured = Counter(), Counter()
        for period, state, count in self.env['helpdesk.sla.status']._read_group(
            Domain('ticket_id', 'any', [
                ('hypercare_id', 'in', self.ids), ('is_quick_fix', '=', True),
            ]) & Domain('target', '=', 'resolution') & Domain('state', 'in', ['reached', 'failed']),
            ['ticket_id.hypercare_id', 'state'], ['ticket_id:count_distinct'],
        ):
            measured[period] += count
            if state == 'reached':
                reached[period] += count
        for period in self:
            total = measured[period._origin]
            period.quick_fix_measured_count = total
            period.quick_fix_rate = reached[period._origin] / total if total else 0

    # === ACTION METHODS === #

    def action_view_quick_fixes(self):
        """ Open the quick fixes of the window. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'hypercare.helpdesk_ticket_action_quick_fix',
        )
        action['domain'] = [('is_quick_fix', '=', True), ('hypercare_id', '=', self.id)]
        action['context'] = {'search_default_open': 1, 'create': False}
        return action

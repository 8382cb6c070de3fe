from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """ Say of the time that was logged before what pays for it; nothing is moved. """
    env = api.Environment(cr, SUPERUSER_ID, {})
    entries = env['account.analytic.line'].search([('helpdesk_ticket_id', '!=', False)])
    for line, group in entries.grouped('so_line').items():
        kind = line._get_billing_kind() if line else 'flagged'
        cr.execute(
            "UPDATE account_analytic_line SET billing_kind = %s WHERE id = ANY(%s)",
            [kind, group.ids],
        )

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """ Keep the limits of files, which hold for the portal as well now. """
    env = api.Environment(cr, SUPERUSER_ID, {})
    parameters = env['ir.config_parameter']
    for name in ('max_upload_mb', 'max_files'):
        old = parameters.search([('key', '=', f'website_helpdesk_sla.{name}')])
        if old and not parameters.get_param(f'helpdesk_sla.{name}'):
            parameters.set_param(f'helpdesk_sla.{name}', old.value)
        old.unlink()

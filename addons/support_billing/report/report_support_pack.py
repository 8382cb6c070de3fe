from odoo import api, models
from odoo.exceptions import AccessError


class ReportSupportPack(models.AbstractModel):
    """ The statement of packs, for whoever may read it: in the portal or at its address. """

    _name = 'report.support_billing.report_support_pack'
    _description = "Support Pack Statement"

    @api.model
    def _get_report_values(self, docids, data=None):
        """ Return the packs as superuser: time and tickets belong to the statement.

        :raise AccessError: if the user may not read one of the packs, or is a client whose role in
            the portal is not the whole company
        """
        packs = self.env['sale.order.line'].browse(docids)
        packs.check_access('read')
        # sudo: sale.order.line - the statement of packs that the user may read, see above
        packs_sudo = packs.sudo()
        if not self.env.su and not self.env.user._is_internal() and (
            packs_sudo - packs._get_portal_packs()
        ):
            raise AccessError(self.env._("You cannot read the statement of this support pack."))
        return {'docs': packs_sudo}

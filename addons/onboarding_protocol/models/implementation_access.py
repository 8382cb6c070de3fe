from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ImplementationAccess(models.Model):
    """ How the client gets into a system. Prepared early, handed over with the go-live (P6).

    The portal shows it once the client is live, not before. It never holds a password: it says
    where the password is handed over.
    """

    _name = 'implementation.access'
    _inherit = ['implementation.item.mixin']
    _description = "Access Information"
    _order = 'project_id, sequence, id'

    sequence = fields.Integer(default=10)
    name = fields.Char(string="System", required=True)
    url = fields.Char(string="Address")
    login = fields.Char(copy=False)
    handover = fields.Char(
        string="Password Handed Over",
        copy=False,
        help="Where the client gets the password, e.g. “by phone to Anna Nowak”. Never the "
             "password itself.",
    )
    remark = fields.Text()
    is_released = fields.Boolean(
        compute='_compute_is_released',
        help="The client sees it in the portal: the go-live took place.",
    )

    # === COMPUTE METHODS === #

    @api.depends('project_id.golive_datetime')
    def _compute_is_released(self):
        for access in self:
            access.is_released = bool(access.project_id.golive_datetime)

    # === CONSTRAINT METHODS === #

    @api.constrains('url')
    def _check_url(self):
        for access in self.filtered('url'):
            # an address is a link in the client's portal: one that runs a script is none
            if urlsplit(access.url).scheme not in ('http', 'https'):
                raise ValidationError(self.env._(
                    "%(url)s is no address of a system: write it with https:// before it.",
                    url=access.url,
                ))

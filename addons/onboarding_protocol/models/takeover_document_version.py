from odoo import api, fields, models
from odoo.exceptions import UserError


class TakeoverDocumentVersion(models.Model):
    """ What was delivered to the client, and what the client said of it (T4).

    Written by `takeover.document` alone. The files belong to the version, which no user may write:
    so nobody changes or removes what the client has validated.
    """

    _name = 'takeover.document.version'
    _description = "Version of a Document of a Takeover"
    _order = 'document_id, number desc'
    _rec_name = 'number'

    document_id = fields.Many2one(
        comodel_name='takeover.document', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    project_id = fields.Many2one(related='document_id.project_id', store=True, index=True)
    company_id = fields.Many2one(related='project_id.company_id', store=True)
    number = fields.Integer(string="Version", required=True, readonly=True, aggregator=False)
    user_id = fields.Many2one(
        comodel_name='res.users', string="Delivered by", readonly=True, ondelete='set null',
    )
    delivered_datetime = fields.Datetime(string="Delivered on", required=True, readonly=True)
    url = fields.Char(string="Link", readonly=True)
    attachment_ids = fields.Many2many(
        comodel_name='ir.attachment', relation='takeover_document_version_attachment_rel',
        column1='version_id', column2='attachment_id', string="Files", readonly=True,
        bypass_search_access=True,
    )
    verdict = fields.Selection(
        selection=[
            ('validated', "Validated"), ('returned', "Returned"), ('replaced', "Replaced"),
        ],
        string="Client's Verdict",
        readonly=True,
    )
    verdict_partner_id = fields.Many2one(
        comodel_name='res.partner', string="Person who Decided", readonly=True,
        ondelete='restrict',
    )
    verdict_by = fields.Char(
        string="Decided by", readonly=True, help="The name of who decided, as it was then.",
    )
    verdict_datetime = fields.Datetime(string="Decided on", readonly=True)
    reason = fields.Text(string="Returned because", readonly=True)

    _number_uniq = models.UniqueIndex(
        '(document_id, number)', "A version of a document has a number of its own.",
    )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What was delivered to a client stays on record."))

    # === BUSINESS METHODS === #

    def _take_files(self, files):
        """ Make files belong to this version.

        Files of the document itself move; those that belong to something else are copied.

        :param files: ir.attachment records, as superuser
        """
        self.ensure_one()
        own = files.filtered(lambda file: file.res_model == 'takeover.document')
        owner = {'res_model': self._name, 'res_id': self.id, 'res_field': False, 'public': False}
        own.write(owner)
        copies = own.browse()
        for file in files - own:
            copies |= file.copy({**owner, 'name': file.name})
        self.attachment_ids = own | copies

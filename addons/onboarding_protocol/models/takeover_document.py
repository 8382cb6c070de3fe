from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, plaintext2html

from ..tools.dues import CLIENT, US, Due


class TakeoverDocument(models.Model):
    """ One of the documents that are agreed for a takeover, at an agreed level (T4).

    What is delivered becomes a version, which nobody changes. The client validates it or returns it
    with a reason; what was validated the client reaches in the portal for ever.
    """

    _name = 'takeover.document'
    _inherit = ['takeover.item.mixin', 'mail.thread', 'mail.activity.mixin']
    _description = "Document of a Takeover"
    _order = 'project_id, sequence, id'

    sequence = fields.Integer(default=10)
    name = fields.Char(string="Document", required=True)
    level = fields.Selection(
        selection=[('overview', "Overview"), ('process', "Process"), ('detail', "Detail")],
        default='process',
        required=True,
        help="How deep it goes: an overview, each process, or every detail.",
    )
    due_date = fields.Date(string="Deliver by", copy=False, tracking=True)
    validate_by = fields.Date(
        string="Validate by", copy=False, tracking=True,
        help="The day by which the client validates or returns it, as agreed.",
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="Responsible", domain=[('share', '=', False)],
        ondelete='restrict', tracking=True,
    )
    url = fields.Char(
        string="Link", copy=False,
        help="Where the document is kept, if it is no file. It is delivered with the next version.",
    )
    attachment_ids = fields.Many2many(
        comodel_name='ir.attachment', relation='takeover_document_attachment_rel',
        column1='document_id', column2='attachment_id', string="Files to Deliver", copy=False,
        bypass_search_access=True,
        help="The files of the next version.",
    )
    state = fields.Selection(
        selection=[
            ('planned', "Planned"),
            ('delivered', "Delivered"),
            ('returned', "Returned"),
            ('validated', "Validated"),
        ],
        string="Status",
        default=lambda self: 'planned',
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    version = fields.Integer(readonly=True, copy=False)
    version_ids = fields.One2many(
        comodel_name='takeover.document.version', inverse_name='document_id', string="Versions",
        readonly=True, copy=False,
    )
    return_reason = fields.Text(
        string="Returned because", readonly=True, copy=False,
        help="What the client wants to be changed.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('url')
    def _check_url(self):
        for document in self:
            if document.url and not document.url.lower().startswith(('https://', 'http://')):
                raise ValidationError(self.env._(
                    "The link of “%(document)s” has to begin with https:// or http://.",
                    document=document.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        if any(vals.get('attachment_ids') for vals in vals_list):
            documents._adopt_attachments()
        return documents

    def write(self, vals):
        result = super().write(vals)
        if vals.get('attachment_ids'):
            self._adopt_attachments()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_delivered(self):
        for document in self:
            if document.version:
                raise UserError(self.env._(
                    "“%(document)s” was delivered to the client and stays on record.",
                    document=document.name,
                ))

    # === ACTION METHODS === #

    def action_deliver(self):
        """ Deliver the files and the link as the next version, for the client to validate.

        :raise UserError: if there is nothing to deliver, or the client has no day to validate it
        """
        self.check_access('write')
        now = fields.Datetime.now()
        for document in self:
            if not document.attachment_ids and not document.url:
                raise UserError(self.env._(
                    "There is nothing to deliver for “%(document)s”: add a file or a link.",
                    document=document.name,
                ))
            if not document.validate_by or (
                document.validate_by < document.project_id._get_today()
            ):
                raise UserError(self.env._(
                    "By when does the client validate “%(document)s”? Agree on a day from today "
                    "on and enter it.",
                    document=document.name,
                ))
            # sudo: takeover.document.version - written by nobody else; the right to write the
            # document was checked
            document_sudo = document.sudo()
            document_sudo.version_ids.filtered(lambda version: not version.verdict).write({
                'verdict': 'replaced', 'verdict_datetime': now,
            })
            version = document_sudo.version_ids.create({
                'document_id': document.id,
                'number': document.version + 1,
                'user_id': self.env.uid,
                'delivered_datetime': now,
                'url': document.url,
            })
            version._take_files(document_sudo.attachment_ids)
            document_sudo.write({
                'state': 'delivered',
                'version': version.number,
                'url': False,
                'attachment_ids': False,
                'return_reason': False,
            })
            document.message_post(body=self.env._(
                "Version %(number)s was delivered; the client validates it by %(date)s.",
                number=version.number, date=format_date(self.env, document.validate_by),
            ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'state', 'version', 'version_ids', 'return_reason'}

    def _adopt_attachments(self):
        """ Let the colleagues read files that were uploaded before the document was stored. """
        # sudo: ir.attachment - stock has checked that the user may read what is linked
        for document in self.sudo():
            document.attachment_ids.filtered(
                lambda file: file.res_model == self._name and not file.res_id,
            ).res_id = document.id

    def _decide(self, partner, number, verdict, reason=False):
        """ Note what a person of the client decided on the version that is delivered.

        :param partner: res.partner of the person
        :param int number: the version that the person saw
        :param str verdict: `validated` or `returned`
        :param str reason: why it is returned
        :raise UserError: if another version was delivered meanwhile, or none waits
        """
        self.ensure_one()
        if self.state != 'delivered' or self.version != number:
            raise UserError(self.env._(
                "“%(document)s” has changed meanwhile. Look at it again, please.",
                document=self.name,
            ))
        # sudo: takeover.document - the portal has checked that the person may decide
        document = self.sudo()
        document.version_ids.filtered(lambda version: version.number == number).write({
            'verdict': verdict,
            'verdict_partner_id': partner.id,
            'verdict_by': partner.name,
            'verdict_datetime': fields.Datetime.now(),
            'reason': reason,
        })
        document.write({'state': verdict, 'return_reason': reason})
        body = self.env._(
            "Version %(number)s is validated by %(person)s.", number=number, person=partner.name,
        ) if verdict == 'validated' else self.env._(
            "Version %(number)s is returned by %(person)s: %(reason)s",
            number=number, person=partner.name, reason=reason,
        )
        document.message_post(author_id=partner.id, body=body)
        responsible = document.user_id or document.supervisor_id
        if verdict == 'returned' and responsible:
            document.activity_schedule(
                'mail.mail_activity_data_todo',
                summary=self.env._("Returned by the client"),
                note=plaintext2html(reason),
                user_id=responsible.id,
            )

    def _get_due(self):
        """ Return who has to do what until the document is validated.

        :rtype: Due
        """
        self.ensure_one()
        if self.state == 'delivered':
            return Due(
                self.env._("Validation of the document “%(document)s”", document=self.name),
                CLIENT, owner=self.coordinator_id.name or '', date=self.validate_by,
                url=self.project_id._get_takeover_url('documents'),
            )
        return Due(
            self.env._("Document “%(document)s”", document=self.name), US,
            owner=self.user_id.name or self.supervisor_id.name or '', date=self.due_date,
        )

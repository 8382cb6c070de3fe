from datetime import timedelta
from pathlib import PurePath

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize, plaintext2html
from odoo.tools.mimetypes import guess_mimetype

# `ir.config_parameter`: name -> (key, default)
UPLOAD_LIMITS = {
    'upload_mb': ('helpdesk_sla.max_upload_mb', 10),
    'files': ('helpdesk_sla.max_files', 10),
}
# what runs when somebody opens it
REFUSED_EXTENSIONS = {
    '.app', '.bat', '.cmd', '.com', '.cpl', '.dll', '.exe', '.hta', '.htm', '.html', '.jar', '.js',
    '.jse', '.lnk', '.mjs', '.msi', '.ps1', '.reg', '.scr', '.sh', '.svg', '.vbe', '.vbs', '.wsf',
    '.xht', '.xhtml',
}
REFUSED_MIMETYPES = {
    'application/x-dosexec', 'application/x-executable', 'application/x-mach-binary',
    'application/x-msdownload', 'application/x-sharedlib', 'application/xhtml+xml',
    'image/svg+xml', 'text/html', 'text/javascript', 'text/x-shellscript',
}
NAME_SIZE = 200
DESCRIPTION_SIZE = 20_000
# requests of one person from the portal, in this time
REQUEST_LIMIT = 20
REQUEST_MINUTES = 10


class HelpdeskTicketPortal(models.AbstractModel):
    """ What a client's users do with tickets in the portal. """

    _name = 'helpdesk.ticket.portal'
    _description = "Ticket in the Portal"

    # === FILES FROM OUTSIDE === #

    @api.model
    def _get_upload_limits(self):
        """ Return how much may be sent with one request: `upload_mb` together, and `files`.

        :rtype: dict[str, int]
        """
        # sudo: ir.config_parameter - the limits apply to customers as well
        parameters = self.env['ir.config_parameter'].sudo()
        limits = {}
        for name, (key, default) in UPLOAD_LIMITS.items():
            value = parameters.get_param(key, '')
            limits[name] = int(value) if value.isdigit() else default
        return limits

    @api.model
    def _get_upload_refusal(self, files):
        """ Return why files that somebody sends are not taken, in one sentence.

        :param list files: pairs of a name and the content, as bytes
        :rtype: str | bool
        """
        limits = self._get_upload_limits()
        if len(files) > limits['files']:
            return self.env._("Too many files: at most %(count)s, please.", count=limits['files'])
        if sum(len(content) for _name, content in files) > limits['upload_mb'] * 1024 * 1024:
            return self.env._(
                "The files are too large: at most %(size)s MB together, please. Larger ones can "
                "be handed over later: we will tell you how.",
                size=limits['upload_mb'],
            )
        for name, content in files:
            extension = PurePath(name.strip().rstrip('.').lower()).suffix
            if (
                extension in REFUSED_EXTENSIONS
                or guess_mimetype(content[:4096], '') in REFUSED_MIMETYPES
            ):
                return self.env._(
                    "%(file)s is of a type that we do not take, because it could run on a "
                    "computer. Please send a picture or a PDF, or pack it into a ZIP file.",
                    file=name,
                )
        return False

    def _attach_uploads(self, files):
        """ Put files of the current user on the ticket.

        :param list files: pairs of a name and the content, as bytes
        """
        self.ensure_one()
        # sudo: ir.attachment - customers own no attachments of tickets; the caller has checked
        # that they may write on this one
        return self.env['ir.attachment'].sudo().create([
            {'name': name, 'raw': content, 'res_model': self._name, 'res_id': self.id}
            for name, content in files
        ])

    # === NEW TICKETS === #

    @api.model
    def _get_portal_teams(self):
        """ Return the teams to which the current portal user may send a request, as superuser. """
        # sudo: helpdesk.team - customers read no teams; of these they see the names
        return self.env['helpdesk.team'].sudo().search([
            ('privacy_visibility', '=', 'portal'),
            ('company_id', 'in', self.env.user.company_ids.ids),
        ])

    @api.model
    def _get_portal_impacts(self):
        """ Return the priorities in the words of the customer (S2), the least urgent first.

        :rtype: dict[str, str]
        """
        return {
            '0': self.env._("A question or an idea, our work goes on"),
            '1': self.env._("It slows us down, but we can work"),
            '2': self.env._("Something important is not possible, such as invoicing"),
            '3': self.env._("Work has stopped"),
        }

    @api.model
    def _portal_create(self, values, files=()):
        """ Register a request of the current portal user.

        :param dict values: `name`, `description` (plain text), `team_id`, `priority`, as typed
        :param list files: pairs of a name and the content, as bytes
        :return: the ticket, as superuser
        :raise UserError: if something is missing, wrong or too much; nothing is stored
        """
        name = (values.get('name') or '').strip()
        description = (values.get('description') or '').strip()
        priority = values.get('priority') or '1'
        teams = self._get_portal_teams()
        team_id = str(values.get('team_id') or '')
        team = teams.filtered(lambda team: str(team.id) == team_id) if team_id else teams[:1]
        if not name:
            raise UserError(self.env._("Give your request a subject, please."))
        if len(name) > NAME_SIZE:
            raise UserError(self.env._(
                "The subject is too long: at most %(size)s characters, please.", size=NAME_SIZE,
            ))
        if len(description) > DESCRIPTION_SIZE:
            raise UserError(self.env._(
                "The description is too long. Please send the details as an attachment.",
            ))
        if not team:
            raise UserError(self.env._("Choose who should read your request, please."))
        if priority not in self._get_portal_impacts():
            raise UserError(self.env._("Choose how urgent it is, please."))
        refusal = self._get_upload_refusal(files)
        if refusal:
            raise UserError(refusal)
        # sudo: helpdesk.ticket - customers create tickets here, and nowhere else
        tickets = self.sudo()
        since = fields.Datetime.now() - timedelta(minutes=REQUEST_MINUTES)
        if tickets.search_count([
            ('create_uid', '=', self.env.uid), ('create_date', '>', since),
        ]) >= REQUEST_LIMIT:
            raise UserError(self.env._(
                "You have sent %(count)s requests in the last %(minutes)s minutes. Please wait a "
                "little before you send the next one. In an emergency call us.",
                count=REQUEST_LIMIT, minutes=REQUEST_MINUTES,
            ))
        ticket = tickets.create(self._prepare_ticket_values_from_channel('portal', {
            'name': name,
            'description': plaintext2html(description) if description else False,
            'team_id': team.id,
            'priority': priority,
            'partner_id': self.env.user.partner_id.id,
        }))
        ticket._attach_uploads(files)
        return ticket

    # === ON A TICKET === #

    def _portal_reopen(self, reason):
        """ Open the ticket again on behalf of a customer, who says why.

        :param str reason: plain text
        :raise UserError: without a reason, or if the ticket is open
        """
        self.ensure_one()
        if not self.is_closed:
            raise UserError(self.env._("This ticket is open already."))
        if not (reason or '').strip():
            raise UserError(self.env._("Say in a few words what is still not right."))
        # the customer's message opens it, as one by mail does
        self.message_post(
            body=reason.strip()[:DESCRIPTION_SIZE], message_type='comment',
            subtype_xmlid='mail.mt_comment',
        )

    def _may_choose_watchers(self):
        """ Return whether the current portal user may add colleagues to the ticket. """
        self.ensure_one()
        client = self.env.user.partner_id.commercial_partner_id
        # sudo: helpdesk.ticket - asked of a ticket that the user sees
        return client.is_company and self.sudo().portal_client_id == client

    def _get_portal_watchers(self):
        """ Return the followers of the ticket who are the current user's colleagues. """
        self.ensure_one()
        client = self.env.user.partner_id.commercial_partner_id
        # sudo: res.partner - names of colleagues
        return self.sudo().message_partner_ids.filtered(
            lambda partner: partner.commercial_partner_id == client and partner.partner_share,
        )

    def _get_portal_colleagues(self):
        """ Return the colleagues whom the current user may be offered as watchers.

        Those whose tickets the user sees anyway: of the company, or of the departments.
        """
        user = self.env.user
        client = user.partner_id.commercial_partner_id
        domain = Domain('commercial_partner_id', '=', client.id) & Domain('is_company', '=', False)
        domain &= Domain('email_normalized', '!=', False)
        if user.partner_id.helpdesk_portal_role != 'company':
            domain &= Domain('helpdesk_department_id', 'in', user.helpdesk_department_ids.ids)
        # sudo: res.partner - names of colleagues, see above
        return self.env['res.partner'].sudo().search(domain, limit=500)

    def _portal_add_watcher(self, email):
        """ Let a colleague follow the ticket.

        :param str email: the colleague's address
        :raise UserError: if nobody of the client has it: outsiders are added by us alone
        """
        self.ensure_one()
        normalized = email_normalize(email or '')
        client = self.env.user.partner_id.commercial_partner_id
        # sudo: res.partner - whether a colleague has this address, see above
        colleague = normalized and self._may_choose_watchers() and (
            self.env['res.partner'].sudo().search([
                ('commercial_partner_id', '=', client.id),
                ('email_normalized', '=', normalized),
                ('is_company', '=', False),
            ], limit=1)
        )
        if not colleague:
            raise UserError(self.env._(
                "Nobody of your company is known to us by this e-mail address. Write to us below "
                "if somebody else should read along.",
            ))
        # sudo: helpdesk.ticket - a customer may tell colleagues
        self.sudo().message_subscribe(colleague.ids)

    def _portal_remove_watcher(self, partner_id):
        """ Take a colleague, or oneself, from the followers of the ticket. """
        self.ensure_one()
        if self._may_choose_watchers():
            watcher = self._get_portal_watchers().filtered(
                lambda partner: partner.id == partner_id,
            )
            # sudo: helpdesk.ticket - as above
            self.sudo().message_unsubscribe(watcher.ids)

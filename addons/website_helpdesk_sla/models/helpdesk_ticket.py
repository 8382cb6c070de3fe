import hashlib
import ipaddress
import logging
import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize
from odoo.tools.misc import hmac

from odoo.addons.base.models.ir_qweb_fields import nl2br, nl2br_enclose

_logger = logging.getLogger(__name__)

# a field that people do not see; the programs that fill in every field of every form do
HONEYPOT = 'homepage_url'
# what a customer may say about a ticket, and how long it may be
FIELD_SIZES = {
    'name': 200,
    'description': 20_000,
    'partner_name': 200,
    'partner_email': 254,
    'partner_phone': 50,
}
FIELDS = {*FIELD_SIZES, 'priority', 'ticket_type_id', 'team_id'}
# one address and nothing else, in any alphabet; wider than what stock finds in a text
ADDRESS_RE = re.compile(r'[^\s@<>()\[\],;:"\\]+@[^\s@<>()\[\],;:"\\]+\.[^\s@<>()\[\],;:"\\.]{2,}')
REQUIRED_FIELDS = ('name', 'partner_email')
# the editor can add fields of its own to a form; together they may say so much
MAX_CUSTOM_FIELDS = 50
MAX_CUSTOM_SIZE = 20_000
# what a form carries besides the request
TECHNICAL_FIELDS = {
    'model_name', 'csrf_token', 'context', 'website_form_signature', HONEYPOT,
    'recaptcha_token_response', 'turnstile_captcha',
}
# the same request of the same sender is the same ticket for so long
REPLAY_MINUTES = 10
# `ir.config_parameter`: name -> (key, default)
LIMITS = {
    'requests': ('website_helpdesk_sla.max_requests', 10),
    'minutes': ('website_helpdesk_sla.max_requests_minutes', 5),
}


class HelpdeskTicket(models.Model):
    _inherit = 'helpdesk.ticket'

    website_form_origin = fields.Char(
        copy=False,
        readonly=True,
        groups='base.group_system',
        export_string_translation=False,
        help="Technical: keyed hash of who sent the website form. Erased after a day.",
    )
    website_form_fingerprint = fields.Char(
        copy=False,
        readonly=True,
        groups='base.group_system',
        export_string_translation=False,
        help="Technical: keyed hash of what was sent. Erased after a day.",
    )

    _website_form_idx = models.Index(
        '(website_form_origin, create_date) WHERE website_form_origin IS NOT NULL',
    )

    # === WEBSITE FORM: WHAT MAY BE SENT === #

    @api.model
    def _get_website_form_fields(self):
        """ Return the fields that a customer may fill in on the website.

        No field of the company, the assignee, the stage, the clocks or billing belongs here.

        :rtype: set[str]
        """
        return FIELDS

    @api.model
    def _get_website_form_limits(self):
        """ Return the limits of the form: `upload_mb`, `files`, `requests` in `minutes`.

        :rtype: dict[str, int]
        """
        # sudo: ir.config_parameter - the limits apply to visitors as well
        parameters = self.env['ir.config_parameter'].sudo()
        limits = self._get_upload_limits()
        for name, (key, default) in LIMITS.items():
            value = parameters.get_param(key, '')
            limits[name] = int(value) if value.isdigit() else default
        return limits

    @api.model
    def _website_form_clean(self, params):
        """ Return what was posted, without what no field can hold.

        :param dict params: texts and files, by the name of the input
        :rtype: dict
        """
        values = {}
        for name, value in params.items():
            name = self._website_form_clean_text(name)
            if hasattr(value, 'filename'):
                value.filename = ' '.join(self._website_form_clean_text(value.filename).split())
                if value.filename:
                    value.filename = value.filename[-200:]
                    # a file under the name of a field would be written into that field
                    field = name.split('[', 1)[0]
                    values[f'file[{name}]' if field in FIELDS | TECHNICAL_FIELDS else name] = value
                continue
            value = self._website_form_clean_text(value)
            if name in FIELD_SIZES and name != 'description':
                value = ' '.join(value.split())
            if value:
                values[name] = value
        user = self.env.user
        if not user._is_public():
            values.setdefault('partner_email', user.email_normalized or '')
        if ADDRESS_RE.fullmatch(values.get('partner_email', '')):
            values['partner_email'] = email_normalize(values['partner_email'])
        if re.fullmatch(r'\+\d{1,4}', values.get('partner_phone', '')):
            # the form puts the country's prefix there by itself
            values.pop('partner_phone', None)
        return values

    @staticmethod
    def _website_form_clean_text(text):
        """ Return a text that PostgreSQL and XML can hold. """
        text = (text or '').encode(errors='replace').decode()
        return ''.join(
            char for char in text if char >= ' ' or char in '\n\t'
        ).strip()

    @api.model
    def _website_form_check(self, values, website):
        """ Return why a ticket cannot be created from these values, or None.

        :param dict values: from `_website_form_clean`
        :param website: the website that was posted to
        :return: what the form on the page shows: `error` and, where fields are to blame,
            `error_fields`
        :rtype: dict | None
        """
        if values.get(HONEYPOT):
            _logger.info("A website form was refused: its hidden field was filled in")
            return {'error': self.env._(
                "Your request was not sent, because a field that people do not see was filled "
                "in. Please reload the page and try again.",
            )}
        return (
            self._website_form_check_team(values, website)
            or self._website_form_check_texts(values)
            or self._website_form_check_choices(values)
            or self._website_form_check_files(values)
        )

    @api.model
    def _website_form_check_team(self, values, website):
        if not self.env['helpdesk.team']._get_website_team(website, values.get('team_id')):
            return {
                'error': self.env._(
                    "This form does not take requests at the moment. Please choose a team on our "
                    "help page.",
                ),
                'error_fields': ['team_id'],
            }
        return None

    @api.model
    def _website_form_check_texts(self, values):
        labels = self._get_website_form_labels()
        missing = [name for name in REQUIRED_FIELDS if not values.get(name)]
        if missing:
            return {
                'error': self.env._(
                    "Please fill in: %(fields)s.",
                    fields=', '.join(labels[name] for name in missing),
                ),
                'error_fields': missing,
            }
        for name, size in FIELD_SIZES.items():
            if len(values.get(name, '')) > size:
                return {
                    'error': self.env._(
                        "%(field)s is too long: at most %(size)s characters, please.",
                        field=labels[name], size=size,
                    ),
                    'error_fields': [name],
                }
        if not ADDRESS_RE.fullmatch(values['partner_email']):
            return {
                'error': self.env._("Please check the e-mail address: we could not answer to it."),
                'error_fields': ['partner_email'],
            }
        # sudo: mail.alias.domain - our own addresses are public; a mail to one would be a loop
        if self.env['mail.alias.domain'].sudo()._find_aliases([values['partner_email']]):
            return {
                'error': self.env._("This is our own e-mail address. Please give yours."),
                'error_fields': ['partner_email'],
            }
        custom = [
            (name, value) for name, value in values.items()
            if name not in FIELDS | TECHNICAL_FIELDS and not hasattr(value, 'filename')
        ]
        if (
            len(custom) > MAX_CUSTOM_FIELDS
            or sum(len(name) + len(value) for name, value in custom) > MAX_CUSTOM_SIZE
        ):
            return {'error': self.env._(
                "The form contains too much text. Please send the details as an attachment.",
            )}
        return None

    @api.model
    def _website_form_check_choices(self, values):
        wrong = []
        priorities = dict(self._fields['priority']._description_selection(self.env))
        if values.get('priority', '1') not in priorities:
            wrong.append('priority')
        type_id = values.get('ticket_type_id')
        if type_id and type_id not in {
            # sudo: helpdesk.ticket.type - visitors choose among types that they cannot read
            str(id_) for id_ in self.env['helpdesk.ticket.type'].sudo()._search([])
        }:
            wrong.append('ticket_type_id')
        if wrong:
            return {
                'error': self.env._(
                    "Please choose again: %(fields)s.",
                    fields=', '.join(self._get_website_form_labels()[name] for name in wrong),
                ),
                'error_fields': wrong,
            }
        return None

    @api.model
    def _website_form_check_files(self, values):
        refusal = self._get_upload_refusal([
            (value.filename, self._website_form_read_file(value))
            for value in values.values() if hasattr(value, 'filename')
        ])
        return {'error': refusal} if refusal else None

    @staticmethod
    def _website_form_read_file(file):
        content = file.read()
        file.seek(0)
        return content

    @api.model
    def _get_website_form_labels(self):
        """ Return what error messages call the fields.

        :rtype: dict[str, str]
        """
        return {
            'name': self.env._("Subject"),
            'description': self.env._("Description"),
            'partner_name': self.env._("Name"),
            'partner_email': self.env._("E-mail address"),
            'partner_phone': self.env._("Phone number"),
            'priority': self.env._("Urgency"),
            'ticket_type_id': self.env._("Type"),
        }

    @api.model
    def _get_website_form_failure(self):
        return self.env._(
            "Your request could not be sent. Please try again later, or write to us by e-mail.",
        )

    # === WEBSITE FORM: HOW OFTEN === #

    @api.model
    def _prepare_website_form_traces(self, values, remote_addr):
        """ Return by what the request is recognized when it comes again.

        A login counts by itself, so that colleagues behind one address do not wait for each
        other.

        :param dict values: from `_website_form_clean`
        :param str remote_addr: IP address of the sender
        :return: values of the two technical fields
        :rtype: dict[str, str]
        """
        user = self.env.user
        origin = self._website_form_network(remote_addr) if user._is_public() else user.id
        # sudo: ir.config_parameter - hmac reads the database's secret, and does not give it away
        env_sudo = self.sudo().env
        content = hashlib.sha256()
        for name, value in sorted(values.items(), key=lambda item: item[0]):
            if name in TECHNICAL_FIELDS:
                continue
            if hasattr(value, 'filename'):
                digest = hashlib.file_digest(value.stream, 'sha256').hexdigest()
                value.seek(0)
                value = f'{value.filename}\0{digest}'
            content.update(repr((name, value)).encode())
        origin = hmac(env_sudo, 'website_helpdesk_sla.origin', origin)
        return {
            'website_form_origin': origin,
            'website_form_fingerprint': hmac(
                env_sudo, 'website_helpdesk_sla.fingerprint', (origin, content.hexdigest()),
            ),
        }

    @staticmethod
    def _website_form_network(remote_addr):
        """ Return the address, of IPv6 the network: one sender has 2^64 addresses there. """
        try:
            address = ipaddress.ip_address(remote_addr or '')
        except ValueError:
            return remote_addr or ''
        if address.version == 6:
            address = ipaddress.ip_network((address, 64), strict=False).network_address
        return str(address)

    @api.model
    def _website_form_admit(self, traces):
        """ Return the ticket that this very request has created already, if any.

        One request of a sender at a time, each in sight of what those before it committed,
        whatever worker they are in.

        :param dict traces: from `_prepare_website_form_traces`
        :return: the id; the ticket itself may be too new for the current transaction
        :rtype: int | None
        :raise UserError: if the sender has sent enough for now
        """
        origin = traces['website_form_origin']
        self.env.execute_query(SQL(
            "SELECT pg_advisory_xact_lock(hashtext('helpdesk_website_form'), hashtext(%s))",
            origin,
        ))
        limits = self._get_website_form_limits()
        now = fields.Datetime.now()
        # our snapshot may be older than the commit that we waited for: look with a fresh one
        with self.env.registry.cursor() as cr:
            cr.execute(SQL(
                "SELECT id, create_date, website_form_fingerprint FROM helpdesk_ticket"
                " WHERE website_form_origin = %s AND create_date > %s ORDER BY id",
                origin, now - timedelta(minutes=max(REPLAY_MINUTES, limits['minutes'])),
            ))
            rows = cr.fetchall()
        replay_start = now - timedelta(minutes=REPLAY_MINUTES)
        for ticket_id, create_date, fingerprint in rows:
            if create_date > replay_start and fingerprint == traces['website_form_fingerprint']:
                return ticket_id
        window_start = now - timedelta(minutes=limits['minutes'])
        if sum(create_date > window_start for _id, create_date, _fp in rows) >= limits['requests']:
            _logger.info("A website form was refused: too many requests of one sender")
            raise UserError(self.env._(
                "You have sent %(count)s requests in the last %(minutes)s minutes. Please wait a "
                "little before you send the next one. In an emergency call us.",
                count=limits['requests'], minutes=limits['minutes'],
            ))
        return None

    @api.autovacuum
    def _gc_website_form_traces(self):
        """ Forget after a day who sent what: it was kept only against bursts and replays. """
        self.env.execute_query(SQL(
            "UPDATE helpdesk_ticket"
            " SET website_form_origin = NULL, website_form_fingerprint = NULL"
            " WHERE website_form_origin IS NOT NULL AND create_date < %s RETURNING id",
            fields.Datetime.now() - timedelta(days=1),
        ))
        self.invalidate_model(['website_form_origin', 'website_form_fingerprint'])

    # === WEBSITE FORM: THE TICKET === #

    @api.model
    def _prepare_website_form_values(self, values, custom, meta):
        """ Return the values with which a request from the website is created.

        :param dict values: checked values of known fields; `description` is safe HTML
        :param str custom: "label : value" lines of fields that the editor added, as sent
        :param str meta: the stock metadata of the sender, if it is enabled
        :rtype: dict
        """
        values = self._prepare_ticket_values_from_channel('form', {
            **values,
            **self.env.context.get('website_form_traces', {}),
        })
        # sudo: helpdesk.team - the controller has checked that this team takes requests
        team_sudo = self.env['helpdesk.team'].sudo().browse(values['team_id'])
        partner = self._get_website_form_customer(values['partner_email'], team_sudo.company_id)
        values['partner_id'] = partner.id
        others = [custom] if custom else []
        if partner:
            # the contact is known; what else was typed is told, and passes for nothing of it
            # sudo: res.partner - compared only, nothing of it is shown to the sender
            partner_sudo = partner.sudo()
            known = {
                'partner_email': partner_sudo.email_normalized,
                'partner_name': partner_sudo.name,
                'partner_phone': partner_sudo.phone,
            }
            for name, value in known.items():
                typed = values.pop(name, '')
                if typed and typed != value:
                    others.append(f'{self._get_website_form_labels()[name]} : {typed}')
            if self.env.user._is_public():
                others.append(self.env._("The sender was not logged in."))
        if others:
            values['description'] = self._append_website_form_section(
                values.get('description'), self.env._("Other Information"), '\n'.join(others),
            )
        if meta:
            values['description'] = self._append_website_form_section(
                values.get('description'), self.env._("Metadata"), meta,
            )
        return values

    @api.model
    def _website_form_drop_file_note(self, ticket_id):
        """ Delete the internal note in which stock lists the files of a form; the files stay.

        :param int ticket_id: the ticket that the form has just created
        """
        # sudo: mail.message - written by the form a moment ago, on behalf of a visitor
        self.env['mail.message'].sudo().search([
            ('model', '=', self._name),
            ('res_id', '=', ticket_id),
            ('message_type', '=', 'comment'),
            ('is_internal', '=', True),
            ('attachment_ids', '!=', False),
        ]).unlink()

    @api.model
    def _append_website_form_section(self, description, title, text):
        """ Return the description with a titled paragraph of plain text after it. """
        description = description or nl2br('')
        return description + nl2br_enclose(title, 'h5') + nl2br_enclose(text, 'p')

    @api.model
    def _get_website_form_customer(self, email, company):
        """ Return the contact for which a request is registered, or none.

        An address proves nothing. It is linked so that the client's agreement applies and the
        confirmation goes to that address; the sender is shown nothing of the contact.

        :param str email: normalized
        :param company: the company of the team
        :rtype: res.partner
        """
        user = self.env.user
        if not user._is_public() and (user._is_portal() or user.email_normalized == email):
            return user.partner_id
        # sudo: res.partner - visitors do not read contacts; only the link is kept
        partner = self.env['mail.thread'].sudo()._partner_find_from_emails_single(
            [email],
            no_create=True,
            # our own people log in when they write as themselves
            filter_found=lambda found: found.partner_share
            and found.company_id in (found.company_id.browse(), company),
        )
        return partner[:1].sudo(False)

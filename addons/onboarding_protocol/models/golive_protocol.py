import base64
import hashlib
import json
import uuid

import pytz
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import consteq
from odoo.tools.mimetypes import guess_mimetype
from odoo.tools.misc import format_date, format_datetime

# what only sending, signing and refusing write: nobody sets it by hand, by RPC or by import
ENGINE_FIELDS = {
    'state', 'number', 'version', 'access_token', 'source_digest', 'sent_on', 'project_name',
    'client_name', 'supervisor_name', 'coordinator_name', 'signature', 'signed_by', 'signer_id',
    'signed_on', 'signed_tz', 'signed_ip', 'signed_hash', 'scan', 'scan_name', 'paper_date',
    'confirmed_by', 'refusal_reason', 'refused_on', 'refused_by',
}
STATES = [
    ('draft', "Draft"),
    ('sent', "With the Client"),
    ('scan', "Copy Received"),
    ('signed', "Signed"),
    ('refused', "Refused"),
]
FINAL_STATES = ('signed', 'refused')
SIGNATURE_BYTES = 1024 * 1024


class GoliveProtocol(models.Model):
    """ The go-live protocol: a checklist that the client ticks, and a signature (P6).

    With the signature productive work, warranty and support begin. What was signed or refused
    never changes again. A refused protocol stays as it was, and the next draft begins with its
    lines. Each sending gives a new version with a link of its own.
    """

    _name = 'golive.protocol'
    _inherit = ['implementation.item.mixin']
    _description = "Go-live Protocol"
    _order = 'id desc'

    state = fields.Selection(
        selection=STATES,
        default='draft', required=True, readonly=True, copy=False,
    )
    number = fields.Char(readonly=True, copy=False, help="Drawn with the signature, without gaps.")
    version = fields.Integer(
        readonly=True, copy=False, help="How many times it was sent; each time with a new link.",
    )
    access_token = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    line_ids = fields.One2many(
        comodel_name='golive.protocol.line', inverse_name='protocol_id', string="Lines",
        copy=False,
    )
    source_digest = fields.Char(
        readonly=True, copy=False,
        help="What the checklist and the success plan said when the lines were made.",
    )
    is_outdated = fields.Boolean(
        compute='_compute_is_outdated',
        help="The checklist or the success plan has changed since the lines were made.",
    )
    line_count = fields.Integer(compute='_compute_answered_count')
    answered_count = fields.Integer(
        compute='_compute_answered_count', help="Lines that are ticked or accepted as they are.",
    )
    coordinator_has_login = fields.Boolean(compute='_compute_coordinator_has_login')

    # the names as they were when it was sent
    sent_on = fields.Datetime(readonly=True, copy=False)
    project_name = fields.Char(readonly=True, copy=False)
    client_name = fields.Char(readonly=True, copy=False)
    supervisor_name = fields.Char(readonly=True, copy=False)
    coordinator_name = fields.Char(readonly=True, copy=False)

    # the signature; in columns: an attachment could be changed past the lock
    signed_by = fields.Char(readonly=True, copy=False)
    signer_id = fields.Many2one(
        comodel_name='res.partner', readonly=True, copy=False, ondelete='restrict',
        index='btree_not_null',
    )
    signed_on = fields.Datetime(readonly=True, copy=False)
    signed_tz = fields.Char(string="Time Zone", readonly=True, copy=False)
    signed_ip = fields.Char(string="IP Address", readonly=True, copy=False)
    signature = fields.Binary(readonly=True, copy=False, attachment=False)
    signed_hash = fields.Char(
        string="Hash", readonly=True, copy=False,
        help="SHA-256 over lines, remarks, names, version, and who signed when.",
    )
    scan = fields.Binary(string="Signed Copy", readonly=True, copy=False, attachment=False)
    scan_name = fields.Char(readonly=True, copy=False)
    paper_date = fields.Date(string="Signed on Paper on", readonly=True, copy=False)
    confirmed_by = fields.Char(readonly=True, copy=False)

    refusal_reason = fields.Text(string="Refused because", readonly=True, copy=False)
    refused_on = fields.Datetime(readonly=True, copy=False)
    refused_by = fields.Char(readonly=True, copy=False)

    _number_uniq = models.UniqueIndex(
        '(number) WHERE number IS NOT NULL', "Each number belongs to one protocol.",
    )
    _one_open = models.UniqueIndex(
        "(project_id) WHERE state != 'refused'", "An implementation has one protocol at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends('number', 'version', 'project_id.name')
    def _compute_display_name(self):
        for protocol in self:
            if protocol.number:
                protocol.display_name = protocol.number
            else:
                protocol.display_name = self.env._(
                    "Protocol of %(project)s", project=protocol.project_id.name or '',
                )

    @api.depends('line_ids.is_done', 'line_ids.is_exception')
    def _compute_answered_count(self):
        for protocol in self:
            lines = protocol.line_ids
            protocol.line_count = len(lines)
            protocol.answered_count = len(lines.filtered(lambda line: line._is_answered()))

    @api.depends('state', 'source_digest', 'project_id.checklist_item_ids.name')
    def _compute_is_outdated(self):
        for protocol in self:
            protocol.is_outdated = bool(
                protocol.project_id and protocol.state not in FINAL_STATES
                and protocol._has_source_changed()
            )

    @api.depends('project_id.coordinator_id.user_ids')
    def _compute_coordinator_has_login(self):
        for protocol in self:
            # sudo: res.users - whether there is one
            users = protocol.project_id.coordinator_id.sudo().user_ids
            protocol.coordinator_has_login = any(users.mapped('share'))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su and {
                name for name in vals.keys() & ENGINE_FIELDS
                if vals[name] and (name, vals[name]) != ('state', 'draft')
            }:
                raise self._get_engine_error()
        protocols = super().create(vals_list)
        for protocol, vals in zip(protocols, vals_list, strict=True):
            project = protocol.project_id
            if project.is_template or not project.implementation_kind:
                raise UserError(self.env._(
                    "%(project)s is no implementation that somebody could sign for.",
                    project=project.name,
                ))
            if protocol.state != 'draft':
                raise UserError(self.env._("A protocol begins as a draft."))
            if not vals.get('line_ids'):
                protocol._update_lines()
        return protocols

    def write(self, vals):
        self._check_not_final()
        if vals.keys() & ENGINE_FIELDS and not self.env.su:
            raise self._get_engine_error()
        if 'project_id' in vals and any(
            protocol.project_id.id != vals['project_id'] for protocol in self
        ):
            raise UserError(self.env._("A protocol stays with its implementation."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shown(self):
        for protocol in self:
            if protocol.state != 'draft' or protocol.version:
                raise UserError(self.env._(
                    "%(protocol)s was with the client: it stays on record.",
                    protocol=protocol.display_name,
                ))

    # === ACTION METHODS === #

    def action_update_lines(self):
        """ Take over what the checklist and the success plan say now.

        Lines that are still there keep the client's answer, and those added by hand stay.

        :raise UserError: if one of the protocols is no draft
        """
        self.check_access('write')
        self._check_draft()
        for protocol in self:
            protocol._update_lines()

    def action_send(self):
        """ Ask the client's coordinator to tick and sign; earlier links end.

        :raise UserError: if it is no draft, nobody can sign it, or something refused is still open
        """
        self.check_access('write')
        self._check_draft()
        template = self.env.ref('onboarding_protocol.mail_template_protocol_ready')
        for protocol in self:
            protocol._check_sendable()
            # sudo: golive.protocol - what only sending writes; who may write may send
            protocol.sudo().write(protocol._prepare_sent_values())
            # sudo: mail.template - renders the link, which nobody reads
            template.sudo().send_mail(
                protocol.id, email_layout_xmlid='helpdesk_sla.mail_layout_customer',
            )
            protocol.project_id.message_post(body=self.env._(
                "Protocol sent to %(coordinator)s, version %(version)s.",
                coordinator=protocol.coordinator_id.name, version=protocol.version,
            ))

    def action_draft(self):
        """ Take it back from the client, to change the lines; the link ends.

        :raise UserError: if it was signed or refused
        """
        self.check_access('write')
        self._check_not_final()
        # sudo: golive.protocol - what only sending writes; who may write may take it back
        self.sudo().write({'state': 'draft', 'access_token': False, **self._get_no_scan()})

    def action_register_scan(self):
        """ Ask for the copy that was signed on paper and came by mail. """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Signed Copy"),
            'res_model': 'golive.protocol.scan.wizard',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {'default_protocol_id': self.id},
        }

    def action_confirm_scan(self):
        """ Accept the copy that was signed on paper: the go-live.

        :raise UserError: if there is none, the user is not the supervisor, or see `_sign`
        """
        self.ensure_one()
        self.check_access('write')
        self._check_supervisor()
        if self.state != 'scan':
            raise self._get_state_error()
        # sudo: golive.protocol - the supervisor signs for the paper, and reads it below
        protocol = self.sudo()
        protocol._sign(
            protocol.signed_by, protocol.signer_id, protocol.signed_ip,
            confirmed_by=self.env.user.name,
        )
        protocol._announce_signature(self.env.user.partner_id)

    def action_reject_scan(self):
        """ Ask the client for another copy, for the one that came cannot be used.

        :raise UserError: if there is none, or the user is not the supervisor
        """
        self.ensure_one()
        self.check_access('write')
        self._check_supervisor()
        if self.state != 'scan':
            raise self._get_state_error()
        # sudo: golive.protocol - what only sending writes; checked above
        self.sudo().write({'state': 'sent', **self._get_no_scan()})
        coordinator = self.coordinator_id
        project = self.project_id.with_context(lang=coordinator.lang or self.env.lang)
        project.message_notify(
            partner_ids=coordinator.ids,
            subject=project.env._("Signed copy of the protocol"),
            body=project.env._(
                "We cannot use the signed copy of the go-live protocol that we received. Please "
                "upload it again, or sign online, on the page My Implementation.",
            ),
            email_layout_xmlid='helpdesk_sla.mail_layout_customer',
        )
        self.project_id.message_post(body=self.env._("The signed copy was not accepted."))

    def action_check(self):
        """ Tell whether what is stored is what was signed. """
        self.ensure_one()
        self.check_access('read')
        if self.state != 'signed':
            raise UserError(self.env._("%(protocol)s is not signed.", protocol=self.display_name))
        unchanged = self._is_unchanged()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success' if unchanged else 'danger',
                'sticky': not unchanged,
                'message': self.env._(
                    "Unchanged: this is what was signed.",
                ) if unchanged else self.env._(
                    "Changed: this is not what was signed. Compare it with the signed PDF in the "
                    "history of the implementation.",
                ),
            },
        }

    def action_print(self):
        """ Print the protocol. """
        return self.env.ref('onboarding_protocol.action_report_protocol').report_action(self)

    # === WHAT MAY CHANGE === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | ENGINE_FIELDS

    @api.model
    def _get_engine_error(self):
        return AccessError(self.env._(
            "A protocol is sent, signed and refused by its buttons and in the portal. This is not "
            "written by hand.",
        ))

    def _get_state_error(self):
        """ Return why what somebody does with the protocol does not fit its state. """
        self.ensure_one()
        texts = {
            'draft': self.env._("The protocol was not sent yet, or is being revised by us."),
            'sent': self.env._("The protocol waits for the client's signature."),
            'scan': self.env._(
                "The signed copy has been received. %(supervisor)s confirms it.",
                supervisor=self.project_id.user_id.name or self.company_id.name,
            ),
            'signed': self.env._(
                "The protocol was signed already, by %(name)s on %(moment)s.",
                name=self.signed_by, moment=self._format_moment(self.signed_on),
            ),
            'refused': self.env._("The protocol was refused. A new one will be sent."),
        }
        return UserError(texts[self.state])

    def _check_not_final(self):
        """ Refuse to change what was signed, or refused.

        :raise UserError: if one of the protocols was; as superuser too
        """
        for protocol in self:
            if protocol.state == 'signed':
                raise UserError(self.env._(
                    "%(protocol)s is signed: it is never changed again.",
                    protocol=protocol.display_name,
                ))
            if protocol.state == 'refused':
                raise UserError(self.env._(
                    "%(protocol)s was refused by the client, and stays as it was. Change the next "
                    "draft.", protocol=protocol.display_name,
                ))

    def _check_draft(self):
        """ Refuse to change what the client has in hands.

        :raise UserError: if one of the protocols is no draft
        """
        self._check_not_final()
        for protocol in self:
            if protocol.state != 'draft':
                raise UserError(self.env._(
                    "%(protocol)s is with the client. Take it back to draft before you change it.",
                    protocol=protocol.display_name,
                ))

    def _check_supervisor(self):
        """ Refuse what the supervisor decides to anybody else (P8). """
        user = self.env.user
        if self.env.su or user.has_group('project.group_project_manager'):
            return
        for protocol in self:
            if protocol.supervisor_id != user:
                raise UserError(self.env._(
                    "Only the supervisor, %(supervisor)s, decides about the signed copy.",
                    supervisor=protocol.supervisor_id.name or self.env._("who is not named yet"),
                ))

    @api.model
    def _get_no_scan(self):
        return {
            'scan': False, 'scan_name': False, 'signed_by': False, 'signer_id': False,
            'signed_ip': False, 'paper_date': False,
        }

    # === LINES === #

    def _update_lines(self):
        """ Make the lines what the checklist and the success plan say now. """
        self.ensure_one()
        values_list = self.project_id._prepare_protocol_lines()
        kept = {}
        for line in self.line_ids:
            kept.setdefault((line.source, line.name), line)
        wanted = self.line_ids.filtered(lambda line: line.source == 'manual')
        new = []
        for sequence, values in enumerate(values_list, start=1):
            line = kept.get((values['source'], values['name']))
            if not line or line in wanted:
                new.append({**values, 'sequence': sequence, 'protocol_id': self.id})
                continue
            wanted |= line
            changed = {'sequence': sequence}
            if line.quantity != values.get('quantity', 0):
                changed['quantity'] = values.get('quantity', 0)
            line.write(changed)
        (self.line_ids - wanted).unlink()
        self.env['golive.protocol.line'].create(new)
        # sudo: golive.protocol - from what the lines were made, written nowhere else
        self.sudo().source_digest = self.project_id._get_protocol_digest()

    def _has_source_changed(self):
        """ Return whether the checklist or the plan says something else than the lines. """
        self.ensure_one()
        return self.source_digest != self.project_id._get_protocol_digest()

    # === SENDING === #

    def _check_sendable(self):
        self.ensure_one()
        if not self.coordinator_id.email:
            raise UserError(self.env._(
                "Who signs for %(client)s? Choose a coordinator with an e-mail address.",
                client=self.project_id.client_id.name,
            ))
        if not self.line_ids:
            raise UserError(self.env._(
                "There is nothing to tick. Fill in the checklist of the implementation first.",
            ))
        if self._has_source_changed():
            raise UserError(self.env._(
                "The checklist or the success plan has changed. Update the lines first.",
            ))
        open_tasks = self.line_ids.task_ids.filtered(lambda task: not task.is_closed)
        if open_tasks:
            raise UserError(self.env._(
                "Finish these tasks first, the protocol lists what they are about: %(tasks)s",
                tasks=', '.join(open_tasks.mapped('name')),
            ))

    def _prepare_sent_values(self):
        self.ensure_one()
        project = self.project_id
        return {
            'state': 'sent',
            'version': self.version + 1,
            'access_token': str(uuid.uuid4()),
            'sent_on': fields.Datetime.now(),
            'project_name': project.name,
            'client_name': project._get_client_company_name(),
            'supervisor_name': project.user_id.name,
            'coordinator_name': project.coordinator_id.name,
        }

    def _get_portal_path(self):
        """ Return where in the portal the client reads it. """
        self.ensure_one()
        return f'/my/implementation/{self.project_id.id}/protocol'

    def _get_mail_link(self):
        """ Return the link of this version, for the e-mail. """
        self.ensure_one()
        # sudo: golive.protocol - the link goes to the coordinator, who logs in
        token = self.sudo().access_token
        return f'{self.get_base_url()}{self._get_portal_path()}?access_token={token}'

    def _is_current_token(self, token):
        """ Return whether a link belongs to the version that was sent last. """
        self.ensure_one()
        # sudo: golive.protocol - compared, not shown
        current = self.sudo().access_token
        return bool(token and current and consteq(token, current))

    # === WHAT IS SIGNED === #

    def _get_content(self):
        """ Return what the client reads, as it is hashed.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'version': self.version,
            'implementation': self.project_name or '',
            'client': self.client_name or '',
            'supervisor': self.supervisor_name or '',
            'coordinator': self.coordinator_name or '',
            'lines': [
                {
                    'source': line.source,
                    'name': line.name,
                    'quantity': f'{line.quantity:g}',
                    'done': line.is_done,
                    'exception': line.is_exception,
                    'remark': line.remark or '',
                }
                for line in self.line_ids.sorted()
            ],
        }

    def _get_signed_content(self, values=None):
        """ Return what the stored hash is over: the content, and who signed it when.

        :param dict values: of the signature, before they are written; else those written
        :rtype: dict
        """
        self.ensure_one()
        values = values or {
            name: self.with_context(bin_size=False)[name] for name in (
                'number', 'signed_by', 'signed_on', 'signed_tz', 'signed_ip', 'signature', 'scan',
                'paper_date', 'confirmed_by',
            )
        }
        content = self._get_content()
        for name in ('number', 'signed_by', 'signed_tz', 'signed_ip', 'confirmed_by'):
            content[name] = values[name] or ''
        for name in ('signed_on', 'paper_date'):
            content[name] = values[name].isoformat() if values[name] else ''
        for name in ('signature', 'scan'):
            image = base64.b64decode(values[name] or b'')
            content[name] = hashlib.sha256(image).hexdigest() if image else ''
        return content

    @api.model
    def _hash(self, content):
        """ Return the SHA-256 over a content, whatever the order of its keys. """
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(',', ':'))
        return hashlib.sha256(text.encode()).hexdigest()

    def _get_content_hash(self):
        """ Return the hash of what the client reads now; the page carries it to the signature. """
        return self._hash(self._get_content())

    def _is_unchanged(self):
        """ Return whether what is stored is what was signed. """
        self.ensure_one()
        # sudo: golive.protocol.line - all of them were signed
        return self._hash(self.sudo()._get_signed_content()) == self.signed_hash

    # === SIGNING === #

    def _sign(self, signed_by, signer, ip, moment=None, **values):
        """ Register the signature and bring the implementation live, or do nothing at all.

        Called as superuser, after the right to sign was checked.

        :param str signed_by: the name of the signatory
        :param signer: the res.partner who signed, as far as it is known
        :param str ip: the address from which it was signed or uploaded
        :param datetime moment: when, UTC; empty means now
        :param values: the signature, or who confirmed the copy
        :raise UserError: if it does not wait for a signature, a line has no answer, the checklist
            has changed since it was sent, or the gates of the go-live are not met
        """
        self.ensure_one()
        # of two at once the later one waits here, runs again, and finds the protocol signed
        self.project_id._touch_implementation()
        if self.state not in ('sent', 'scan'):
            raise self._get_state_error()
        if not (signed_by or '').strip():
            raise UserError(self.env._("Who signs? Please fill in the name."))
        self._check_answered()
        if self._has_source_changed():
            raise UserError(self.env._(
                "The checklist has changed since the protocol was sent. A new version has to be "
                "sent before it is signed.",
            ))
        values = {
            'number': self.env['ir.sequence'].with_company(self.company_id).next_by_code(
                'golive.protocol',
            ),
            'signed_by': signed_by.strip(),
            'signer_id': signer.id,
            'signed_on': moment or fields.Datetime.now(),
            'signed_tz': signer.tz or self.project_id._get_implementation_tz(),
            'signed_ip': ip or False,
            'signature': self.signature,
            'scan': self.scan,
            'paper_date': self.paper_date,
            'confirmed_by': False,
            **values,
        }
        self.write({
            **values,
            'state': 'signed',
            'access_token': False,
            'signed_hash': self._hash(self._get_signed_content(values)),
        })
        self._bring_live()

    def _check_answered(self):
        """ Refuse to sign before everything was looked at.

        :raise UserError: naming the lines that are neither ticked nor accepted as they are
        """
        self.ensure_one()
        missing = self.line_ids.filtered(lambda line: not line._is_answered())
        if missing:
            raise UserError(self.env._(
                "Not ticked yet, and not accepted with a remark: %(lines)s",
                lines=', '.join(line._get_subject() for line in missing),
            ))

    def _bring_live(self):
        """ Enter the first phase after the go-live, if the implementation is not live yet.

        :raise UserError: if a gate is not met. A client is told what the client owes; what we owe
            is our business
        """
        self.ensure_one()
        project = self.project_id
        if project.golive_datetime:
            return
        live = project.phase_ids.sorted().filtered('is_live')[:1]
        if not live:
            raise UserError(self.env._(
                "%(project)s has no phase after the go-live. Add one to its phases first.",
                project=project.name,
            ))
        phases = project._get_phases_between(project.phase_id, live)
        missing = project._get_gate_dues(phases)[project]
        # a manager who confirms a copy may let it pass: the gates ask whether it is one
        if missing and not self.env.context.get('implementation_pass_reason'):
            raise UserError(project._describe_missing_for_golive(missing))
        project.phase_id = live

    def _announce_signature(self, author):
        """ Keep the signed PDF in the history of the implementation. """
        self.ensure_one()
        # the PDF is rendered from what is stored
        self.env.flush_all()
        pdf, _type = self.env['ir.actions.report']._render_qweb_pdf(
            'onboarding_protocol.action_report_protocol', self.ids,
        )
        self.project_id.message_post(
            body=self.env._(
                "Protocol %(number)s signed by %(name)s. Productive work, warranty and support "
                "begin.",
                number=self.number, name=self.signed_by,
            ),
            attachments=[
                (f'{self._get_report_base_filename()}.pdf', pdf),
                *([(self.scan_name, base64.b64decode(self.scan))] if self.scan else []),
            ],
            author_id=author.id,
        )

    def _sign_online(self, signed_by, signature, partner, ip):
        """ Register a signature that was drawn in the portal.

        :param str signature: the image, base64
        :raise UserError: if it is no image, or see `_sign`
        """
        self.ensure_one()
        image = base64.b64decode(signature or b'', validate=True)
        if not image:
            raise UserError(self.env._("Your signature is missing."))
        if len(image) > SIGNATURE_BYTES or guess_mimetype(image) not in (
            'image/png', 'image/jpeg',
        ):
            raise UserError(self.env._("Your signature could not be read. Draw it again."))
        if self.state != 'sent':
            raise self._get_state_error()
        self._sign(signed_by, partner, ip, signature=signature)
        self._announce_signature(partner)

    def _receive_scan(self, name, content, signed_by, signer, paper_date, ip=False):
        """ Keep a copy that was signed on paper until the supervisor has confirmed it.

        :param str name: its file name
        :param bytes content: the file
        :param str signed_by: the name of the signatory
        :param signer: the res.partner who signed, as far as it is known
        :param date paper_date: as written beside the signature
        :param str ip: from where the client uploaded it
        :raise UserError: if it does not wait for a signature, or the file is not taken
        """
        self.ensure_one()
        if self.state not in ('sent', 'scan'):
            raise self._get_state_error()
        if not (signed_by or '').strip():
            raise UserError(self.env._("Who signed? Please fill in the name."))
        if not content:
            raise UserError(self.env._("Choose the file with the signed copy."))
        refusal = self.env['helpdesk.ticket']._get_upload_refusal([(name, content)])
        if refusal:
            raise UserError(refusal)
        if guess_mimetype(content[:4096]) not in ('application/pdf', 'image/png', 'image/jpeg'):
            raise UserError(self.env._("Please send the signed copy as a PDF, PNG or JPEG file."))
        self.write({
            'state': 'scan',
            'scan': base64.b64encode(content),
            'scan_name': name,
            'signed_by': signed_by.strip(),
            'signer_id': signer.id,
            'paper_date': paper_date,
            'signed_ip': ip,
        })
        self.project_id.message_post(
            body=self.env._(
                "Signed copy of the protocol received. Carry over the ticks and confirm it.",
            ),
            partner_ids=self.supervisor_id.partner_id.ids,
        )

    # === REFUSING === #

    def _refuse(self, reason, lines, partner):
        """ Register that the client refuses, and begin the next draft.

        :param str reason: why
        :param lines: golive.protocol.line that do not work
        :param partner: the res.partner who refuses
        :return: the next draft
        :rtype: golive.protocol
        :raise UserError: if it does not wait for a signature, or says not what and why
        """
        self.ensure_one()
        self.project_id._touch_implementation()
        if self.state != 'sent':
            raise self._get_state_error()
        if not (reason or '').strip():
            raise UserError(self.env._("Why do you refuse? Please write the reason."))
        if not lines or lines.protocol_id != self:
            raise UserError(self.env._("What does not work? Please choose the lines."))
        reason = reason.strip()
        lines.write({'is_refused': True})
        self.write({
            'state': 'refused',
            'access_token': False,
            'refusal_reason': reason,
            'refused_on': fields.Datetime.now(),
            'refused_by': partner.name,
        })
        # before the next one is inserted
        self.flush_recordset(['state'])
        draft = self.create({
            'project_id': self.project_id.id,
            'line_ids': [
                fields.Command.create(line._prepare_draft_values()) for line in self.line_ids
            ],
        })
        draft.write({'version': self.version, 'source_digest': self.source_digest})
        refused = {position for position, line in enumerate(self.line_ids) if line in lines}
        reopened = draft.line_ids.browse(
            [line.id for position, line in enumerate(draft.line_ids) if position in refused],
        )
        reopened._reopen_tasks(reason)
        self.project_id.message_post(
            body=self.env._(
                "%(name)s refused the protocol, version %(version)s: %(reason)s. Not in order: "
                "%(lines)s",
                name=partner.name, version=self.version, reason=reason,
                lines=', '.join(line._get_subject() for line in lines),
            ),
            author_id=partner.id,
            partner_ids=self.supervisor_id.partner_id.ids,
        )
        return draft

    # === TEXTS === #

    def _describe_consent(self):
        """ Return what whoever signs the protocol confirms. """
        self.ensure_one()
        return self.env._(
            "By signing you confirm on behalf of %(client)s that the points above work, apart from "
            "the exceptions that you accepted. Productive work, warranty and support begin with "
            "your signature.",
            client=Markup('<b>%s</b>') % (self.client_name or ''),
        )

    def _format_moment(self, moment):
        """ Return a moment with its zone, as the signatory reads it. """
        self.ensure_one()
        if not moment:
            return ''
        zone = self.signed_tz or self.project_id._get_implementation_tz()
        offset = pytz.utc.localize(moment).astimezone(pytz.timezone(zone)).strftime('%z')
        return self.env._(
            "%(moment)s (%(zone)s, UTC%(offset)s)",
            moment=format_datetime(self.env, moment, tz=zone), zone=zone,
            offset=f'{offset[:3]}:{offset[3:]}',
        )

    def _format_day(self, day):
        return format_date(self.env, day) if day else ''

    def _get_lines_by_source(self):
        """ Return the lines as they are shown: label of the source, and its lines.

        :rtype: list[tuple[str, golive.protocol.line]]
        """
        self.ensure_one()
        lines = self.line_ids.sorted()
        labels = lines._fields['source']._description_selection(self.env)
        by_source = lines.grouped('source')
        return [(label, by_source[key]) for key, label in labels if key in by_source]

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.env._(
            "Protocol %(name)s",
            name=self.number or f'{self.project_name or self.project_id.name} v{self.version}',
        )

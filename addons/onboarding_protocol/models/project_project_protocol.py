from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.dues import CLIENT, US, Due
from .golive_protocol import STATES


class ProjectProject(models.Model):
    """ The go-live protocol of an implementation (P6). """

    _inherit = 'project.project'

    checklist_item_ids = fields.One2many(
        comodel_name='golive.checklist.item', inverse_name='project_id', string="Checklist",
        copy=True,
        help="Basic functions that the client ticks in the protocol before going live.",
    )
    protocol_ids = fields.One2many(
        comodel_name='golive.protocol', inverse_name='project_id', string="Protocols",
    )
    protocol_id = fields.Many2one(
        comodel_name='golive.protocol', string="Protocol", compute='_compute_protocol_id',
        help="The one that is not refused.",
    )
    protocol_state = fields.Selection(
        selection=STATES, string="State of the Protocol", compute='_compute_protocol_id',
    )
    access_ids = fields.One2many(
        comodel_name='implementation.access', inverse_name='project_id', string="Access",
        copy=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('protocol_ids.state')
    def _compute_protocol_id(self):
        protocols = self.env['golive.protocol'].search(
            [('project_id', 'in', self.ids), ('state', '!=', 'refused')],
        ).grouped('project_id')
        for project in self:
            project.protocol_id = protocols.get(project._origin, False)
            project.protocol_state = project.protocol_id.state

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_protocol(self):
        # sudo: golive.protocol - of whichever company
        kept = self.env['golive.protocol'].sudo().search(
            [('project_id', 'in', self.ids), ('version', '>', 0)], limit=1,
        )
        if kept:
            raise UserError(self.env._(
                "The protocol of %(project)s was with the client and stays on record: archive the "
                "project instead.", project=kept.project_id.name,
            ))

    @api.model
    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {'checklist_item_ids', 'access_ids'}

    # === ACTION METHODS === #

    def action_open_protocol(self):
        """ Open the protocol; draw it up from the checklist and the success plan if need be. """
        self.ensure_one()
        protocol = self.protocol_id or self.env['golive.protocol'].create({'project_id': self.id})
        return protocol.get_formview_action()

    # === LINES === #

    def _prepare_protocol_lines(self):
        """ Return what the client has to tick, in order: the basic functions of the checklist.

        Other parts of an implementation add theirs (`super()`), e.g. what the success plan says is
        connected on start.

        :return: values of golive.protocol.line: `source` and `name`, with `quantity` and `task_ids`
            where there are any
        :rtype: list[dict]
        """
        self.ensure_one()
        return [
            {'source': 'checklist', 'name': item.name}
            for item in self.checklist_item_ids.sorted()
        ]

    def _get_protocol_digest(self):
        """ Return a hash of what the client has to tick now, to notice that it has changed. """
        self.ensure_one()
        # sudo: golive.checklist.item - what has to be ticked does not depend on who asks
        return self.env['golive.protocol']._hash([
            [values['source'], values['name'], f'{values.get("quantity") or 0:g}']
            for values in self.sudo()._prepare_protocol_lines()
        ])

    # === GATES === #

    def _gate_protocol_signed(self, _phase):
        """ The client signed: productive work, warranty and support begin (P6). """
        protocols = self.env['golive.protocol'].search(
            [('project_id', 'in', self.ids), ('state', '!=', 'refused')],
        ).grouped('project_id')
        result = {}
        for project in self:
            protocol = protocols.get(project)
            if not protocol or protocol.state != 'signed':
                result[project] = [project._get_protocol_due(protocol)]
        return result

    def _get_protocol_due(self, protocol):
        """ Return who has to do what for the protocol to be signed. """
        self.ensure_one()
        supervisor = self.user_id.name or ''
        if protocol and protocol.state == 'sent':
            return Due(
                self.env._("Tick the go-live protocol and sign it"), CLIENT,
                owner=self.coordinator_id.name or '', date=self.planned_golive_date,
                url=protocol._get_portal_path(),
            )
        if protocol and protocol.state == 'scan':
            return Due(
                self.env._("Confirm the signed copy of the protocol"), US, owner=supervisor,
            )
        return Due(self.env._("Send the go-live protocol"), US, owner=supervisor)

    def _get_dues(self):
        dues = super()._get_dues()
        protocol = self.protocol_id
        next_phase = self._get_next_phase()
        if protocol.state in ('sent', 'scan') or (
            protocol.state != 'signed' and next_phase.is_live and not self.golive_datetime
            and 'protocol_signed' in next_phase.sudo().gate_ids.mapped('kind')
        ):
            dues.append(self._get_protocol_due(protocol))
        return dues

    def _describe_missing_for_golive(self, dues):
        """ Return why the client cannot go live yet, in words for whoever signs.

        :param list[Due] dues: what the gates miss
        :rtype: str
        """
        self.ensure_one()
        if not self.env.user.share:
            return self.env._(
                "%(project)s cannot go live yet. Missing:\n%(missing)s",
                project=self.name, missing=self._format_dues(dues),
            )
        yours = [due for due in dues if due.side == CLIENT]
        if not yours:
            return self.env._(
                "It cannot be signed yet: we have not finished everything that comes before. "
                "%(supervisor)s tells you when you can sign.",
                supervisor=self.user_id.name or self.company_id.name,
            )
        return self.env._(
            "It cannot be signed yet. You still owe:\n%(missing)s",
            missing=self._format_dues(yours),
        )

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        return {
            **super()._get_portal_page_values(partner),
            'protocol': self._get_portal_protocol(),
            'accesses': self._get_portal_accesses(),
        }

    def _get_portal_protocol(self):
        """ Return the protocol if the client may see it: a draft is ours. """
        self.ensure_one()
        return self.protocol_id.filtered(lambda protocol: protocol.state != 'draft')

    def _get_portal_accesses(self):
        """ Return the access information that was handed over: none before the go-live (P6). """
        self.ensure_one()
        return self.access_ids.filtered('is_released').sorted()

    def _get_portal_protocol_values(self, partner, token=None):
        """ Return what the page of the protocol shows.

        :param partner: res.partner of the visitor
        :param str token: of the link by which the visitor came; empty when without a link
        :rtype: dict
        """
        self.ensure_one()
        protocol = self._get_portal_protocol()
        is_old_link = bool(token) and protocol.state in ('sent', 'scan') and (
            not protocol._is_current_token(token)
        )
        to_sign = (
            protocol.state == 'sent' and not is_old_link and not self.env.user._is_internal()
            and self._may_act_in_portal(partner)
        )
        return {
            'implementation': self,
            'protocol': protocol,
            'refusals': self.protocol_ids.filtered(lambda other: other.state == 'refused'),
            'is_old_link': is_old_link,
            'to_sign': to_sign,
            'is_complete': protocol and protocol.answered_count == protocol.line_count,
            'token': to_sign and protocol.access_token,
            'content_hash': to_sign and protocol._get_content_hash(),
        }

    def _portal_get_protocol(self, partner, token):
        """ Return the protocol, for somebody who fills it in or signs it for the client.

        :raise UserError: if it is not theirs to do, it does not wait for it, or the page is of an
            earlier version
        """
        self.ensure_one()
        if self.env.user._is_internal():
            raise UserError(self.env._(
                "Only the client ticks and signs here. A copy that was signed on paper is "
                "recorded on the protocol itself.",
            ))
        if not self._may_act_in_portal(partner):
            raise UserError(self.env._(
                "Only %(coordinator)s ticks and signs the protocol.",
                coordinator=self.coordinator_id.name,
            ))
        protocol = self.protocol_id
        if not protocol:
            raise UserError(self.env._("The protocol was not sent yet."))
        if protocol.state != 'sent':
            raise protocol._get_state_error()
        if not protocol._is_current_token(token):
            raise UserError(self.env._(
                "This page or link belongs to an earlier version of the protocol. Open the "
                "protocol again from My Implementation.",
            ))
        return protocol

    def _portal_save_protocol(self, partner, token, answers):
        """ Keep what the client ticked and remarked.

        :param dict answers: by id of the line, its `is_done`, `is_exception` and `remark`
        :raise UserError: see `_portal_get_protocol`; an exception without a remark
        """
        protocol = self._portal_get_protocol(partner, token)
        for line in protocol.line_ids:
            answer = answers.get(line.id)
            if answer:
                values = {
                    'is_done': bool(answer.get('is_done')),
                    'is_exception': bool(answer.get('is_exception') and not answer.get('is_done')),
                    'remark': (answer.get('remark') or '').strip()[:500] or False,
                }
                changed = {name: value for name, value in values.items() if line[name] != value}
                if changed:
                    line.write(changed)

    def _portal_sign_protocol(self, partner, token, content_hash, name, signature, ip):
        """ Sign for the client, who read what `content_hash` is of: the go-live.

        :param str signature: the image, base64
        :raise UserError: see `_portal_get_protocol` and `golive.protocol._sign`; if the content is
            another now
        """
        protocol = self._portal_get_protocol(partner, token)
        if content_hash != protocol._get_content_hash():
            raise UserError(self.env._(
                "The protocol has changed since you opened the page. Load the page again, read it, "
                "and sign then.",
            ))
        protocol._sign_online(name, signature, partner, ip)

    def _portal_send_protocol_scan(self, partner, token, name, files, ip):
        """ Take the copy that the client signed on paper; the supervisor confirms it.

        :param list files: pairs of a name and the content, as bytes
        :raise UserError: see `_portal_get_protocol` and `golive.protocol._receive_scan`
        """
        protocol = self._portal_get_protocol(partner, token)
        if len(files) != 1:
            raise UserError(self.env._("Please choose one file with the signed copy."))
        [(file_name, content)] = files
        protocol._receive_scan(
            file_name, content, name, partner, fields.Date.context_today(protocol), ip,
        )

    def _portal_refuse_protocol(self, partner, token, reason, line_ids):
        """ Refuse to sign; what is named is opened again.

        :param list line_ids: ids of the lines that do not work
        :raise UserError: see `_portal_get_protocol` and `golive.protocol._refuse`
        """
        protocol = self._portal_get_protocol(partner, token)
        lines = protocol.line_ids.filtered_domain(Domain('id', 'in', line_ids))
        protocol._refuse(reason, lines, partner)

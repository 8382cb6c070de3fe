from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.im_livechat.models.discuss_channel import is_livechat_channel
from odoo.addons.mail.tools.discuss import Store

# a conversation that nobody ends is told after such a silence
SILENT_HOURS = 1


class HelpdeskTicket(models.Model):
    _inherit = 'helpdesk.ticket'

    origin_channel_id = fields.Many2one(
        comodel_name='discuss.channel',
        string="Live Chat",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='base.group_user',
        help="The conversation that the ticket was created from.",
    )
    livechat_message_id = fields.Integer(
        readonly=True,
        copy=False,
        groups='base.group_user',
        export_string_translation=False,
        help="Technical: the last message of the conversation that the ticket tells.",
    )
    is_livechat_transcript_due = fields.Boolean(
        readonly=True,
        copy=False,
        groups='base.group_user',
        export_string_translation=False,
        help="Technical: more was said since.",
    )

    # two clicks at the same moment are one ticket
    _origin_channel_uniq = models.UniqueIndex(
        '(origin_channel_id) WHERE origin_channel_id IS NOT NULL',
        "This conversation has a ticket already.",
    )
    _livechat_transcript_idx = models.Index('(id) WHERE is_livechat_transcript_due IS TRUE')

    # === CONSTRAINT METHODS === #

    @api.constrains('origin_channel_id')
    def _check_origin_channel_id(self):
        for ticket in self.filtered('origin_channel_id'):
            if not is_livechat_channel(ticket.origin_channel_id):
                raise ValidationError(self.env._(
                    "Tickets are created from live chat conversations only.",
                ))

    # === CRUD METHODS === #

    def _check_engine_fields(self, vals):
        """ Let nobody read along in a conversation by linking a ticket to it. """
        super()._check_engine_fields(vals)
        if vals.get('origin_channel_id') and not self.env.su:
            self.env['discuss.channel'].browse(vals['origin_channel_id']).check_access('read')

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'origin_channel_id', 'livechat_message_id', 'is_livechat_transcript_due',
        }

    # === ACTION METHODS === #

    def action_open_livechat(self):
        """ Open the conversation in a chat window. """
        self.ensure_one()
        self.origin_channel_id.check_access('read')
        Store(bus_channel=self.env.user).add(
            self.origin_channel_id, extra_fields={'open_chat_window': True},
        ).bus_send()

    # === BUSINESS METHODS === #

    def _write_livechat_description(self, messages):
        """ Tell in the description what was said before the ticket was created; copy the files.

        :param messages: mail.message, oldest first
        """
        self.ensure_one()
        if not messages:
            return
        left_out = self._copy_livechat_attachments(messages)
        zone = self._get_livechat_tz()
        description = Markup('<p class="text-muted">%s</p>') % self.env._(
            "From the live chat (times of %s):", zone,
        )
        if not self.origin_channel_id.livechat_customer_partner_ids:
            description += Markup('<p class="text-muted">%s</p>') % self.env._(
                "The visitor was not logged in: who it was is only what the visitor said.",
            )
        self.description = description + self.origin_channel_id._get_helpdesk_transcript(
            messages, zone, left_out,
        )

    def _log_livechat_transcript(self):
        """ Note what was said in the conversations since the tickets told of them.

        A note is neither an answer nor a message of the customer: each message has moved the
        clocks when it was posted.
        """
        for ticket in self.filtered('is_livechat_transcript_due'):
            messages = ticket.origin_channel_id._get_helpdesk_messages(ticket.livechat_message_id)
            ticket.is_livechat_transcript_due = False
            if not messages:
                continue
            ticket.livechat_message_id = messages[-1].id
            target = ticket._get_merge_target() or ticket
            left_out = target._copy_livechat_attachments(messages)
            zone = target._get_livechat_tz()
            target._log_notes({
                target: Markup('<p>%s</p>') % self.env._(
                    "The live chat went on (times of %s):", zone,
                ) + ticket.origin_channel_id._get_helpdesk_transcript(messages, zone, left_out),
            }, author=self._get_odoobot())

    def _get_livechat_tz(self):
        """ Return the zone in which agents and customer read the times of a conversation. """
        self.ensure_one()
        return (
            self.team_id.resource_calendar_id.tz or self.company_id.resource_calendar_id.tz
            or 'UTC'
        )

    def _copy_livechat_attachments(self, messages):
        """ Copy the files of a conversation to the ticket, where agents and the customer see them.

        Both have seen them in the conversation already.

        :param messages: mail.message
        :return: the ir.attachment that the ticket does not take, because of size or type
        """
        self.ensure_one()
        # superuser: ir.attachment - files of the customer's request are those that no agent added
        # (see _get_portal_attachments)
        attachments = messages.attachment_ids.with_user(SUPERUSER_ID)
        left_out = attachments.browse()
        for attachment in attachments:
            if attachment.type != 'binary' or self._get_upload_refusal(
                [(attachment.name, attachment.raw or b'')],
            ):
                left_out |= attachment
        for attachment in attachments - left_out:
            attachment.copy({
                'name': attachment.name,
                'res_model': self._name,
                'res_id': self.id,
                'access_token': False,
            })
        return left_out

    # === CRON METHODS === #

    @api.model
    def _cron_log_livechat_transcript(self, batch_size=100):
        """ Tell conversations that fell silent without having been ended, in batches. """
        tickets = self.with_context(active_test=False)
        domain = Domain('is_livechat_transcript_due', '=', True) & Domain(
            'origin_channel_id.last_interest_dt', '<',
            fields.Datetime.now() - timedelta(hours=SILENT_HOURS),
        )
        remaining = tickets.search_count(domain)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        while remaining:
            batch = tickets.search(domain, limit=batch_size, order='id').try_lock_for_update()
            if not batch:
                break
            batch._log_livechat_transcript()
            remaining = tickets.search_count(domain)
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break

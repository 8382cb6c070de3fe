from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, email_normalize, email_split, formataddr, is_html_empty

from .helpdesk_ticket_mail import HUMAN_MESSAGE_TYPES

# what of a thread is about the request; what the system noted stays where it happened
MOVED_MESSAGE_TYPES = (*HUMAN_MESSAGE_TYPES, 'out_of_office')


class HelpdeskTicketMerge(models.AbstractModel):
    """ Tickets that turn out to be the same request, or two requests in one (W13).

    Merging leaves one ticket, the target, with all that was said. The sources stay as canceled
    tickets that point to it, so that references, links and answers to old mails find it.
    """

    _name = 'helpdesk.ticket.merge'
    _description = "Merging and Splitting of Tickets"
    _inherit = ['helpdesk.ticket.mail', 'helpdesk.ticket.relation']

    merged_into_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Merged into",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='base.group_user',
    )
    merged_ticket_ids = fields.One2many(
        comodel_name='helpdesk.ticket', inverse_name='merged_into_id', string="Merged Tickets",
        readonly=True, groups='base.group_user',
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('stage_id', 'team_id')
    def _check_merged_is_closed(self):
        for ticket in self.sudo():
            if ticket.merged_into_id and not ticket.is_closed:
                raise ValidationError(ticket._get_merged_sentence())

    # === MAIL METHODS === #

    def message_post(self, **kwargs):
        """ Have what is said on a merged ticket reach those who work on the target. """
        target = self._get_merge_target()
        if target and self._is_for_customer(kwargs):
            self.check_access('read')
            # sudo: helpdesk.ticket - who may write on the source is part of the same request
            return target.sudo().message_post(**kwargs)
        return super().message_post(**kwargs)

    @api.model
    def _route_past_merge(self, route):
        """ Return the route of an e-mail to a ticket; one to a merged ticket leads to the target.

        :param tuple route: model, thread id, custom values, user id, alias
        """
        model, thread_id, *others = route
        # sudo: helpdesk.ticket - the gateway's user need not see the ticket
        target = self.sudo().browse(thread_id or ()).exists()._get_merge_target()
        return (model, target.id, *others) if target else route

    # === MERGE === #

    def _get_merge_target(self):
        """ Return the ticket that this one was merged into, if any, with the rights of the user.

        Never a ticket that is itself merged: when a target is merged, its sources follow.
        """
        # sudo: helpdesk.ticket - where a request is handled; what it says stays protected
        return self.browse(self.sudo().merged_into_id.ids)

    def _is_of_same_customer(self, other):
        """ Return whether the same person asked in both tickets.

        :param other: a helpdesk.ticket
        """
        self.ensure_one()
        if self.partner_id or other.partner_id:
            return self.partner_id == other.partner_id
        email = email_normalize(self.partner_email or '')
        return bool(email) and email == email_normalize(other.partner_email or '')

    def _get_merged_sentence(self):
        self.ensure_one()
        return self.env._(
            "%(ticket)s was merged into %(target)s and is handled there. Reopen that one instead.",
            ticket=self.sudo().ticket_ref, target=self.sudo().merged_into_id.ticket_ref,
        )

    def _check_not_merged(self):
        """ Refuse that merged tickets are reopened.

        :raise AccessError: if the user may not write one of them
        :raise UserError: if one of them is merged
        """
        self.check_access('write')
        for ticket in self:
            if ticket._get_merge_target():
                raise UserError(ticket._get_merged_sentence())

    def _filter_not_merged(self):
        return self.filtered(lambda ticket: not ticket._get_merge_target())

    def _get_merge_problem(self, sources):
        """ Return why the sources cannot be merged into this ticket, as a sentence, or False.

        :param sources: the other helpdesk.ticket
        """
        self.ensure_one()
        tickets = self | sources
        if not sources - self:
            return self.env._("Choose at least two tickets to merge.")
        if merged := tickets.filtered('merged_into_id'):
            return self.env._(
                "Merged already: %(tickets)s. Choose other tickets.",
                tickets=', '.join(merged.mapped('display_name')),
            )
        if len(tickets.company_id) > 1:
            return self.env._("Tickets of different companies cannot be merged.")
        clients = tickets.sudo().commercial_partner_id
        if len(clients) > 1:
            return self.env._(
                "These tickets are of different clients: %(clients)s. Merged, each of them would "
                "read what the others wrote.",
                clients=', '.join(clients.mapped('display_name')),
            )
        return False

    def _get_merge_followers(self, sources):
        """ Return who follows one of the sources, and may read the target as well.

        People of our own and of the client; not who was in copy from somewhere else.

        :param sources: the helpdesk.ticket to merge
        :rtype: res.partner
        """
        # sudo: res.partner - followers of tickets that the user may write
        client = (self | sources).sudo().commercial_partner_id
        return (sources.sudo().message_partner_ids | sources.sudo().partner_id).filtered(
            lambda partner: not partner.partner_share or partner.commercial_partner_id == client,
        ) - self.sudo().message_partner_ids - self.sudo().partner_id

    def _get_merge_emails(self, sources):
        """ Return the addresses in copy of the target after merging.

        Customers without a contact are kept informed as well.

        :rtype: str
        """
        addresses = {}
        for ticket in self | sources:
            addresses.update(self._mail_cc_sanitized_raw_dict(ticket.email_cc))
            email = email_normalize(ticket.partner_email or '')
            if email and not ticket.partner_id:
                addresses[email] = formataddr((ticket.partner_name or '', email))
        partner = (self | sources).partner_id[:1]
        customer_email = partner.email_normalized if partner else email_normalize(
            (self | sources).filtered('partner_email')[:1].partner_email or '',
        )
        addresses.pop(customer_email, None)
        return ', '.join(addresses.values())

    def _merge(self, sources):
        """ Merge other tickets into this one.

        :param sources: the helpdesk.ticket to merge, of the same client and company
        :raise AccessError: if the user may not write one of the tickets
        :raise UserError: if they cannot be merged
        """
        self.ensure_one()
        sources -= self
        (self | sources).check_access('write')
        # two who merge the same tickets meet here: the second is run again and sees the first
        self.env.execute_query(SQL(
            "SELECT id FROM helpdesk_ticket WHERE id IN %s ORDER BY id FOR UPDATE",
            (self | sources)._ids,
        ))
        (self | sources).invalidate_recordset(['merged_into_id'])
        if problem := self._get_merge_problem(sources):
            raise UserError(problem)
        # sudo: helpdesk.ticket - the user may write all of them; what hangs on them moves whole
        target, sources = self.sudo(), sources.sudo().sorted(lambda ticket: ticket.open_date)
        followers = target._get_merge_followers(sources)
        target.write(target._prepare_merge_values(sources))
        target.message_subscribe(followers.ids)
        target._merge_move(sources)
        sources._end_merged(target)
        target._log_merge(sources)

    def _prepare_merge_values(self, sources):
        """ Return what is written on the target; the clocks, the team and the assignee are its own.

        :param sources: the helpdesk.ticket to merge, oldest first
        :rtype: dict
        """
        self.ensure_one()
        values = {}
        if tags := sources.tag_ids - self.tag_ids:
            values['tag_ids'] = [fields.Command.link(tag.id) for tag in tags]
        emails = self._get_merge_emails(sources)
        if emails != (self.email_cc or ''):
            values['email_cc'] = emails
        if not self.partner_id and (partner := sources.partner_id[:1]):
            values['partner_id'] = partner.id
        elif not self.partner_id and not self.partner_email and (
            source := sources.filtered('partner_email')[:1]
        ):
            values.update(
                partner_name=source.partner_name, partner_email=source.partner_email,
                partner_phone=source.partner_phone,
            )
        described = sources.filtered(lambda ticket: not is_html_empty(ticket.description))
        if described:
            values['description'] = Markup().join([
                self.description or '',
                *(
                    Markup("<hr/><p><strong>%s</strong></p>%s") % (
                        source.display_name, source.description,
                    ) for source in described
                ),
            ])
        return values

    def _merge_move(self, sources):
        """ Move what hangs on the sources to this ticket: the hook of other addons.

        :param sources: the helpdesk.ticket to merge, as superuser
        """
        self.ensure_one()
        of_sources = [('res_model', '=', self._name), ('res_id', 'in', sources.ids)]
        self.env['mail.message'].search([
            ('model', '=', self._name), ('res_id', 'in', sources.ids),
            ('message_type', 'in', MOVED_MESSAGE_TYPES),
        ]).write({'res_id': self.id})
        self.env['ir.attachment'].search(
            [*of_sources, ('res_field', '=', False)],
        ).write({'res_id': self.id})
        self.env['mail.activity'].search(of_sources).write({'res_id': self.id})
        self._merge_links(sources)
        sources.merged_ticket_ids.merged_into_id = self
        (self | sources).invalidate_recordset(['message_ids', 'activity_ids', 'link_ids'])

    def _merge_links(self, sources):
        """ Let the links of the sources lead to and from this ticket. """
        tickets = self | sources
        links = sources.link_ids
        kept = {link.linked_ticket_id: link.kind for link in links.sorted(
            # of several links to the same ticket a blocking one says more
            lambda link: link.kind != 'related',
        )}
        links.unlink()
        linked = self.link_ids.linked_ticket_id
        self.env['helpdesk.ticket.link'].create([
            {'ticket_id': self.id, 'kind': kind, 'linked_ticket_id': ticket.id}
            for ticket, kind in kept.items()
            if ticket not in tickets | linked
        ])

    def _end_merged(self, target):
        """ Close merged tickets: canceled, out of the queue, and no mail about it.

        Their clocks end as canceled, also those that are past their deadline: it is one request,
        and the target's clock tells how long it took (sla.md, "Merge").

        :param target: the helpdesk.ticket they were merged into
        """
        self.sla_status_ids.filtered(lambda status: not status.result).write({
            'result': 'cancelled', 'end_date': fields.Datetime.now(),
        })
        self.merged_into_id = target
        self.filtered(lambda ticket: not ticket.is_closed)._close('cancelled')

    def _log_merge(self, sources):
        """ Say in the threads what was merged, with links. """
        self._message_log(body=self.env._(
            "Merged into this ticket: %(tickets)s",
            tickets=Markup(", ").join(source._get_html_link() for source in sources),
        ))
        sources._message_log_batch(bodies=dict.fromkeys(sources.ids, self.env._(
            "Merged into %(ticket)s, which has the messages, files and activities now.",
            ticket=self._get_html_link(),
        )))

    # === SPLIT === #

    def _get_splittable_messages(self):
        """ Return what people wrote on the ticket, oldest first. """
        self.ensure_one()
        # as the user: what may not be read may not be moved
        return self.env['mail.message'].search([
            ('model', '=', self._name), ('res_id', '=', self.id),
            ('message_type', 'in', MOVED_MESSAGE_TYPES),
        ], order='date, id')

    def _split(self, messages, name):
        """ Make a ticket of its own from messages of this one.

        The request was made when the customer wrote the first of them: that is when its clocks
        start, not when an agent noticed.

        :param messages: mail.message of this ticket; they move
        :param str name: the subject of the new ticket
        :return: the new ticket
        :rtype: helpdesk.ticket
        :raise AccessError: if the user may not write this ticket
        :raise UserError: if a message is not of this ticket
        """
        self.ensure_one()
        self.check_access('write')
        messages = messages.sorted(lambda message: (message.date, message.id))
        if not messages or messages - self._get_splittable_messages():
            raise UserError(self.env._("Choose messages that people wrote on this ticket."))
        self._check_not_merged()
        self.browse().check_access('create')
        # sudo: helpdesk.ticket - the user may write the ticket and create others; the moment from
        # which the clocks count is the system's
        source = self.sudo()
        ticket = source.create(source._prepare_split_values(messages, name))
        messages_sudo = messages.sudo()
        messages_sudo.attachment_ids.filtered(
            lambda attachment: attachment.res_model == self._name
            and attachment.res_id == self.id,
        ).write({'res_id': ticket.id})
        ticket.message_subscribe((messages_sudo.author_id & source.message_partner_ids).ids)
        messages_sudo.write({'res_id': ticket.id})
        (source | ticket).invalidate_recordset(['message_ids'])
        self.env['helpdesk.ticket.link'].sudo().create({
            'ticket_id': source.id, 'kind': 'related', 'linked_ticket_id': ticket.id,
        })
        source._message_log(body=self.env._(
            "Split off: %(ticket)s", ticket=ticket._get_html_link(),
        ))
        ticket._message_log(body=self.env._(
            "Split off from %(ticket)s", ticket=source._get_html_link(),
        ))
        ticket = ticket.with_env(self.env)
        ticket.check_access('read')
        return ticket

    def _prepare_split_values(self, messages, name):
        """ Return the values of a ticket that is split off.

        :param messages: the mail.message that move, oldest first
        :param str name: its subject
        :rtype: dict
        """
        self.ensure_one()
        asked = messages.filtered(self._is_customer_message)[:1]
        values = {
            'name': name,
            **{
                fname: self._fields[fname].convert_to_write(self[fname], self)
                for fname in (
                    'team_id', 'partner_id', 'partner_name', 'partner_email', 'partner_phone',
                    'channel', 'priority', 'ticket_type_id', 'user_id', 'tag_ids',
                )
            },
            'description': (asked or messages[:1]).body,
            'email_cc': self._get_split_emails(messages),
        }
        if asked:
            answered = messages.filtered(
                lambda message: message.date >= asked.date and self._is_agent_message(message),
            )[:1]
            # never before the request that it was part of
            values['open_date'] = max(asked.date, self.open_date).replace(microsecond=0)
            if answered:
                values['first_response_date'] = answered.date.replace(microsecond=0)
        return values

    def _get_split_emails(self, messages):
        """ Return the addresses in copy of which the messages that move are from or to.

        Who was in copy of the rest only has nothing to do with this request.

        :rtype: str
        """
        involved = {
            email_normalize(address)
            for message in messages.sudo()
            for value in (
                message.email_from, message.incoming_email_to, message.incoming_email_cc,
            )
            for address in email_split(value or '')
        }
        in_copy = self._mail_cc_sanitized_raw_dict(self.email_cc)
        return ', '.join(
            formatted for email, formatted in in_copy.items() if email in involved
        )

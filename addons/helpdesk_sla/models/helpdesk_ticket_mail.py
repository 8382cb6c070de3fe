import re
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.fields import Command, Domain
from odoo.tools import (
    email_normalize,
    email_split,
    format_date,
    format_time,
    formataddr,
    html_sanitize,
    is_html_empty,
)
from odoo.tools.mail import email_split_tuples, generate_tracking_message_id

# what people write; everything else in a thread is written by the system
HUMAN_MESSAGE_TYPES = ('comment', 'email', 'email_outgoing')
# acknowledgements to one address: after so many in an hour it is a loop or an attack on somebody
# else's mailbox; the tickets are registered all the same
ACKNOWLEDGEMENT_LIMIT = 5
# a reference further back in a subject is not looked for
SUBJECT_SIZE = 1000
# the summary has the front end hide the text, which the stock notification of it repeats
CREATION_BODY = Markup('<div summary="o_mail_notification"><p>%s</p></div>')
SELF_SERVICE_CHANNELS = ('form', 'email', 'chat', 'portal', 'telegram')


class HelpdeskTicketMail(models.AbstractModel):
    """ The e-mail side of a ticket: gateway, recipients, automatic mails, whose message it is.

    Loops end here (requirements, "Bad input"):

    - an e-mail that a machine sent in answer to something of ours joins that ticket, by its
      references or by the ticket's reference in its subject, is kept in the thread as an
      out-of-office message, moves no clock and is mailed to nobody;
    - answers of machines, delivery reports, read receipts and mail of mailing lists that belong to
      no ticket open none: they are kept as a note of the team;
    - an alert (of a monitoring system, a shop) becomes a ticket that is not acknowledged; so does
      what comes from an address that nobody reads;
    - our automatic mails say that they are automatic, so that machines do not answer them;
    - one address gets no more than `ACKNOWLEDGEMENT_LIMIT` acknowledgements in an hour, and the
      stock limit on tickets and messages of one sender (`mail.gateway.loop.*`) comes after that;
    - bounces never become tickets (stock).
    """

    _name = 'helpdesk.ticket.mail'
    _description = "E-mail side of a Ticket"
    _inherit = [
        'portal.mixin',
        'helpdesk.ticket.copy',
        'rating.mixin',
        'mail.activity.mixin',
    ]
    _mail_post_access = 'read'
    _mail_thread_customer = True

    # before the first write: of what is new nobody has to ask for ratings
    rating_last_value = fields.Float(
        compute='_compute_rating_last_value', store=True, precompute=True,
    )

    # === COMPUTE METHODS === #

    def _compute_access_url(self):
        super()._compute_access_url()
        for ticket in self:
            ticket.access_url = f'/my/tickets/{ticket.id}'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Subscribe and log for the whole batch at once, where stock does it ticket by ticket.

        Whoever is subscribed, and whoever is told, is the same.
        """
        context = self.env.context
        if context.get('tracking_disable'):
            return super().create(vals_list)
        tickets = super(HelpdeskTicketMail, self.with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True, helpdesk_subscribe_later=True,
        )).create(vals_list).with_env(self.env)
        followed = tickets._subscribe_created(vals_list)
        if not context.get('mail_create_nolog'):
            tickets._log_created(followed)
        return tickets

    def _subscribe_created(self, vals_list):
        """ Subscribe who follows the team, who is responsible and who registered the tickets.

        As `create` and `_message_auto_subscribe` do, but at once: nobody follows a new ticket yet,
        so nobody has to be looked up.

        :param list vals_list: the values that the tickets were created with, in the same order
        :return: the tickets of whose creation somebody else wants to hear
        """
        _childs, default_ids, _internal, _parents, relations = (
            self.env['mail.message.subtype']._get_auto_subscription_subtypes(self._name)
        )
        names = sorted({'user_id', *(name for names in relations.values() for name in names)})
        alike = defaultdict(self.browse)
        for ticket, vals in zip(self, vals_list):
            alike[tuple(
                vals.get(name, self.env.context.get(f'default_{name}')) for name in names
            )] |= ticket
        user = self.env.user
        author = user.partner_id.browse()
        if not self.env.context.get('mail_create_nosubscribe') and user.active and not user.share:
            author = user.partner_id
        of_parents = self._get_parent_subscriptions(
            [dict(zip(names, values)) for values in alike],
        )
        created_id = self._creation_subtype().id
        followers, assigned, followed = [], defaultdict(self.browse), self.browse()
        for values, tickets in alike.items():
            values = dict(zip(names, values))
            subtypes = defaultdict(set, {partner.id: {*default_ids} for partner in author})
            for name, parent_id in values.items():
                for partner_id, subtype_ids in of_parents.get((name, parent_id), ()):
                    subtypes[partner_id] |= subtype_ids
            for partner_id, subtype_ids, template in self._message_auto_subscribe_followers(
                values, default_ids,
            ):
                subtypes[partner_id] |= {*subtype_ids}
                if template:
                    assigned[template, partner_id] |= tickets
            if any(
                created_id in subtype_ids
                for partner_id, subtype_ids in subtypes.items() if partner_id != user.partner_id.id
            ):
                followed |= tickets
            followers += [
                {
                    'res_model': self._name,
                    'res_id': ticket.id,
                    'partner_id': partner_id,
                    'subtype_ids': [Command.set(subtype_ids)],
                }
                for ticket in tickets for partner_id, subtype_ids in subtypes.items()
            ]
        # sudo: mail.followers - as stock does: they follow because of what was written
        self.env['mail.followers'].sudo().with_context(default_partner_id=False).create(followers)
        for (template, partner_id), tickets in assigned.items():
            # sudo: res.partner - the language in which somebody is told
            lang = self.env['res.partner'].sudo().browse(partner_id).lang
            tickets.with_context(lang=lang)._message_auto_subscribe_notify([partner_id], template)
        return followed

    @api.model
    def _get_parent_subscriptions(self, values_list):
        """ Return what those who follow a parent (the team) hear of its tickets.

        :param list values_list: dicts of the fields that may lead to a parent
        :return: partner id and subtype ids of the ticket, by name and value of the field
        :rtype: dict[tuple, list[tuple[int, set]]]
        """
        child_ids, _defaults, internal_ids, parents, relations = (
            self.env['mail.message.subtype']._get_auto_subscription_subtypes(self._name)
        )
        subscriptions = defaultdict(list)
        for model, names in relations.items():
            parent_ids = {
                values[name] for values in values_list for name in names if values.get(name)
            }
            if not parent_ids:
                continue
            for _id, parent_id, partner_id, subtype_ids, share, active in (
                self.env['mail.followers']._get_subscription_data(
                    [(model, list(parent_ids))], None, include_pshare=True, include_active=True,
                )
            ):
                heard = {parents.get(id_, id_) for id_ in subtype_ids} & {*child_ids}
                if share:
                    heard -= {*internal_ids}
                if partner_id and active:
                    for name in names:
                        subscriptions[name, parent_id].append((partner_id, heard))
        return subscriptions

    def _message_auto_subscribe(self, updated_values, followers_existing_policy='skip'):
        if self.env.context.get('helpdesk_subscribe_later'):
            return True
        return super()._message_auto_subscribe(
            updated_values, followers_existing_policy=followers_existing_policy,
        )

    def _log_created(self, followed):
        """ Tell those who want to hear of new tickets; note the creation on the others.

        :param followed: the tickets of which somebody wants to hear
        """
        for ticket in followed:
            # sudo: helpdesk.ticket - as stock does: who may create may not have to write
            ticket.sudo().message_post(
                subtype_id=self._creation_subtype().id,
                author_id=self.env.user.partner_id.id,
                body=CREATION_BODY % ticket._creation_message(),
            )
        others = self - followed
        # a note has no notification that would repeat the text
        others._log_notes({
            ticket: Markup('<p>%s</p>') % ticket._creation_message() for ticket in others
        })

    def _log_notes(self, bodies, author=None):
        """ Note something on many tickets at once; nobody is told.

        As `_message_log_batch`, without looking for the address of an answer that cannot come.

        :param dict bodies: text by ticket
        :param author: the res.partner who did it, else the current user
        :return: the mail.message, in the order of the tickets
        """
        author_id, email_from = self._message_compute_author(author and author.id)
        # sudo: mail.message - the note of something that was allowed
        return self.env['mail.thread'].sudo()._message_create([
            {
                'author_id': author_id,
                'email_from': email_from,
                'reply_to': email_from,
                'model': self._name,
                'res_id': ticket.id,
                'body': body,
                'message_type': 'notification',
                'is_internal': True,
                'subtype_id': self.env['ir.model.data']._xmlid_to_res_id('mail.mt_note'),
                'record_alias_domain_id': False,
                'record_company_id': False,
                'email_add_signature': False,
                'message_id': generate_tracking_message_id('message-notify'),
            }
            for ticket, body in bodies.items()
        ])

    def _filter_followed(self, subtype):
        """ Return the tickets of which somebody else than the current user wants to hear.

        :param subtype: the mail.message.subtype of what happened
        """
        # sudo: mail.followers - who follows is not shown
        return self.browse(self.env['mail.followers'].sudo()._read_group([
            ('res_model', '=', self._name),
            ('res_id', 'in', self.ids),
            ('subtype_ids', '=', subtype.id),
            ('partner_id', '!=', self.env.user.partner_id.id),
        ], aggregates=['res_id:array_agg_distinct'])[0][0] or ())

    # === WHOSE MESSAGE IS IT === #

    def _is_agent_message(self, message):
        """ Return whether a person of our company wrote this to the customer (sla.md, W2).

        Only such a message is a response. Not: automatic mails, out-of-office answers, internal
        notes, ratings, OdooBot, the request itself, the customer and the customer's colleagues
        (also those who have an internal user).

        :param message: a mail.message of this ticket
        """
        self.ensure_one()
        message_sudo = message.sudo()
        return (
            self._is_public_human_message(message_sudo)
            and message_sudo.subtype_id == self._get_subtype('mail.mt_comment')
            and self._is_agent(message_sudo.author_id)
        )

    def _is_customer_message(self, message):
        """ Return whether somebody outside our company wrote this, and awaits an answer to it.

        The customer, a colleague, somebody in copy, an unknown address; the request itself as
        well. Not: out-of-office answers, ratings.

        :param message: a mail.message of this ticket
        """
        self.ensure_one()
        message_sudo = message.sudo()
        return (
            self._is_public_human_message(message_sudo)
            and message_sudo.author_id != self._get_odoobot()
            and not self._is_agent(message_sudo.author_id)
        )

    def _is_automatic_message(self, message):
        """ Return whether a machine wrote the message, ours or the customer's. """
        return message.sudo().message_type not in HUMAN_MESSAGE_TYPES

    @api.model
    def _get_odoobot(self):
        return self.env['res.partner'].browse(
            self.env['ir.model.data']._xmlid_to_res_id('base.partner_root'),
        )

    def _is_public_human_message(self, message_sudo):
        """ Return whether a person wrote the message, and the customer can see it. """
        return bool(
            not self._is_automatic_message(message_sudo)
            and message_sudo.subtype_id
            and not message_sudo.subtype_id.internal
            and not message_sudo.is_internal
            and not message_sudo.rating_ids
        )

    def _is_agent(self, partner):
        """ Return whether the partner is one of us, as seen from this ticket. """
        # sudo: res.users, res.partner - portal users and the gateway must get the same answer
        ticket_sudo, partner_sudo = self.sudo(), partner.sudo()
        if (
            not partner_sudo.user_ids.filtered(lambda user: user.active and not user.share)
            or partner_sudo == self._get_odoobot()
            or partner_sudo == ticket_sudo.partner_id
        ):
            return False
        client = ticket_sudo.partner_id.commercial_partner_id
        return (
            not client
            or partner_sudo.commercial_partner_id != client
            # our own employees as customers: a colleague can answer them
            or client in self.env['res.company'].sudo().search([]).partner_id
        )

    # === HOOKS OF THE TICKET === #

    @api.model
    def _route_past_merge(self, route):
        """ Return the route of an e-mail to a ticket, or to the one that it was merged into. """
        return route

    def _get_key_user_sentences(self):
        """ Return what the customer is told while a key user looks at the ticket first. """
        return []

    def _get_merge_target(self):
        """ Return the ticket that this one was merged into, if any. """
        return self.browse()

    @api.model
    def _prepare_ticket_values_from_channel(self, channel, values):
        """ Return the values with which a request of a channel is created.

        :param str channel: key of the field `channel`
        :param dict values: what the channel knows of the request
        :rtype: dict
        """
        return {'channel': channel, **values}

    def _sla_message_posted(self, message):
        """ Let a message that was posted drive the clocks. """

    def _get_portal_promises(self):
        """ Return what the customer was promised, for the portal and the mails (W12).

        :return: dicts with label, target, deadline (UTC or False), paused_since, state
        :rtype: list[dict]
        """
        return []

    # === GATEWAY === #

    @api.model
    def _route_to_one_ticket(self, message, message_dict, routes):
        """ Return the routes of an e-mail with no more than one of them leading to a ticket.

        An e-mail to two of our teams is one request: the team named first gets it. One that names
        a ticket of its sender in the subject belongs to that ticket, also when the sender's
        program lost the references.

        :param EmailMessage message: the e-mail
        :param dict message_dict: the parsed e-mail
        :param list routes: what stock found
        :rtype: list
        """
        ticket_routes = [route for route in routes or () if route[0] == 'helpdesk.ticket']
        if not ticket_routes:
            return routes
        kept = next((route for route in ticket_routes if route[1]), None)
        if not kept:
            kept = min(ticket_routes, key=self._get_route_position(message))
            model, _thread_id, custom_values, user_id, alias = kept
            team_id = (custom_values or {}).get('team_id')
            ticket = self._find_ticket_in_subject(message_dict, team_id)
            if ticket:
                kept = (model, ticket.id, custom_values, user_id, alias)
                # a reference can be guessed and a sender forged: nobody gets into copy by them
                message_dict.update(cc='', to='', cc_filtered='', to_filtered='', recipients='')
        kept = self._route_past_merge(kept)
        return [*(route for route in routes if route[0] != 'helpdesk.ticket'), kept]

    @api.model
    def _get_route_position(self, message):
        """ Return a key that sorts routes as the recipients are named in the e-mail. """
        named = [
            email_normalize(address)
            for header in ('To', 'Cc')
            for value in message.get_all(header, [])
            for address in email_split(str(value))
        ]

        def position(route):
            address = route[4].alias_full_name if route[4] else False
            return named.index(address) if address in named else len(named)

        return position

    @api.model
    def _find_ticket_in_subject(self, message_dict, team_id):
        """ Return the ticket whose reference is in the subject, if it is the sender's own.

        :param int team_id: the team that was written to; references are unique in its company only
        """
        sender = email_normalize(message_dict.get('email_from') or '')
        subject = (message_dict.get('subject') or '')[:SUBJECT_SIZE]
        words = [
            word for word in re.findall(r'[\w/.-]+', subject) if any(map(str.isdigit, word))
        ]
        if not sender or not words:
            return self.browse()
        # sudo: helpdesk.team, helpdesk.ticket - found only by somebody who is already part of it
        team_sudo = self.env['helpdesk.team'].sudo().browse(team_id or ())
        company = team_sudo.company_id or self.env.company
        tickets = self.sudo().search([
            ('ticket_ref', 'in', words[:20]), ('company_id', '=', company.id),
        ])
        return tickets.filtered(lambda ticket: sender in ticket._get_customer_emails())[:1]

    def _get_customer_emails(self):
        """ Return the normalized addresses of the customer and of those in copy. """
        self.ensure_one()
        partners = self.partner_id | self.message_partner_ids.filtered('partner_share')
        return {
            *filter(None, partners.mapped('email_normalized')),
            *filter(None, [email_normalize(self.partner_email or '')]),
            *self._mail_cc_sanitized_raw_dict(self.email_cc),
        }

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """ Register an e-mail to a team's alias as a ticket.

        The sender is linked to a contact only as far as stock finds one; none is created from an
        address that anybody can write into an e-mail.
        """
        custom_values = custom_values or {}
        name, email = (email_split_tuples(msg_dict.get('email_from') or '') or [('', '')])[0]
        partner = self._get_sender_partner(msg_dict, custom_values)
        values = {
            'name': ' '.join((msg_dict.get('subject') or '').split())
            or self.env._("(no subject)"),
            'partner_id': partner.id,
            'email_cc': self._get_email_cc(msg_dict),
            **({} if partner else {
                'partner_name': name or email,
                'partner_email': email_normalize(email) or msg_dict.get('email_from'),
            }),
            **custom_values,
        }
        # the gateway's user is not the one who takes the ticket
        ticket = super(HelpdeskTicketMail, self.with_context(default_user_id=False)).message_new(
            msg_dict, self._prepare_ticket_values_from_channel('email', values),
        )
        if not self.env.context.get('helpdesk_unanswerable'):
            ticket._subscribe_in_copy(msg_dict)
        return ticket

    @api.model
    def _get_sender_partner(self, msg_dict, custom_values):
        """ Return the contact of the sender, unless it belongs to another company. """
        partner = self.env['res.partner'].browse(msg_dict.get('author_id') or ())
        team = self.env['helpdesk.team'].browse(custom_values.get('team_id') or ())
        if partner.company_id and team and partner.company_id != team.company_id:
            return partner.browse()
        return partner

    def _get_email_cc(self, msg_dict):
        """ Return who else takes part in an e-mail, our own addresses left out.

        :rtype: str
        """
        others = ','.join(filter(None, (
            msg_dict.get(f'{header}_filtered', msg_dict.get(header)) for header in ('to', 'cc')
        )))
        addresses = self._mail_cc_sanitized_raw_dict(others)
        known = self._mail_cc_sanitized_raw_dict(self.email_cc) if self else {}
        addresses.update(known)
        for address in (
            None, False, email_normalize(msg_dict.get('email_from') or ''),
            *(self._get_customer_emails() - known.keys() if self else ()),
            *self.env['mail.alias.domain'].sudo()._find_aliases(list(addresses)),
        ):
            addresses.pop(address, None)
        return ', '.join(addresses.values())

    def message_update(self, msg_dict, update_vals=None):
        """ Add the others of an answer to those in copy; bring an archived ticket back. """
        self.ensure_one()
        update_vals = dict(update_vals or {})
        if not self.env.context.get('helpdesk_unanswerable'):
            update_vals['email_cc'] = self._get_email_cc(msg_dict)
            if not self.active:
                update_vals['active'] = True
        else:
            update_vals['email_cc'] = self.email_cc
        result = super().message_update(msg_dict, update_vals)
        if not self.env.context.get('helpdesk_unanswerable'):
            self._subscribe_in_copy(msg_dict)
        return result

    @api.model
    def _detect_loop_sender_domain(self, email_from_normalized):
        """ Count the tickets of the same sender; who has no address is not the same as anybody. """
        if not email_from_normalized:
            return []
        return list(Domain('channel', '=', 'email') & (
            Domain('partner_email', 'ilike', email_from_normalized)
            | Domain('partner_id.email_normalized', '=', email_from_normalized)
        ))

    # === POSTING === #

    def message_post(self, **kwargs):
        """ Have everything public reach the customer, with or without a contact of its own. """
        self.ensure_one()
        self._complete_visitor_author(kwargs)
        if self._is_for_customer(kwargs):
            self._add_customer_recipient(kwargs)
            if not self.has_access('write'):
                # a colleague of the customer may answer; stock would refuse that the answer makes
                # the customer a follower, which takes the right to write
                self = self.with_context(mail_post_autofollow=False)
        return super().message_post(**kwargs)

    def _complete_visitor_author(self, post_values):
        """ Sign what a visitor without login writes with the contact data of the ticket.

        The visitor came by the access link that was sent to that address.

        :param dict post_values: arguments of `message_post`; changed
        """
        ticket_sudo = self.sudo()
        if (
            self.env.user._is_public()
            and not post_values.get('author_id')
            and not post_values.get('email_from')
            and post_values.get('message_type') == 'comment'
            and not ticket_sudo.partner_id
            and ticket_sudo.partner_email
        ):
            post_values.update(
                author_id=False,
                email_from=formataddr((
                    ticket_sudo.partner_name or '', ticket_sudo.partner_email,
                )),
            )

    def _is_for_customer(self, post_values):
        """ Return whether a message that is about to be posted is meant for the customer. """
        message_type = post_values.get('message_type')
        if message_type == 'auto_comment':
            return True
        comment_id = self.env['ir.model.data']._xmlid_to_res_id('mail.mt_comment')
        return message_type in HUMAN_MESSAGE_TYPES and (
            post_values.get('subtype_xmlid') == 'mail.mt_comment'
            or post_values.get('subtype_id') == comment_id
        )

    def _add_customer_recipient(self, post_values):
        """ Add the customer to the recipients of a message, unless the customer wrote it.

        :param dict post_values: arguments of `message_post`; changed
        """
        # sudo: helpdesk.ticket - who the customer is, is no secret of those who may post
        ticket_sudo = self.sudo()
        customer = ticket_sudo.partner_id
        partner_ids = list(post_values.get('partner_ids') or ())
        if customer:
            author_id, _email_from = self._message_compute_author(
                post_values.get('author_id'), post_values.get('email_from'),
            )
            if customer.id not in partner_ids and (
                customer.id != author_id or post_values.get('message_type') == 'auto_comment'
            ):
                post_values['partner_ids'] = [*partner_ids, customer.id]
            return
        email = email_normalize(ticket_sudo.partner_email or '')
        informed = ','.join(filter(None, (
            post_values.get(key)
            for key in ('email_from', 'incoming_email_to', 'incoming_email_cc', 'outgoing_email_to')
        )))
        if (
            email
            and email not in {email_normalize(address) for address in email_split(informed)}
            and email not in self.env['res.partner'].sudo().browse(partner_ids).mapped(
                'email_normalized',
            )
            # a ticket must never write to the address it listens to
            and not self.env['mail.alias.domain'].sudo()._find_aliases([email])
        ):
            post_values['outgoing_email_to'] = ','.join(filter(None, (
                post_values.get('outgoing_email_to'),
                formataddr((ticket_sudo.partner_name or '', email)),
            )))

    def _message_post_after_hook(self, message, msg_values):
        super()._message_post_after_hook(message, msg_values)
        self._complete_description(message, msg_values)
        self._link_customer(message)
        self._sla_message_posted(message)

    def _complete_description(self, message, msg_values):
        """ Make the text of the e-mail that opened the ticket its description. """
        ticket_sudo = self.sudo()
        body = msg_values.get('body')
        if (
            message.message_type == 'email'
            and message.subtype_id == self._creation_subtype()
            and is_html_empty(ticket_sudo.description)
            and not is_html_empty(body)
        ):
            # the text of a plain e-mail is not code
            plain = re.fullmatch(r'\s*<pre>(.*)</pre>\s*', str(body), re.DOTALL)
            ticket_sudo.description = html_sanitize(
                '<p>%s</p>' % plain[1].strip().replace('\n', '<br/>') if plain else body,
            )

    def _link_customer(self, message):
        """ Link the contact that an agent's answer was sent to, when the sender was unknown.

        The agent chose the recipient; nothing is linked on the word of an incoming e-mail, and
        other tickets of the same address stay as they are.
        """
        if self.partner_id or not self.partner_email or not message.partner_ids:
            return
        if self._is_agent_message(message) and message.message_type == 'comment':
            email = email_normalize(self.partner_email)
            partner = message.partner_ids.filtered(
                lambda partner: partner.email_normalized == email
                and partner.company_id in (self.company_id, partner.company_id.browse()),
            )[:1]
            if partner:
                self.partner_id = partner

    # === RECIPIENTS === #

    def _get_customer_information(self):
        information = super()._get_customer_information()
        for ticket in self.filtered(lambda ticket: not ticket.partner_id):
            email = email_normalize(ticket.partner_email or '')
            if email:
                information.setdefault(email, {}).update({
                    'name': ticket.partner_name or email,
                    'phone': ticket.partner_phone,
                })
        return information

    def _notify_get_reply_to_batch(self, defaults=None, author_ids=None):
        """ Have answers go to the team's alias, whoever wrote. """
        replies = {}
        others = self.browse()
        # sudo: helpdesk.team - the address of the team is public
        for team_sudo, tickets in self.sudo().grouped('team_id').items():
            if team_sudo.alias_email:
                address = formataddr((team_sudo.name, team_sudo.alias_email))
                # stock says why: longer ones are folded in ways that break them
                replies.update(dict.fromkeys(
                    tickets.ids, address if len(address) <= 68 else team_sudo.alias_email,
                ))
            else:
                others |= self.browse(tickets.ids)
        if others or not self:
            replies.update(super(HelpdeskTicketMail, others)._notify_get_reply_to_batch(
                defaults=defaults, author_ids=author_ids,
            ))
        return replies

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """ Mail an out-of-office answer to nobody: that is how machines start to talk. """
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        message_type = (msg_vals or {}).get('message_type') or message.sudo().message_type
        if message_type == 'out_of_office' and 'helpdesk_unanswerable' in self.env.context:
            return [data for data in recipients if data['notif'] != 'email']
        return recipients

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """ Give the customer whose contact is unknown the link that works without login. """
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals,
        )
        if not self or self.sudo().partner_id:
            return groups
        email = email_normalize(self.sudo().partner_email or '')
        link = self._notify_get_action_link('view', **{
            **(msg_vals or {}),
            # sudo: helpdesk.ticket - the link is sent to the customer's own address only
            'access_token': self.sudo()._portal_ensure_token(),
        })
        return [[
            'ticket_customer',
            lambda data: not data['id'] and data['email_normalized'] == email,
            {'active': True, 'button_access': {'url': link}, 'has_button_access': True},
        ], *groups]

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None,
    ):
        """ Mark our automatic mails as such, so that no machine answers them (RFC 3834). """
        if self._is_automatic_message(message):
            additional_values = dict(additional_values or {})
            additional_values['headers'] = {
                'Auto-Submitted': (
                    'auto-replied' if message.message_type == 'auto_comment'
                    else 'auto-generated'
                ),
                # not `All`: that would keep delivery failures from us
                'X-Auto-Response-Suppress': 'OOF, AutoReply',
                **(additional_values.get('headers') or {}),
            }
        return super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values=additional_values,
        )

    # === SUBTYPES AND AUTOMATIC MAILS === #

    def _creation_subtype(self):
        return self._get_subtype('helpdesk_sla.mt_ticket_new')

    @api.model
    def _get_subtype(self, xmlid):
        """ Return a subtype without asking the database whether it is still there. """
        return self.env['mail.message.subtype'].browse(
            self.env['ir.model.data']._xmlid_to_res_id(xmlid),
        )

    def _creation_message(self):
        self.ensure_one()
        return self.env._(
            "A new ticket was registered for %(team)s.", team=self.sudo().team_id.display_name,
        )

    def _track_subtype(self, initial_values):
        self.ensure_one()
        if 'stage_id' in initial_values:
            return self._get_subtype('helpdesk_sla.mt_ticket_stage')
        return super()._track_subtype(initial_values)

    def _message_track(self, fields_iter, initial_values_dict):
        """ Note the changes of which nobody wants to hear for the whole batch at once. """
        followed = self._filter_followed(self._get_subtype('helpdesk_sla.mt_ticket_stage'))
        # first: stock takes what is to be said of the changes off the transaction
        logged = (self - followed)._log_tracking(fields_iter, initial_values_dict)
        return {**logged, **super(HelpdeskTicketMail, followed)._message_track(
            fields_iter, initial_values_dict,
        )}

    def _log_tracking(self, fields_iter, initial_values_dict):
        """ Log changed values without telling anybody, as `_message_track` does one by one.

        :return: see `_message_track`
        """
        if not fields_iter:
            return {}
        tracked_fields = self.fields_get(
            fields_iter, attributes=('string', 'type', 'selection', 'currency_field'),
        )
        tracking = {}
        for ticket in self:
            # what was deleted meanwhile has no history
            with suppress(MissingError):
                tracking[ticket] = ticket._mail_track(
                    tracked_fields, initial_values_dict[ticket.id],
                )
        data = self.env.cr.precommit.data
        bodies = data.get(f'mail.tracking.message.{self._name}', {})
        authors = data.get(f'mail.tracking.author.{self._name}', {})
        by_author = defaultdict(list)
        for ticket, (_changes, values_list) in tracking.items():
            if values_list:
                by_author[authors.get(ticket.id)].append(ticket)
        for author, tickets in by_author.items():
            messages = self._log_notes(
                {ticket: bodies.get(ticket.id, '') for ticket in tickets}, author=author,
            )
            # sudo: mail.tracking.value - as above; on their own, since commands inside of the
            # messages would be a query each
            self.env['mail.tracking.value'].sudo().create([
                {**values, 'mail_message_id': message.id}
                for message, ticket in zip(messages, tickets)
                for _command, _id, values in tracking[ticket][1]
            ])
        return {ticket.id: changes for ticket, changes in tracking.items()}

    def _track_template(self, changes):
        """ Send the template of the stage that the ticket entered, and ask for a rating.

        The stock mail for solved tickets asks by itself; a rating is requested in a mail of its
        own only where a stage sends another template, or none.
        """
        templates = super()._track_template(changes)
        ticket_sudo = self[:1].sudo()
        # the mail of the step has said it
        if 'stage_id' not in changes or ticket_sudo.is_closed_unanswered:
            return templates
        template = ticket_sudo.stage_id.template_id
        is_rating_welcome = ticket_sudo._is_rating_welcome()
        if not (template or is_rating_welcome) or not ticket_sudo._may_send_automatic_mail():
            return templates
        if template:
            templates['stage_id'] = (template, self._get_automatic_mail_values())
        if not is_rating_welcome:
            return templates
        rating_template = self.env.ref(
            'helpdesk_sla.mail_template_ticket_rating', raise_if_not_found=False,
        )
        solved_template = self.env.ref(
            'helpdesk_sla.mail_template_ticket_solved', raise_if_not_found=False,
        )
        if rating_template and (not template or template != solved_template):
            templates['rating'] = (rating_template, self._get_automatic_mail_values())
        return templates

    def _get_automatic_mail_values(self):
        """ Return how automatic mails to the customer are posted. """
        return {
            'auto_delete_keep_log': False,
            'email_layout_xmlid': 'helpdesk_sla.mail_layout_customer',
            'subtype_id': self.env['ir.model.data']._xmlid_to_res_id('mail.mt_note'),
        }

    def _may_send_automatic_mail(self):
        """ Return whether the customer may be written to by a machine now.

        Not in answer to a machine, not while data are loaded, and not endlessly: somebody who
        gets tickets registered for an address by the dozen is a loop, or does not own it.
        """
        self.ensure_one()
        if (
            self.env.context.get('helpdesk_unanswerable')
            or self.env.context.get('install_mode')
            or not (self.partner_id or self.partner_email)
            # it goes on elsewhere
            or self._get_merge_target()
        ):
            return False
        if self.channel not in SELF_SERVICE_CHANNELS or self.stage_type != 'open':
            return True
        address = (
            Domain('partner_id', '=', self.partner_id.id) if self.partner_id
            else Domain('partner_email', '=ilike', self.partner_email)
        )
        return self.with_context(active_test=False).search_count(
            address
            & Domain('channel', 'in', SELF_SERVICE_CHANNELS)
            & Domain('open_date', '>', fields.Datetime.now() - timedelta(hours=1)),
            limit=ACKNOWLEDGEMENT_LIMIT + 1,
        ) <= ACKNOWLEDGEMENT_LIMIT

    # === RATING === #

    def _rating_get_parent_field_name(self):
        return 'team_id'

    def _rating_apply_get_default_subtype_id(self):
        return self.env['ir.model.data']._xmlid_to_res_id('helpdesk_sla.mt_ticket_rated')

    def _is_rating_welcome(self):
        """ Return whether the customer is asked how the ticket was handled. """
        self.ensure_one()
        ticket_sudo = self.sudo()
        return (
            ticket_sudo.team_id.use_rating
            and ticket_sudo.stage_type == 'solved'
            and not ticket_sudo._get_merge_target()
        )

    # === WHAT THE CUSTOMER READS === #

    def _get_mail_sender(self):
        """ Return the From of automatic mails: the team's address, else the company's. """
        self.ensure_one()
        ticket_sudo = self.sudo()
        team_sudo = ticket_sudo.team_id
        if team_sudo.alias_email:
            return formataddr((team_sudo.name, team_sudo.alias_email))
        return ticket_sudo.company_id.email_formatted or self.env.user.email_formatted

    def _get_customer_lang(self):
        """ Return the language in which the customer is written to. """
        self.ensure_one()
        ticket_sudo = self.sudo()
        return ticket_sudo.partner_id.lang or ticket_sudo.company_id.partner_id.lang

    def _get_customer_tz(self):
        """ Return the zone in which the customer reads a time: the own one, else the team's. """
        self.ensure_one()
        ticket_sudo = self.sudo()
        return (
            ticket_sudo.partner_id.tz
            or ticket_sudo.team_id.resource_calendar_id.tz
            or ticket_sudo.company_id.resource_calendar_id.tz
            or 'UTC'
        )

    def _get_customer_link(self):
        """ Return the address of the ticket's page that works without login. """
        self.ensure_one()
        # sudo: helpdesk.ticket - rendered into mails to the customer only
        ticket_sudo = self.sudo()
        return ticket_sudo.get_base_url() + ticket_sudo._get_share_url(
            pid=ticket_sudo.partner_id.id,
        )

    def _format_customer_datetime(self, value, tz=None, short=False):
        """ Return a moment as the customer reads it.

        :param datetime value: UTC
        :param str tz: the reader's zone, when it is known better than from the ticket
        :param bool short: without the day of the week and the name of the zone
        """
        moment = fields.Datetime.context_timestamp(
            self.with_context(tz=tz or self._get_customer_tz()), value,
        )
        time = format_time(self.env, moment.timetz(), time_format='short')
        if short:
            return self.env._(
                "%(date)s, %(time)s",
                date=format_date(self.env, moment.date(), date_format='medium'), time=time,
            )
        return self.env._(
            "%(date)s at %(time)s (%(zone)s)",
            date=format_date(self.env, moment.date(), date_format='full'),
            time=time,
            zone=moment.tzname(),
        )

    def _get_portal_attachments(self):
        """ Return the files of the request itself, ready to be opened without login.

        Files of later messages are shown with those messages; files of internal notes, and what
        an agent put on the ticket outside of a message, are not for the customer.
        """
        self.ensure_one()
        # sudo: ir.attachment, mail.message - the caller has checked the access to the ticket
        attachments_sudo = self.env['ir.attachment'].sudo().search([
            ('res_model', '=', self._name), ('res_id', '=', self.id), ('res_field', '=', False),
        ], order='id')
        messages_sudo = self.env['mail.message'].sudo().search([
            ('attachment_ids', 'in', attachments_sudo.ids),
        ])
        opening = messages_sudo.filtered(
            lambda message: message.subtype_id == self._creation_subtype(),
        ).attachment_ids
        uploaded = (attachments_sudo - messages_sudo.attachment_ids).filtered(
            lambda attachment: not attachment.create_uid
            or attachment.create_uid._is_superuser()
            or not attachment.create_uid._is_internal(),
        )
        attachments = attachments_sudo & (opening | uploaded)
        attachments.generate_access_token()
        return attachments

    def _get_promise_sentences(self):
        """ Return what the customer is promised, one sentence a promise (W12).

        :rtype: list[str]
        """
        self.ensure_one()
        sentences = self._get_key_user_sentences()
        for promise in self.sudo()._get_portal_promises():
            if not promise['deadline'] or promise['state'] != 'running':
                continue
            deadline = self._format_customer_datetime(promise['deadline'])
            if promise['target'] == 'first_response':
                sentences.append(self.env._("You will have our answer by %s.", deadline))
            elif promise['target'] == 'next_response':
                sentences.append(self.env._(
                    "You will have our answer to your message by %s.", deadline,
                ))
            elif promise['target'] == 'resolution':
                sentences.append(self.env._("We aim to have it solved by %s.", deadline))
            else:
                sentences.append(self.env._(
                    "%(promise)s %(deadline)s.", promise=promise['label'], deadline=deadline,
                ))
        return sentences

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_list, human_size
from odoo.tools.mail import email_split_tuples

# answers of a machine to one ticket, in an hour
TOLD_LIMIT = 5


class HelpdeskTicketCopy(models.AbstractModel):
    """ Who is in copy of a ticket, and whose contact it is: nothing that a stranger can decide.

    Anybody can write any address into an e-mail. So of those in copy only contacts of the same
    client as the sender become followers, who get all answers and see the ticket in the portal; all
    others are named to the agent, who may add them. No e-mail creates a contact.
    """

    _name = 'helpdesk.ticket.copy'
    _description = "Those in Copy of a Ticket"
    _inherit = ['mail.thread.cc']

    # === WHO FOLLOWS === #

    def _subscribe_in_copy(self, msg_dict):
        """ Make followers of those colleagues of the sender who are in copy of an e-mail.

        :param dict msg_dict: the parsed e-mail
        """
        self.ensure_one()
        # sudo: helpdesk.ticket, res.partner - the gateway belongs to nobody
        ticket_sudo = self.sudo()
        client = ticket_sudo.partner_id.commercial_partner_id
        sender = self.env['res.partner'].sudo().browse(msg_dict.get('author_id') or ())
        if (
            not client
            or not (sender.commercial_partner_id == client or ticket_sudo._is_agent(sender))
            # our own employees are customers of each other, not one client
            or client in self.env['res.company'].sudo().search([]).partner_id
        ):
            return
        emails = set(self._mail_cc_sanitized_raw_dict(ticket_sudo.email_cc)) - {False, None}
        if not emails:
            return
        colleagues = self.env['res.partner'].sudo().search([
            ('email_normalized', 'in', list(emails)),
            ('commercial_partner_id', '=', client.id),
            ('company_id', 'in', (False, ticket_sudo.company_id.id)),
            ('user_ids', 'not any', [('share', '=', False)]),
        ])
        ticket_sudo.message_subscribe(colleagues.ids)
        ticket_sudo._drop_from_copy(colleagues.mapped('email_normalized'))

    def _drop_from_copy(self, emails):
        """ Take addresses from those in copy. """
        addresses = self._mail_cc_sanitized_raw_dict(self.email_cc)
        kept = ', '.join(
            address for email, address in addresses.items() if email not in set(emails)
        )
        if kept != (self.email_cc or ''):
            self.email_cc = kept

    def action_follow_in_copy(self, email):
        """ Make a follower of somebody in copy, as a contact that is created if need be.

        :param str email: one of the addresses in copy
        """
        self.ensure_one()
        self.check_access('write')
        normalized = email_normalize(email or '')
        known = self._mail_cc_sanitized_raw_dict(self.email_cc)
        if not normalized or normalized not in known:
            raise UserError(self.env._("%s is not in copy of this ticket.", email or ''))
        if self.env['mail.alias.domain'].sudo()._find_aliases([normalized]):
            raise UserError(self.env._(
                "%s is an address of ours: it would write to itself.", normalized,
            ))
        name = email_split_tuples(known[normalized])[0][0]
        partner = self._find_contact(normalized) or self.env['res.partner'].create({
            'name': name or normalized, 'email': normalized,
        })
        self.message_subscribe(partner.ids)
        self._drop_from_copy([normalized])

    # === WHOSE CONTACT === #

    def action_create_contact(self):
        """ Link the contact who has the ticket's address, or create one of what is known. """
        self.check_access('write')
        for ticket in self.filtered(lambda ticket: not ticket.partner_id):
            email = email_normalize(ticket.partner_email or '')
            if not email and not ticket.partner_name:
                raise UserError(self.env._(
                    "Nothing is known of who asks. Enter a name or an e-mail address first.",
                ))
            if email and self.env['mail.alias.domain'].sudo()._find_aliases([email]):
                raise UserError(self.env._(
                    "%s is an address of ours: it would write to itself.", email,
                ))
            ticket.partner_id = (email and ticket._find_contact(email)) or (
                self.env['res.partner'].create({
                    'name': ticket.partner_name or email,
                    'email': email or False,
                    'phone': ticket.partner_phone,
                })
            )

    def _find_contact(self, email):
        """ Return the contact with an address that the ticket's company may use. """
        return self.env['res.partner'].search([
            ('email_normalized', '=', email),
            ('company_id', 'in', (False, self.company_id.id)),
        ], order='company_id, id', limit=1)

    def _message_add_suggested_recipients(self, force_primary_email=False):
        """ Suggest nobody as recipient only because an e-mail named the address. """
        suggested = super()._message_add_suggested_recipients(
            force_primary_email=force_primary_email,
        )
        for ticket in self.filtered('email_cc'):
            in_copy = self._mail_cc_sanitized_raw_dict(ticket.email_cc)
            values = suggested[ticket.id]
            values['email_to_lst'] = [
                address for address in values['email_to_lst']
                if email_normalize(address) not in in_copy
            ]
        return suggested

    def _message_get_suggested_recipients_batch(
        self, reply_discussion=False, reply_message=None, no_create=True, primary_email=False,
        additional_partners=None,
    ):
        """ Create no contacts because an answer is begun, and suggest no strangers.

        The customer gets the answer all the same, see `_add_customer_recipient`.
        """
        suggested = super()._message_get_suggested_recipients_batch(
            reply_discussion=reply_discussion, reply_message=reply_message, no_create=True,
            primary_email=primary_email, additional_partners=additional_partners,
        )
        for ticket in self:
            own = {
                email_normalize(ticket.partner_email or ''), email_normalize(primary_email or ''),
            }
            suggested[ticket.id] = [
                recipient for recipient in suggested[ticket.id]
                if (recipient['partner_id'] and not ticket._is_stranger(recipient['partner_id']))
                or email_normalize(recipient['email'] or '') in own
            ]
        return suggested

    def _is_stranger(self, partner_id):
        """ Return whether a contact is neither one of us nor of the ticket's client. """
        self.ensure_one()
        partner = self.env['res.partner'].browse(partner_id)
        return not (
            partner in self.partner_id
            or partner.commercial_partner_id == self.partner_id.commercial_partner_id
            or partner in self.sudo().message_partner_ids
            or self._is_agent(partner)
        )

    @api.model
    def _partner_find_from_emails(
        self, records_emails, avoid_alias=True, ban_emails=None, filter_found=None,
        additional_values=None, no_create=False,
    ):
        """ Create no contact for the sender and those in copy only because they are answered.

        Stock sends what an agent writes to the suggested addresses as well, and makes contacts of
        them. Those who were typed in are somebody else: the agent said so.
        """
        if no_create or not self:
            return super()._partner_find_from_emails(
                records_emails, avoid_alias=avoid_alias, ban_emails=ban_emails,
                filter_found=filter_found, additional_values=additional_values,
                no_create=no_create,
            )
        named, chosen = {}, {}
        for ticket, emails in records_emails.items():
            by_mail = {
                email_normalize(ticket.partner_email or ''),
                *self._mail_cc_sanitized_raw_dict(ticket.email_cc),
            }
            named[ticket] = [mail for mail in emails if email_normalize(mail) in by_mail]
            chosen[ticket] = [mail for mail in emails if mail not in named[ticket]]
        found = super()._partner_find_from_emails(
            named, avoid_alias=avoid_alias, ban_emails=ban_emails, filter_found=filter_found,
            additional_values=additional_values, no_create=True,
        )
        created = super()._partner_find_from_emails(
            chosen, avoid_alias=avoid_alias, ban_emails=ban_emails, filter_found=filter_found,
            additional_values=additional_values, no_create=False,
        )
        return {id_: found[id_] | created[id_] for id_ in found}

    # === FILES THAT ARE TOO LARGE === #

    def _tell_left_out_files(self, files):
        """ Note which files of an e-mail were too large, and tell the sender.

        :param list files: name and size in bytes
        """
        self.ensure_one()
        names = format_list(self.env, [f'{name} ({human_size(size)})' for name, size in files])
        self._message_log(body=self.env._(
            "Too large, and left out of the e-mail: %s. The sender was asked for another way.",
            names,
        ) if self._may_tell_left_out_files() else self.env._(
            "Too large, and left out of the e-mail: %s.", names,
        ))
        template = self.env.ref(
            'helpdesk_sla.mail_template_ticket_too_large', raise_if_not_found=False,
        )
        if template and self._may_tell_left_out_files():
            self.with_context(helpdesk_left_out=files).message_post_with_source(
                template, message_type='auto_comment', **self._get_automatic_mail_values(),
            )

    def _may_tell_left_out_files(self):
        return self._may_send_automatic_mail() and self.env['mail.message'].sudo().search_count([
            ('model', '=', self._name), ('res_id', '=', self.id),
            ('message_type', '=', 'auto_comment'),
            ('date', '>', fields.Datetime.now() - timedelta(hours=1)),
        ], limit=TOLD_LIMIT) < TOLD_LIMIT

    def _get_left_out_files(self):
        """ Return name and size of what was left out of the e-mail, as the sender reads it.

        :rtype: list[str]
        """
        return [
            f'{name} ({human_size(size)})'
            for name, size in self.env.context.get('helpdesk_left_out', ())
        ]

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import phone_number

# how many open tickets of a caller are offered
OFFERED_TICKETS = 8


class HelpdeskTicketCall(models.AbstractModel):
    """ The telephone side of a ticket: whose call it is, and what a call means for the clocks. """

    _name = 'helpdesk.ticket.call'
    _description = "Telephone side of a Ticket"

    # === BUSINESS METHODS === #

    @api.model
    def _find_tickets_of_caller(self, partner, number):
        """ Return the open tickets that a caller may call about, the latest first.

        :param partner: the res.partner who calls, or none; the tickets of the whole client
        :param str number: the number, by which the tickets of unknown callers are found
        """
        domains = []
        if partner:
            domains.append(
                Domain('commercial_partner_id', '=', partner.commercial_partner_id.id),
            )
        key = phone_number.get_key(number)
        if key:
            domains.append(Domain('partner_id', '=', False) & Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "%s = %s",
                    SQL(
                        phone_number.get_key_sql('%s'),
                        model._field_to_sql(alias, 'partner_phone', query),
                    ),
                    key,
                ),
            ))
        if not domains:
            return self.browse()
        tickets = self.search(
            Domain('is_closed', '=', False) & Domain.OR(domains),
            order='open_date desc, id desc', limit=OFFERED_TICKETS,
        )
        return tickets.filtered(
            lambda ticket: ticket.partner_id
            or phone_number.is_same(ticket.partner_phone, number),
        )

    @api.model
    def _create_from_call(self, values, call):
        """ Register a request that came on the phone.

        :param dict values: of the ticket
        :param dict call: see `_log_call`
        """
        ticket = self.create(self._prepare_ticket_values_from_channel('phone', values))
        ticket._log_call_note(call)
        if call['is_answered']:
            ticket._register_response()
        return ticket

    def _log_call(self, call):
        """ Note a call on the ticket, and let it drive the clocks.

        Somebody who was spoken to has an answer (sla.md, W2), whoever called. A call of the
        customer that nobody took is a message that awaits an answer; one of ours that the customer
        did not take changes nothing.

        :param dict call: `direction` ('incoming' or 'outgoing'), `is_answered`, `minutes`,
            `caller` (who, in words) and `text` (Markup)
        :raise UserError: if the ticket is closed
        """
        self.ensure_one()
        self.check_access('write')
        if self.is_closed:
            raise UserError(self.env._(
                "%(ticket)s is closed. Reopen it first, or log the call on a new ticket.",
                ticket=self.display_name,
            ))
        self._log_call_note(call)
        if call['direction'] == 'incoming':
            # sudo: helpdesk.ticket - as for a message of the customer, see _sla_message_posted
            ticket_sudo = self.sudo()
            ticket_sudo._end_manual_pauses(fields.Datetime.now(), kinds=['customer'])
            if ticket_sudo.stage_type == 'customer':
                ticket_sudo._reopen()
            if not call['is_answered']:
                ticket_sudo._register_customer_message()
        if call['is_answered']:
            self._register_response()

    def _log_call_note(self, call):
        """ Write a call into the thread, as a note that the customer does not see. """
        titles = {
            ('incoming', True): self.env._("Incoming call, answered"),
            ('incoming', False): self.env._("Incoming call, missed"),
            ('outgoing', True): self.env._("Outgoing call, answered"),
            ('outgoing', False): self.env._("Outgoing call, not answered"),
        }
        lines = [Markup("<strong>%s</strong>") % titles[call['direction'], call['is_answered']]]
        if call.get('caller'):
            lines.append(Markup("%s") % call['caller'])
        if call.get('minutes'):
            lines.append(Markup("%s") % self.env._(
                "Duration: %(minutes)s min", minutes=call['minutes'],
            ))
        body = Markup("<p>%s</p>") % Markup("<br/>").join(lines)
        self._log_notes({self: body + (call.get('text') or Markup())})

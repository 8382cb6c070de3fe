import re
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# how similar two subjects are (0 to 1, as `similarity` of pg_trgm counts) to be taken for the same
SIMILARITY = 0.4
# the same without that extension: the part of the words that they share
COMMON_WORDS = 0.6
# a ticket that was closed longer ago is another request
RECENT_DAYS = 30
SUGGESTIONS = 10
# how many of a client's tickets are looked at, so that a form opens as fast for a large client
LATEST_TICKETS = 200


class HelpdeskTicketRelation(models.AbstractModel):
    """ The other tickets that have to do with a ticket: linked, blocking, probably the same. """

    _name = 'helpdesk.ticket.relation'
    _description = "Relations of a Ticket to other Tickets"

    link_ids = fields.One2many(
        comodel_name='helpdesk.ticket.link', inverse_name='ticket_id', string="Related Tickets",
        groups='helpdesk_sla.group_helpdesk_user',
    )
    is_blocked = fields.Boolean(
        string="Blocked",
        compute='_compute_is_blocked',
        search='_search_is_blocked',
        groups='helpdesk_sla.group_helpdesk_user',
        help="A ticket that blocks this one is still open.",
    )
    similar_ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket',
        string="Similar Tickets",
        compute='_compute_similar_ticket_ids',
        groups='helpdesk_sla.group_helpdesk_user',
        help="Tickets of the same client with a similar subject that are open or were closed "
             "lately.",
    )
    similar_ticket_count = fields.Integer(
        compute='_compute_similar_ticket_count',
        groups='helpdesk_sla.group_helpdesk_user',
        export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    # not of the state of the linked tickets: each one that is closed would have to look for links
    @api.depends('link_ids.kind')
    @api.depends_context('uid')
    def _compute_is_blocked(self):
        blocked = self.env['helpdesk.ticket.link'].search_fetch(
            Domain('ticket_id', 'in', self.ids) & self._get_blocking_domain(), ['ticket_id'],
        ).ticket_id
        for ticket in self:
            ticket.is_blocked = ticket._origin in blocked

    def _search_is_blocked(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return [('link_ids', 'any', self._get_blocking_domain())]

    @api.depends('name', 'partner_id', 'is_closed')
    @api.depends_context('uid')
    def _compute_similar_ticket_ids(self):
        for ticket in self:
            ticket.similar_ticket_ids = ticket._find_similar_tickets()

    @api.depends('name', 'partner_id', 'is_closed')
    @api.depends_context('uid')
    def _compute_similar_ticket_count(self):
        """ Suggest duplicates; read by the form only, as each ticket costs a query. """
        # not by the field above: the rights to each of them would be looked at once more
        for ticket in self:
            ticket.similar_ticket_count = len(ticket._find_similar_tickets())

    # === ACTION METHODS === #

    def action_view_similar_tickets(self):
        """ Open the similar tickets together with this one, to compare and merge them. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['display_name'] = self.env._("Similar to %(ticket)s", ticket=self.ticket_ref)
        action['domain'] = [('id', 'in', (self | self.similar_ticket_ids).ids)]
        action['context'] = {}
        return action

    def action_merge_similar_tickets(self):
        """ Suggest to merge the ticket with its duplicates. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_merge_wizard_action',
        )
        action['context'] = {'default_ticket_ids': (self | self.similar_ticket_ids).ids}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _get_blocking_domain(self):
        """ Return the links by which a ticket is blocked now. """
        return Domain('kind', '=', 'blocked_by') & Domain('linked_ticket_id.is_closed', '=', False)

    def _tell_blocked_tickets(self):
        """ Tell those whose tickets were blocked by these, which are closed now.

        The thread of each says so; who is assigned gets an activity once nothing blocks any more.
        """
        # sudo: helpdesk.ticket(.link) - follows from closing, whoever sees the blocked ticket
        links = self.env['helpdesk.ticket.link'].sudo().search([
            ('ticket_id', 'in', self.ids), ('kind', '=', 'blocks'),
            ('linked_ticket_id.is_closed', '=', False),
        ])
        if not links:
            return
        bodies, closed = {}, defaultdict(self.sudo().browse)
        for link in links:
            closed[link.linked_ticket_id] |= link.ticket_id
        for ticket, blockers in closed.items():
            bodies[ticket.id] = self.env._(
                "No longer blocked by %(tickets)s.",
                tickets=', '.join(blockers.mapped('display_name')),
            )
        blocked = links.linked_ticket_id
        blocked.invalidate_recordset(['is_blocked'])
        blocked._message_log_batch(bodies=bodies)
        for user, tickets in blocked.filtered(
            lambda ticket: ticket.user_id and not ticket.is_blocked,
        ).grouped('user_id').items():
            tickets.activity_schedule(
                'mail.mail_activity_data_todo',
                summary=self.env._("Go on: what blocked this ticket is done"),
                user_id=user.id,
            )

    def _find_similar_tickets(self):
        """ Return tickets that the user sees and that are probably about the same.

        One query, the most similar first.
        """
        self.ensure_one()
        client = (
            Domain('commercial_partner_id', '=', self.commercial_partner_id.id)
            if self.commercial_partner_id
            else Domain('partner_email', '=ilike', self.partner_email or '')
        )
        tickets = self.browse()
        if (
            not self._origin or self.is_closed or not self.name
            or not (self.commercial_partner_id or self.partner_email)
        ):
            return tickets
        since = fields.Datetime.now() - timedelta(days=RECENT_DAYS)
        domain = (
            client
            & Domain('company_id', '=', self.company_id.id)
            & Domain('id', '!=', self._origin.id)
            & Domain('merged_into_id', '=', False)
            & (Domain('is_closed', '=', False) | Domain('close_date', '>=', since))
        )
        if not self.env.registry.has_trigram:
            return tickets.search_fetch(
                domain, ['name'], limit=LATEST_TICKETS, order='id desc',
            ).filtered(
                lambda ticket: _share_words(ticket.name, self.name),
            )[:SUGGESTIONS]
        tickets.flush_model(['name'])
        latest = tickets._search(domain, order='id desc', limit=LATEST_TICKETS)
        similarity = SQL("similarity(name, %s)", self.name)
        return tickets.browse(id_ for id_, in self.env.execute_query(SQL(
            "SELECT id FROM helpdesk_ticket WHERE id IN %(latest)s AND %(similarity)s >= %(least)s"
            " ORDER BY %(similarity)s DESC, id DESC LIMIT %(limit)s",
            latest=latest.subselect(), similarity=similarity, least=SIMILARITY, limit=SUGGESTIONS,
        )))


def _share_words(first, second):
    """ Return whether most words of the shorter of two subjects are in the other as well. """
    first, second = (set(re.findall(r'\w{3,}', name.casefold())) for name in (first, second))
    return bool(first and second) and (
        len(first & second) / min(len(first), len(second)) >= COMMON_WORDS
    )

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

# a browser that has said nothing for so long (seconds) is gone, whatever happened to it
TTL = 70
# how often a browser that shows a ticket says so
HEARTBEAT = 30


class HelpdeskTicketViewer(models.Model):
    """ Who has a ticket open now, and whether somebody writes on it.

    One row a ticket and a person, deleted when the person leaves; a browser that crashed stops to
    count after `TTL` seconds. The others are told over the bus, each on the own channel and only
    when something changes: nobody polls, and nobody is told who may not read the ticket.
    """

    _name = 'helpdesk.ticket.viewer'
    _description = "Person who looks at a Ticket"
    _rec_name = 'user_id'
    _log_access = False

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, index=True, ondelete='cascade',
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="Person", required=True, index=True, ondelete='cascade',
    )
    is_writing = fields.Boolean(string="Writes")
    seen_date = fields.Datetime(string="Last Seen", required=True, default=fields.Datetime.now)

    _person_uniq = models.Constraint(
        'UNIQUE (ticket_id, user_id)',
        "A person looks at a ticket once.",
    )

    # === RPC METHODS === #

    @api.model
    def enter(self, ticket_id, is_writing=False):
        """ Say that the user looks at a ticket; said again now and then, and when it changes.

        :param int ticket_id: the ticket
        :param bool is_writing: whether the user is writing on it
        :return: the others who are there, and after how many seconds to say it again
        :rtype: dict
        """
        ticket = self._browse_ticket(ticket_id)
        if not ticket:
            return {'viewers': [], 'heartbeat': HEARTBEAT}
        before = self._get_present(Domain('ticket_id', '=', ticket.id))
        own = before.filtered(lambda viewer: viewer.user_id == self.env.user)
        has_changed = not own or own.is_writing != bool(is_writing)
        # one statement: two tabs of a person may speak at the same moment
        self.env.execute_query(SQL(
            "INSERT INTO helpdesk_ticket_viewer (ticket_id, user_id, is_writing, seen_date)"
            " VALUES (%(ticket)s, %(user)s, %(writing)s, %(now)s)"
            " ON CONFLICT (ticket_id, user_id) DO UPDATE"
            " SET is_writing = EXCLUDED.is_writing, seen_date = EXCLUDED.seen_date RETURNING id",
            ticket=ticket.id, user=self.env.uid, writing=bool(is_writing),
            now=fields.Datetime.now(),
        ))
        self.invalidate_model()
        if has_changed:
            self._tell_others(ticket)
        return {'viewers': self._get_others(ticket), 'heartbeat': HEARTBEAT}

    @api.model
    def leave(self, ticket_id):
        """ Say that the user has left a ticket.

        :param int ticket_id: the ticket; one that the user sees no more can be left as well
        """
        # sudo: helpdesk.ticket.viewer - the own row
        own_sudo = self.sudo().search([
            ('ticket_id', '=', int(ticket_id)), ('user_id', '=', self.env.uid),
        ])
        ticket = own_sudo.ticket_id.with_env(self.env)
        own_sudo.unlink()
        if ticket:
            self._tell_others(ticket)

    # === BUSINESS METHODS === #

    @api.model
    def _browse_ticket(self, ticket_id):
        """ Return a ticket that an employee may read; none when it was deleted.

        :raise AccessError: for everybody else
        """
        if not self.env.user._is_internal():
            raise AccessError(self.env._("Only those who work on tickets are shown on them."))
        ticket = self.env['helpdesk.ticket'].browse(int(ticket_id)).exists()
        ticket.check_access('read')
        return ticket

    @api.model
    def _get_present(self, domain=Domain.TRUE):
        """ Return who is there now, those whose browser is gone left out. """
        # sudo: helpdesk.ticket.viewer - users read it through these methods only
        return self.sudo().search(
            domain & Domain('seen_date', '>', fields.Datetime.now() - timedelta(seconds=TTL)),
            order='id',
        )

    @api.model
    def _get_others(self, ticket):
        """ Return who else looks at a ticket.

        :rtype: list[dict]
        """
        return self._format(self._get_present(
            Domain('ticket_id', '=', ticket.id) & Domain('user_id', '!=', self.env.uid),
        ))

    @api.model
    def _format(self, viewers):
        return [
            {
                'id': viewer.user_id.id,
                'name': viewer.user_id.name,
                'is_writing': viewer.is_writing,
            }
            for viewer in viewers
        ]

    @api.model
    def _tell_others(self, ticket):
        """ Tell those who look at a ticket, and still may, who is there now. """
        present = self._get_present(Domain('ticket_id', '=', ticket.id))
        for viewer in present.filtered(lambda viewer: viewer.user_id != self.env.user):
            user = viewer.user_id
            # as the user's own request would have it, without the companies of this one
            if ticket.with_user(user).with_context(
                allowed_company_ids=user.company_ids.ids,
            ).has_access('read'):
                user._bus_send('helpdesk_sla.viewers', {
                    'ticket_id': ticket.id,
                    'viewers': self._format(present - viewer),
                })

    @api.autovacuum
    def _gc_viewers(self):
        """ Delete the rows of browsers that never said goodbye. """
        self.search([
            ('seen_date', '<', fields.Datetime.now() - timedelta(seconds=TTL)),
        ]).unlink()

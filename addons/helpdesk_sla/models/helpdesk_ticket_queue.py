from odoo import api, models
from odoo.fields import Domain

# how far down the queue is looked
QUEUE_SIZE = 200


class HelpdeskTicketQueue(models.AbstractModel):
    """ What an agent works on next: the own tickets, then what nobody has taken.

    In both, the most urgent first, in the order of the list of tickets. Left out is what others
    have to act on, what is snoozed, and what a colleague is looking at.
    """

    _name = 'helpdesk.ticket.queue'
    _description = "Queue of an Agent"

    # === ACTION METHODS === #

    def action_next_ticket(self):
        """ Open the most urgent ticket, or the one after this one when it is in the queue. """
        queue = self._get_own_queue() | self._get_unassigned_queue()
        position = queue.ids.index(self.id) + 1 if len(self) == 1 and self in queue else 0
        # what was skipped comes round again
        ticket = ((queue[position:] | queue[:position]) - self)[:1]
        return ticket._open_next() if ticket else self._say_that_nothing_waits()

    @api.model
    def action_take_next_ticket(self, *_args):
        """ Take the most urgent ticket that nobody has taken, and open it.

        Two who press at the same moment get different tickets: one that a colleague takes just now
        is locked and skipped; one that was taken since this transaction began makes the request
        run again.
        """
        ticket = self._get_unassigned_queue().try_lock_for_update(allow_referencing=True, limit=1)
        if not ticket:
            return self._say_that_nothing_waits()
        ticket.user_id = self.env.user
        return ticket._open_next()

    # === BUSINESS METHODS === #

    @api.model
    def _get_queue_domain(self):
        """ Return what an agent can go on with now. """
        # sudo: helpdesk.ticket.viewer - where colleagues are is not shown
        viewed = self.env['helpdesk.ticket.viewer'].sudo()._get_present(
            Domain('user_id', '!=', self.env.uid),
        ).ticket_id
        return (
            Domain('is_closed', '=', False)
            & Domain('stage_type', '=', 'open')
            & Domain('is_snoozed', '=', False)
            & Domain('id', 'not in', viewed.ids)
        )

    @api.model
    def _get_own_queue(self):
        """ Return the tickets of the current user, the most urgent first. """
        return self.search(
            self._get_queue_domain() & Domain('user_id', '=', self.env.uid), limit=QUEUE_SIZE,
        )

    @api.model
    def _get_unassigned_queue(self):
        """ Return what nobody has taken in the user's own teams, the most urgent first. """
        teams = self.env['helpdesk.team'].search(
            Domain('member_ids', 'in', self.env.uid) | Domain('leader_id', '=', self.env.uid),
        )
        return self.search(
            self._get_queue_domain()
            & Domain('user_id', '=', False)
            & Domain('team_id', 'in', teams.ids),
            limit=QUEUE_SIZE,
        )

    def _open_next(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.client',
            'tag': 'helpdesk_sla.next_ticket',
            'params': {'ticket_id': self.id},
        }

    @api.model
    def _say_that_nothing_waits(self):
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._(
                    "Nothing else waits: the other tickets are taken, snoozed, waiting for others, "
                    "or a colleague is looking at them.",
                ),
            },
        }

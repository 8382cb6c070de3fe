from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# a kind of link -> what it is called from the other ticket
OPPOSITES = {
    'related': 'related',
    'blocks': 'blocked_by',
    'blocked_by': 'blocks',
}


class HelpdeskTicketLink(models.Model):
    """ A link between two tickets, as it is read on the first of them.

    A link is two rows, one for each side, so that both tickets list, search and edit it as their
    own. The rows are created, changed and deleted together.
    """

    _name = 'helpdesk.ticket.link'
    _description = "Link between Tickets"
    _order = 'kind, linked_ticket_id desc, id'
    _rec_name = 'linked_ticket_id'

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, index=True, ondelete='cascade',
    )
    kind = fields.Selection(
        selection=[
            ('related', "Related to"),
            ('blocks', "Blocks"),
            ('blocked_by', "Is blocked by"),
        ],
        string="Link",
        required=True,
        default='related',
    )
    linked_ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', string="Linked Ticket", required=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='ticket_id.company_id')
    linked_partner_id = fields.Many2one(related='linked_ticket_id.partner_id')
    linked_user_id = fields.Many2one(
        related='linked_ticket_id.user_id', string="Assigned to",
    )
    linked_stage_id = fields.Many2one(related='linked_ticket_id.stage_id', string="Stage")
    linked_is_closed = fields.Boolean(related='linked_ticket_id.is_closed', string="Closed")

    _pair_uniq = models.Constraint(
        'UNIQUE (ticket_id, linked_ticket_id)',
        "These two tickets are linked already. Change the kind of that link instead.",
    )
    _not_itself = models.Constraint(
        'CHECK (ticket_id != linked_ticket_id)',
        "A ticket cannot be linked to itself.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('ticket_id', 'linked_ticket_id')
    def _check_same_company(self):
        for link in self:
            if link.ticket_id.company_id != link.linked_ticket_id.company_id:
                raise ValidationError(self.env._(
                    "%(ticket)s and %(other)s belong to different companies and cannot be linked.",
                    ticket=link.ticket_id.ticket_ref, other=link.linked_ticket_id.ticket_ref,
                ))

    @api.constrains('ticket_id', 'linked_ticket_id', 'kind')
    def _check_no_blocking_cycle(self):
        blocking = self.filtered(lambda link: link.kind != 'related')
        if not blocking:
            return
        self.flush_model(['ticket_id', 'linked_ticket_id', 'kind'])
        circular = self.env.execute_query(SQL(
            "WITH RECURSIVE reached (origin, id) AS ("
            " SELECT ticket_id, linked_ticket_id FROM helpdesk_ticket_link"
            " WHERE kind = 'blocks' AND ticket_id IN %s"
            " UNION"
            " SELECT reached.origin, link.linked_ticket_id FROM reached"
            " JOIN helpdesk_ticket_link link ON link.ticket_id = reached.id"
            " WHERE link.kind = 'blocks' AND reached.id != reached.origin)"
            " SELECT origin FROM reached WHERE origin = id LIMIT 1",
            tuple((blocking.ticket_id | blocking.linked_ticket_id).ids),
        ))
        if circular:
            ticket = self.env['helpdesk.ticket'].browse(circular[0])
            raise ValidationError(self.env._(
                "%(ticket)s would block itself through this link: the tickets that it blocks "
                "already block it.",
                # sudo: helpdesk.ticket - its reference only
                ticket=ticket.sudo().ticket_ref,
            ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        links = super().create(vals_list)
        if not self.env.context.get('helpdesk_opposite_link'):
            # sudo: helpdesk.ticket.link - the same link, as the other ticket reads it
            opposites = self.sudo().with_context(helpdesk_opposite_link=True)
            opposites.create([
                {
                    'ticket_id': link.linked_ticket_id.id,
                    'kind': OPPOSITES[link.kind],
                    'linked_ticket_id': link.ticket_id.id,
                }
                for link in links
            ])
            (links.ticket_id | links.linked_ticket_id).invalidate_recordset(['link_ids'])
        return links

    def write(self, vals):
        if self.env.context.get('helpdesk_opposite_link'):
            return super().write(vals)
        opposites = {link: link._get_opposite() for link in self}
        result = super().write(vals)
        for link, opposite in opposites.items():
            opposite.write({
                'ticket_id': link.linked_ticket_id.id,
                'kind': OPPOSITES[link.kind],
                'linked_ticket_id': link.ticket_id.id,
            })
        return result

    def unlink(self):
        if self.env.context.get('helpdesk_opposite_link'):
            return super().unlink()
        opposites = self._get_opposite() - self
        result = super().unlink()
        opposites.unlink()
        return result

    # === BUSINESS METHODS === #

    def _get_opposite(self):
        """ Return the rows that say the same of the linked tickets. """
        pairs = {(link.linked_ticket_id.id, link.ticket_id.id) for link in self}
        # sudo: helpdesk.ticket.link - as in create
        return self.sudo().with_context(helpdesk_opposite_link=True).search([
            ('ticket_id', 'in', self.linked_ticket_id.ids),
            ('linked_ticket_id', 'in', self.ticket_id.ids),
        ]).filtered(lambda link: (link.ticket_id.id, link.linked_ticket_id.id) in pairs)

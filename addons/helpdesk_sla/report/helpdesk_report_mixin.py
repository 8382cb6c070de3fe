from odoo import fields, models
from odoo.tools import SQL

# what every report can be grouped and filtered by: columns of the ticket
DIMENSIONS = (
    'active', 'company_id', 'team_id', 'user_id', 'partner_id', 'commercial_partner_id',
    'agreement_id', 'priority', 'ticket_type_id', 'channel', 'is_closed',
)


class HelpdeskReportMixin(models.AbstractModel):
    """ What the reports have in common: they tell something of tickets, as these are today.

    The reports are queries, not tables: nothing has to be kept up to date, and the clock is the
    one of the request (`now`), so that a promise that was broken a minute ago is broken in the
    report as well.
    """

    _name = 'helpdesk.report.mixin'
    _description = "Report on Tickets"

    ticket_id = fields.Many2one(comodel_name='helpdesk.ticket', readonly=True)
    active = fields.Boolean(readonly=True)
    company_id = fields.Many2one(comodel_name='res.company', readonly=True)
    team_id = fields.Many2one(
        comodel_name='helpdesk.team', string="Helpdesk Team", readonly=True,
    )
    user_id = fields.Many2one(
        comodel_name='res.users',
        string="Assigned to",
        readonly=True,
        falsy_value_label="Unassigned",
    )
    partner_id = fields.Many2one(comodel_name='res.partner', string="Customer", readonly=True)
    commercial_partner_id = fields.Many2one(
        comodel_name='res.partner', string="Client", readonly=True,
    )
    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement', string="Agreement", readonly=True,
    )
    priority = fields.Selection(
        selection=lambda self: self._selection_of_ticket('priority'), readonly=True,
    )
    ticket_type_id = fields.Many2one(
        comodel_name='helpdesk.ticket.type', string="Type", readonly=True,
    )
    channel = fields.Selection(
        selection=lambda self: self._selection_of_ticket('channel'), readonly=True,
    )
    is_closed = fields.Boolean(string="Is Closed", readonly=True)

    def _selection_of_ticket(self, fname):
        return self.env['helpdesk.ticket']._fields[fname]._description_selection(self.env)

    # === ACTION METHODS === #

    def action_open_ticket(self):
        """ Open the ticket behind a line. """
        self.ensure_one()
        return self.ticket_id.get_formview_action()

    # === BUSINESS METHODS === #

    def _select_dimensions(self, alias):
        """ Return the columns of the ticket that every report has.

        :param str alias: of the ticket's table
        :rtype: SQL
        """
        tickets = self.env['helpdesk.ticket']
        return SQL(", ").join([
            SQL("%s AS ticket_id", SQL.identifier(alias, 'id')),
            *(
                SQL(
                    "%s AS %s",
                    SQL.identifier(alias, fname, to_flush=tickets._fields[fname]),
                    SQL.identifier(fname),
                )
                for fname in DIMENSIONS
            ),
        ])

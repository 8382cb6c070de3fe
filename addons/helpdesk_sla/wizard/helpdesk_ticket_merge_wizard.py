from odoo import api, fields, models
from odoo.exceptions import UserError


class HelpdeskTicketMergeWizard(models.TransientModel):
    """ Asks which of several tickets remains, and says who will read it then (W13). """

    _name = 'helpdesk.ticket.merge.wizard'
    _description = "Merge Tickets"

    ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket',
        string="Tickets",
        default=lambda self: self._default_ticket_ids(),
        domain=[('merged_into_id', '=', False)],
    )
    target_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Merge into",
        compute='_compute_target_id', store=True, readonly=False, precompute=True,
        domain="[('id', 'in', ticket_ids)]",
        help="Keeps its reference, stage, assignee and SLA. The messages, files, activities, tags "
             "and time of the others move to it.",
    )
    problem = fields.Char(compute='_compute_problem', export_string_translation=False)
    new_readers = fields.Char(
        compute='_compute_new_readers', export_string_translation=False,
    )

    def _default_ticket_ids(self):
        return self.env['helpdesk.ticket'].browse(self.env.context.get('active_ids', ()))

    # === COMPUTE METHODS === #

    @api.depends('ticket_ids')
    def _compute_target_id(self):
        """ Suggest the oldest open ticket. """
        for wizard in self:
            if wizard.target_id not in wizard.ticket_ids._origin:
                wizard.target_id = wizard.ticket_ids._origin.sorted(
                    lambda ticket: (ticket.is_closed, ticket.open_date, ticket.id),
                )[:1]

    @api.depends('ticket_ids', 'target_id')
    def _compute_problem(self):
        for wizard in self:
            wizard.problem = wizard._get_problem()

    @api.depends('ticket_ids', 'target_id')
    def _compute_new_readers(self):
        """ Name those outside our company who will read the target and could not before. """
        for wizard in self:
            target, sources = wizard._get_tickets()
            if wizard.problem or not target:
                wizard.new_readers = False
                continue
            partners = target._get_merge_followers(sources).filtered('partner_share')
            before = set(target._mail_cc_sanitized_raw_dict(target.email_cc))
            after = target._mail_cc_sanitized_raw_dict(target._get_merge_emails(sources))
            wizard.new_readers = ', '.join([
                *partners.mapped('display_name'),
                *(after[email] for email in after.keys() - before),
            ]) or False

    # === ACTION METHODS === #

    def action_merge(self):
        """ Merge the tickets and open the one that remains. """
        self.ensure_one()
        target, sources = self._get_tickets()
        if problem := self._get_problem():
            raise UserError(problem)
        target._merge(sources)
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'helpdesk.ticket',
            'res_id': target.id,
            'views': [(False, 'form')],
        }

    # === BUSINESS METHODS === #

    def _get_tickets(self):
        """ Return the target and the sources. """
        self.ensure_one()
        target = self.target_id._origin
        return target, self.ticket_ids._origin - target

    def _get_problem(self):
        """ Return why the tickets cannot be merged, as a sentence, or False. """
        target, sources = self._get_tickets()
        if not target and self.ticket_ids:
            return self.env._("Choose the ticket that remains.")
        if not target:
            return self.env._("Choose at least two tickets to merge.")
        return target._get_merge_problem(sources)

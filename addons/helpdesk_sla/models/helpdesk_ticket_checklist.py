from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain


class HelpdeskTicketChecklist(models.AbstractModel):
    """ The checklists of a ticket: added by its type or by hand, ticked off by those who work. """

    _name = 'helpdesk.ticket.checklist'
    _description = "Checklists of a Ticket"

    checklist_template_ids = fields.Many2many(
        comodel_name='helpdesk.checklist.template',
        relation='helpdesk_ticket_checklist_template_rel',
        column1='ticket_id',
        column2='template_id',
        string="Checklists",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    checklist_line_ids = fields.One2many(
        comodel_name='helpdesk.ticket.checklist.line',
        inverse_name='ticket_id',
        string="Checklist",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    checklist_count = fields.Integer(
        compute='_compute_checklist_count', groups='helpdesk_sla.group_helpdesk_user',
        string="Checklist Items",
    )
    checklist_done_count = fields.Integer(
        compute='_compute_checklist_count', groups='helpdesk_sla.group_helpdesk_user',
        string="Checklist Items Done",
    )

    # === COMPUTE METHODS === #

    @api.depends('checklist_line_ids.is_done')
    def _compute_checklist_count(self):
        counts = defaultdict(dict)
        for ticket, is_done, count in self.env['helpdesk.ticket.checklist.line']._read_group(
            [('ticket_id', 'in', self._origin.ids)], ['ticket_id', 'is_done'], ['__count'],
        ):
            counts[ticket.id][is_done] = count
        for ticket in self:
            of_ticket = counts[ticket._origin.id]
            ticket.checklist_count = sum(of_ticket.values())
            ticket.checklist_done_count = of_ticket.get(True, 0)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        chosen = tickets.browse(
            ticket.id for ticket, vals in zip(tickets, vals_list)
            if vals.get('checklist_template_ids')
        )
        # sudo: helpdesk.ticket - the team's lists, whoever registers the ticket
        chosen.sudo()._sync_checklist_lines()
        tickets.sudo()._add_automatic_checklists()
        return tickets

    def write(self, vals):
        result = super().write(vals)
        if 'stage_id' in vals:
            self._check_checklists_are_complete()
        if 'checklist_template_ids' in vals:
            # sudo: helpdesk.ticket.checklist.line - follows from what was chosen
            self.sudo()._sync_checklist_lines()
        if {'ticket_type_id', 'team_id'} & vals.keys():
            self.sudo()._add_automatic_checklists()
        return result

    # === BUSINESS METHODS === #

    def _check_checklists_are_complete(self):
        """ Keep people from solving what is not done.

        What the system closes (a customer in the portal, a job) is not held up by an internal
        list, and neither is what goes on in another ticket.
        """
        # not a constraint method: those run as the superuser, whoever writes
        if self.env.su:
            return
        solved = self.filtered(
            lambda ticket: ticket.stage_type == 'solved' and not ticket._get_merge_target(),
        )
        if not solved:
            return
        # sudo: helpdesk.ticket.checklist.line - what is open counts, whoever moves the ticket
        lines = self.env['helpdesk.ticket.checklist.line'].sudo().search(
            Domain('ticket_id', 'in', solved.ids)
            & Domain('is_required', '=', True) & Domain('is_done', '=', False),
        )
        if lines:
            ticket = lines[0].ticket_id
            raise ValidationError(self.env._(
                "%(ticket)s cannot be solved yet. Still open on its checklist: %(items)s.",
                ticket=ticket.display_name,
                items=', '.join(
                    lines.filtered(lambda line: line.ticket_id == ticket).mapped('name'),
                ),
            ))

    def _add_automatic_checklists(self):
        """ Add the checklists that the team and the type of the tickets ask for. """
        templates = self.env['helpdesk.checklist.template'].search(
            [('is_automatic', '=', True)],
        )
        if not templates:
            return
        missing = defaultdict(self.browse)
        for ticket in self:
            new = templates.filtered(
                lambda template, ticket=ticket: template._is_for(ticket),
            ) - ticket.checklist_template_ids
            if new:
                missing[new] |= ticket
        for new, tickets in missing.items():
            tickets.checklist_template_ids = [Command.link(template.id) for template in new]

    def _sync_checklist_lines(self):
        """ Bring the lines in step with the templates that were chosen.

        A template that is taken away takes along what nobody has done yet.
        """
        to_create, to_delete = [], self.checklist_line_ids.browse()
        for ticket in self:
            lines = ticket.checklist_line_ids
            to_delete |= lines.filtered(
                lambda line, ticket=ticket: line.template_id
                and line.template_id not in ticket.checklist_template_ids
                and not line.is_done,
            )
            for template in ticket.checklist_template_ids - lines.template_id:
                to_create += template._prepare_lines(ticket)
        to_delete.with_user(self.env.user).unlink()
        self.env['helpdesk.ticket.checklist.line'].create(to_create)

    def _merge_move(self, sources):
        """ Take over what was still to do, and was done, on the sources; no checklist twice. """
        super()._merge_move(sources)
        # sudo: helpdesk.ticket.checklist.line - as the rest of the merge
        target = self.sudo()
        templates = target.checklist_template_ids
        for source in sources:
            new = source.checklist_template_ids - templates
            source.checklist_line_ids.filtered(
                lambda line, new=new: not line.template_id or line.template_id in new,
            ).ticket_id = target
            templates |= new
        if templates != target.checklist_template_ids:
            target.checklist_template_ids = templates

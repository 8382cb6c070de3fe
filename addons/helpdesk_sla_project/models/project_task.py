from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .helpdesk_ticket import _escape_like


class ProjectTask(models.Model):
    _inherit = 'project.task'

    helpdesk_ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket',
        relation='helpdesk_ticket_task_rel',
        column1='task_id',
        column2='ticket_id',
        string="Tickets",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    helpdesk_ticket_count = fields.Integer(
        string="Number of Tickets", compute='_compute_helpdesk_ticket_count',
        groups='helpdesk_sla.group_helpdesk_user',
    )

    # === COMPUTE METHODS === #

    @api.depends('helpdesk_ticket_ids')
    @api.depends_context('uid')
    def _compute_helpdesk_ticket_count(self):
        for task in self:
            task.helpdesk_ticket_count = len(task.helpdesk_ticket_ids)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tasks = super().create(vals_list)
        if any(vals.get('helpdesk_ticket_ids') for vals in vals_list):
            tasks._check_linked_tickets({})
        return tasks

    def write(self, vals):
        """ Tell the tickets of tasks that are closed by this. """
        # sudo: project.task - the tickets are told, whoever closes the task
        before = {
            task.id: task.helpdesk_ticket_ids for task in self.sudo()
        } if vals.get('helpdesk_ticket_ids') else {}
        open_tasks = self.filtered(
            lambda task: not task.is_closed,
        ) if 'state' in vals else self.browse()
        result = super().write(vals)
        if before:
            self._check_linked_tickets(before)
        closed_sudo = open_tasks.sudo().filtered('is_closed')
        # what is cached may be what the user sees
        closed_sudo.invalidate_recordset(['helpdesk_ticket_ids'])
        for task_sudo in closed_sudo.filtered('helpdesk_ticket_ids'):
            task_sudo.helpdesk_ticket_ids._tell_task_closed(task_sudo)
        return result

    def _check_linked_tickets(self, before):
        """ Refuse links to tickets that the user may not change: the thread of each is written.

        :param dict before: the helpdesk.ticket that each task was linked to
        :raise AccessError: if a new one is not the user's to change
        """
        for task in self.sudo():
            new = task.helpdesk_ticket_ids - before.get(task.id, task.helpdesk_ticket_ids.browse())
            new.with_env(self.env).check_access('write')

    # === ACTION METHODS === #

    def action_view_helpdesk_tickets(self):
        """ Open the tickets of the task. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['context'] = {'create': False}
        if len(self.helpdesk_ticket_ids) == 1:
            return {
                **action, 'res_id': self.helpdesk_ticket_ids.id, 'views': [(False, 'form')],
            }
        return {
            **action,
            'display_name': self.env._("Tickets of %(task)s", task=self.name),
            'domain': [('id', 'in', self.helpdesk_ticket_ids.ids)],
        }

    # === BUSINESS METHODS === #

    def _convert_to_ticket(self, team, close=False):
        """ Create a ticket from the task and link the two.

        The clocks of the ticket count from now: before, nothing was promised.

        :param team: the helpdesk.team of the ticket
        :param bool close: whether the request goes on in the ticket alone; the task is canceled
        :rtype: helpdesk.ticket
        :raise AccessError: if the user may not change the task, or not use the team
        :raise UserError: if the user may not create tickets, or the companies differ
        """
        self.ensure_one()
        self.check_access('write')
        if not self.env['helpdesk.ticket'].has_access('create'):
            raise UserError(self.env._(
                "You work in projects, but not in the helpdesk: tickets are created by those who "
                "have the right Helpdesk / User. Ask a colleague of the helpdesk to convert this "
                "task, or your administrator for the right.",
            ))
        team.check_access('read')
        if self.company_id and self.company_id != team.company_id:
            raise UserError(self.env._(
                "%(task)s belongs to another company than the team %(team)s.",
                task=self.name, team=team.name,
            ))
        ticket = self.env['helpdesk.ticket'].create(self._prepare_ticket_values(team))
        attachments = self.env['ir.attachment'].search([
            ('res_model', '=', self._name), ('res_id', '=', self.id), ('res_field', '=', False),
        ], order='id')
        for attachment in attachments:
            attachment.copy({
                'name': attachment.name, 'res_model': ticket._name, 'res_id': ticket.id,
            })
        if close and not self.is_closed:
            self.state = '1_canceled'
        ticket._log_notes({ticket: self.env._(
            "Created from the task %(task)s", task=self._get_html_link(),
        )})
        ticket.task_ids = [Command.link(self.id)]
        self._message_log(body=(
            self.env._("Goes on in the ticket %(ticket)s", ticket=ticket._get_html_link())
            if close else
            self.env._("Linked to the ticket %(ticket)s", ticket=ticket._get_html_link())
        ))
        return ticket

    def _prepare_ticket_values(self, team):
        """ Return the values that a ticket takes from the task.

        :param team: the helpdesk.team of the ticket
        :rtype: dict
        """
        self.ensure_one()
        Tags = self.env['helpdesk.tag']
        tags = Tags.browse()
        for name in self.tag_ids.mapped('name'):
            tags |= Tags.search([('name', '=ilike', _escape_like(name))], limit=1)
        values = {
            'name': self.name,
            'description': self.description,
            'team_id': team.id,
            'partner_id': self.partner_id.id,
            'tag_ids': [Command.set(tags.ids)],
        }
        if self.priority != '0':
            # the lowest one of a task says that nobody thought of it
            values['priority'] = self.priority
        return values

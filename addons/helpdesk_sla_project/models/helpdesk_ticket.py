import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

# projects whose tasks every internal user may see: following one reveals nothing more
OPEN_PROJECTS = ('employees', 'portal')


class HelpdeskTicket(models.Model):
    _inherit = 'helpdesk.ticket'

    task_ids = fields.Many2many(
        comodel_name='project.task',
        relation='helpdesk_ticket_task_rel',
        column1='ticket_id',
        column2='task_id',
        string="Tasks",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    task_count = fields.Integer(
        string="Number of Tasks", compute='_compute_task_count',
        groups='helpdesk_sla.group_helpdesk_user',
    )
    snooze_event = fields.Selection(
        selection_add=[('task', "A task is done")],
        ondelete={'task': lambda tickets: tickets._end_snooze()},
    )

    # === COMPUTE METHODS === #

    @api.depends('task_ids')
    @api.depends_context('uid')
    def _compute_task_count(self):
        for ticket in self:
            ticket.task_count = len(ticket.task_ids)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        if any(vals.get('task_ids') for vals in vals_list):
            tickets._check_linked_tasks({})
        return tickets

    def write(self, vals):
        if not vals.get('task_ids'):
            return super().write(vals)
        # sudo: helpdesk.ticket - what was linked before by others may be hidden from the user
        before = {ticket.id: ticket.sudo().task_ids for ticket in self}
        result = super().write(vals)
        self._check_linked_tasks(before)
        return result

    def _check_linked_tasks(self, before):
        """ Refuse links to tasks that the user cannot see: their names come to the thread.

        :param dict before: the project.task that each ticket was linked to
        :raise AccessError: if a new one is hidden from the user
        """
        for ticket in self:
            # sudo: helpdesk.ticket - hidden tasks are what is looked for
            new = ticket.sudo().task_ids - before.get(ticket.id, ticket.sudo().task_ids.browse())
            new.with_env(self.env).check_access('read')

    # === ACTION METHODS === #

    def action_view_tasks(self):
        """ Open the tasks of the ticket. """
        self.ensure_one()
        action = {
            'type': 'ir.actions.act_window',
            'name': self.env._("Tasks of %(ticket)s", ticket=self.ticket_ref),
            'res_model': 'project.task',
            'context': {'create': False},
        }
        if len(self.task_ids) == 1:
            return {**action, 'res_id': self.task_ids.id, 'views': [(False, 'form')]}
        return {
            **action,
            'domain': [('id', 'in', self.task_ids.ids)],
            'views': [(False, 'list'), (False, 'kanban'), (False, 'form')],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _check_may_create_tasks(self):
        """ Say whom to ask, where stock would name models and groups.

        :raise UserError: if the user may not create tasks
        """
        if not self.env['project.task'].has_access('create'):
            raise UserError(self.env._(
                "You work in the helpdesk, but not in projects: tasks are created by those who "
                "have the right Project / User. Ask a colleague of the project to convert this "
                "ticket, or your administrator for the right.",
            ))

    def _convert_to_task(self, project, close=False, snooze=False, **values):
        """ Create a task from the ticket and link the two.

        The thread stays on the ticket: it holds what was said to the customer and what must not
        be read in a project that is shared with customers.

        :param project: the project.project of the task
        :param bool close: whether the request goes on in the task alone; the ticket is canceled
        :param bool snooze: whether the ticket is out of sight until the task is done
        :param values: values of the task besides what the ticket gives
        :rtype: project.task
        :raise AccessError: if the user may not write the ticket, or not use the project
        :raise UserError: if the user may not create tasks, or the ticket was merged
        """
        self.ensure_one()
        self.check_access('write')
        self._check_may_create_tasks()
        self._check_not_merged()
        project.check_access('read')
        if project.company_id and project.company_id != self.company_id:
            raise UserError(self.env._(
                "%(project)s belongs to another company than %(ticket)s.",
                project=project.display_name, ticket=self.ticket_ref,
            ))
        task = self.env['project.task'].create({
            **self._prepare_task_values(project),
            **values,
        })
        self._copy_files_to_task(task)
        if project.sudo().privacy_visibility in OPEN_PROJECTS:
            # sudo: res.partner - colleagues only: customers follow the ticket
            task.message_subscribe(self.sudo().message_partner_ids.filtered(
                lambda partner: not partner.partner_share,
            ).ids)
        task._message_log(body=self.env._(
            "Created from the ticket %(ticket)s", ticket=self._get_html_link(),
        ))
        self._link_task(task, close=close, snooze=snooze)
        return task

    def _link_task(self, task, close=False, snooze=False):
        """ Link the ticket to a task; see `_convert_to_task`. """
        self.ensure_one()
        self.check_access('write')
        self._check_not_merged()
        task.check_access('read')
        self.task_ids = [Command.link(task.id)]
        if close:
            body = self.env._("Goes on in the task %(task)s", task=task._get_html_link())
        else:
            body = self.env._("Linked to the task %(task)s", task=task._get_html_link())
        self._log_notes({self: body})
        if close and not self.is_closed:
            self._close('cancelled')
        elif snooze and not self.is_closed and not task.is_closed:
            self._snooze('task')

    def _prepare_task_values(self, project):
        """ Return the values that a task takes from the ticket.

        :param project: the project.project of the task
        :rtype: dict
        """
        self.ensure_one()
        return {
            'name': self.name,
            'project_id': project.id,
            'description': self._prepare_task_description(),
            'partner_id': self.partner_id.id,
            'priority': self.priority,
            'tag_ids': [Command.set(self._get_project_tags().ids)],
        }

    def _prepare_task_description(self):
        """ Return the description, and what its checklists ask for.

        :rtype: Markup
        """
        self.ensure_one()
        description = Markup(self.description or '')
        if self.checklist_line_ids:
            description += Markup('<ul class="o_checklist">%s</ul>') % Markup().join(
                Markup('<li class="o_checked">%s</li>' if line.is_done else '<li>%s</li>')
                % line.name
                for line in self.checklist_line_ids
            )
        return description

    def _get_project_tags(self):
        """ Return the tags of projects that are called as the ticket's; missing ones are made
        by those who may make tags.

        :rtype: project.tags
        """
        Tags = self.env['project.tags']
        tags = Tags.browse()
        for name in self.tag_ids.mapped('name'):
            tag = Tags.search([('name', '=ilike', _escape_like(name))], limit=1)
            if not tag and Tags.has_access('create'):
                tag = Tags.create({'name': name})
            tags |= tag
        return tags

    def _copy_files_to_task(self, task):
        """ Copy the files, and let the pictures of the description come from the copies. """
        attachments = self.env['ir.attachment'].search([
            ('res_model', '=', self._name), ('res_id', '=', self.id), ('res_field', '=', False),
        ], order='id')
        copies = {}
        for attachment in attachments:
            copies[attachment.id] = attachment.copy({
                'name': attachment.name, 'res_model': task._name, 'res_id': task.id,
            })
        if copies and task.description:
            task.description = Markup(re.sub(
                r'/web/image/(\d+)(\?access_token=[\w-]+)?',
                lambda match: (
                    f'/web/image/{copies[int(match[1])].id}'
                    f'?access_token={copies[int(match[1])].generate_access_token()[0]}'
                    if int(match[1]) in copies else match[0]
                ),
                task.description,
            ))

    def _tell_task_closed(self, task):
        """ Tell those who work on the tickets that a task is done, or will not be done.

        :param task: a closed project.task
        """
        # sudo: helpdesk.ticket, project.task - follows from the task, whoever sees the tickets
        tickets, task = self.sudo(), task.sudo()
        if task.state == '1_canceled':
            body = self.env._("The task %(task)s was canceled.", task=task._get_html_link())
            summary = self.env._("Go on: the task was canceled")
        else:
            body = self.env._("The task %(task)s is done.", task=task._get_html_link())
            summary = self.env._("Go on: the task is done")
        tickets._log_notes(dict.fromkeys(tickets, body))
        # by a search: what is cached may be what another user sees
        ready = tickets.search([
            ('id', 'in', tickets.ids), ('is_closed', '=', False),
            ('task_ids', 'not any', [('is_closed', '=', False)]),
        ])
        groups = {}
        for ticket in ready:
            user = ticket.user_id or ticket.snooze_user_id
            groups[user] = groups.get(user, tickets.browse()) | ticket
        ready.filtered(lambda ticket: ticket.snooze_event == 'task')._end_snooze()
        for user, of_user in groups.items():
            if user.active:
                of_user.activity_schedule(
                    'mail.mail_activity_data_todo', summary=summary, user_id=user.id,
                )

    # === MERGE === #

    def _merge_move(self, sources):
        """ Link the task of each source to the ticket that remains. """
        super()._merge_move(sources)
        if tasks := sources.task_ids - self.task_ids:
            self.task_ids = [Command.link(task.id) for task in tasks]


def _escape_like(name):
    """ Return a name as a pattern that matches only itself. """
    return re.sub(r'([\\%_])', r'\\\1', name)

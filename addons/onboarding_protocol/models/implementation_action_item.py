from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class ImplementationActionItem(models.Model):
    """ What somebody promised in a meeting; it becomes a task when the minutes are sent. """

    _name = 'implementation.action.item'
    _description = "Action Item of a Meeting"
    _order = 'meeting_id, sequence, id'

    meeting_id = fields.Many2one(
        comodel_name='calendar.event', string="Meeting", required=True, index=True,
        ondelete='cascade', domain=[('implementation_id', '!=', False)],
    )
    project_id = fields.Many2one(
        related='meeting_id.implementation_id', string="Implementation", store=True, index=True,
        precompute=True,
    )
    company_id = fields.Many2one(related='project_id.company_id', store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="What", required=True)
    partner_id = fields.Many2one(
        comodel_name='res.partner', string="Who", index='btree_not_null', ondelete='set null',
        help="One of our people or of the client's.",
    )
    date_deadline = fields.Date(string="Due")
    is_client = fields.Boolean(
        string="Owed by the Client", compute='_compute_is_client', store=True, precompute=True,
    )
    task_id = fields.Many2one(
        comodel_name='project.task', string="Task", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
    )
    state = fields.Selection(
        selection=[('draft', "Minutes not Sent"), ('open', "Open"), ('done', "Done")],
        compute='_compute_state',
    )

    # === COMPUTE METHODS === #

    @api.depends('partner_id', 'project_id')
    def _compute_is_client(self):
        for item in self:
            # sudo: res.partner - which company somebody works for
            client = item.sudo().project_id.client_id
            item.is_client = bool(client) and (
                item.partner_id.sudo().commercial_partner_id == client
            )

    @api.depends('task_id.state')
    def _compute_state(self):
        for item in self:
            # sudo: project.task - only whether it is closed
            task = item.sudo().task_id
            item.state = ('done' if task.is_closed else 'open') if task else 'draft'

    # === CONSTRAINT METHODS === #

    @api.constrains('meeting_id')
    def _check_meeting_id(self):
        for item in self:
            if not item.project_id:
                raise UserError(self.env._(
                    "%(meeting)s belongs to no implementation: choose one first.",
                    meeting=item.meeting_id.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_engine_values(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_values(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if self.filtered('task_id'):
            raise UserError(self.env._(
                "The client has it in the minutes: close or cancel its task instead.",
            ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'task_id'}

    def _check_engine_values(self, vals):
        """ Refuse to choose by hand the task that an item becomes.

        :raise AccessError: if a user writes it
        """
        if 'task_id' in vals and not self.env.su:
            raise AccessError(self.env._(
                "An action item becomes a task when the minutes are sent.",
            ))

    def _create_tasks(self):
        """ Make a task of each action item that has none yet. """
        # sudo: implementation.action.item - the minutes make the tasks, in one go
        items = self.sudo().filtered(lambda item: not item.task_id)
        tasks = items.env['project.task'].create([
            item._prepare_task_values() for item in items
        ])
        for item, task in zip(items, tasks):
            item.task_id = task

    def _prepare_task_values(self):
        """ Return the values of the task that the action item becomes.

        It has no phase: what was promised in a meeting holds up no phase, unless somebody says so.
        """
        self.ensure_one()
        users = self.partner_id.user_ids.filtered(lambda user: not user.share)
        return {
            'name': self.name,
            'project_id': self.project_id.id,
            'is_client_task': self.is_client,
            'user_ids': [Command.set(users[:1].ids)],
            'date_deadline': self.date_deadline and datetime.combine(self.date_deadline, time(12)),
            'description': self.env._("Promised in the meeting %(meeting)s.",
                                      meeting=self.meeting_id.name),
        }

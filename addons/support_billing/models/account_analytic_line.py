from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError


class AccountAnalyticLine(models.Model):
    _inherit = 'account.analytic.line'

    helpdesk_ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Helpdesk Ticket",
        domain="[('use_helpdesk_timesheet', '=', True), ('project_id', '=?', project_id)]",
        index='btree_not_null',
        ondelete='restrict',
    )

    _ticket_or_task = models.Constraint(
        'CHECK (helpdesk_ticket_id IS NULL OR task_id IS NULL)',
        "Time is spent on a ticket or on a task, not on both.",
    )

    # === COMPUTE METHODS === #

    @api.depends('helpdesk_ticket_id')
    def _compute_display_name(self):
        on_ticket = self.filtered('helpdesk_ticket_id')
        super(AccountAnalyticLine, self - on_ticket)._compute_display_name()
        for line in on_ticket:
            # sudo: helpdesk.ticket, project.project - their names, to whoever sees the timesheet
            line_sudo = line.sudo()
            line.display_name = self.env._(
                "%(project)s - %(ticket)s",
                project=line_sudo.project_id.display_name,
                ticket=line_sudo.helpdesk_ticket_id.display_name,
            )

    @api.depends('helpdesk_ticket_id.partner_id')
    def _compute_partner_id(self):
        super()._compute_partner_id()
        for line in self:
            if line.helpdesk_ticket_id.partner_id and line._is_not_billed():
                line.partner_id = line.helpdesk_ticket_id.partner_id

    @api.depends('helpdesk_ticket_id.partner_id.commercial_partner_id')
    def _compute_commercial_partner(self):
        super()._compute_commercial_partner()
        for line in self:
            # sudo: helpdesk.ticket - whose time it is, to whoever sees the timesheet
            client = line.helpdesk_ticket_id.sudo().partner_id.commercial_partner_id
            line.commercial_partner_id = client or line.commercial_partner_id

    @api.depends('helpdesk_ticket_id.sale_line_id')
    def _compute_so_line(self):
        """ Leave out the time on tickets that is saved: see `_allocate_support_hours`. """
        allocated = self.filtered(lambda line: line.helpdesk_ticket_id and line._origin)
        super(AccountAnalyticLine, self - allocated)._compute_so_line()

    # === CONSTRAINT METHODS === #

    @api.constrains('so_line', 'is_so_line_edited', 'helpdesk_ticket_id')
    def _check_so_line_of_ticket(self):
        """ Refuse a line that was set by hand and does not fit; the others are allocated. """
        # sudo: sale.order.line, helpdesk.ticket - agents choose lines whose orders they cannot read
        for line in self.sudo().filtered(
            lambda line: line.helpdesk_ticket_id and line.so_line and line.is_so_line_edited,
        ):
            if line._is_not_billed() and not line.helpdesk_ticket_id._accepts_sale_line(
                line.so_line,
            ):
                raise ValidationError(self.env._(
                    "Time on %(ticket)s cannot go to this sales order item: it belongs to another "
                    "customer or company, or is not delivered by timesheets.",
                    ticket=line.helpdesk_ticket_id.display_name,
                ))

    # === ONCHANGE METHODS === #

    @api.onchange('helpdesk_ticket_id')
    def _onchange_helpdesk_ticket_id(self):
        if self.helpdesk_ticket_id:
            self.task_id = False
            self.project_id = self.helpdesk_ticket_id.project_id or self.project_id

    @api.onchange('task_id')
    def _onchange_task_id_helpdesk(self):
        if self.task_id:
            self.helpdesk_ticket_id = False

    @api.onchange('project_id')
    def _onchange_project_id(self):
        super()._onchange_project_id()
        if self.helpdesk_ticket_id and self.project_id != self.helpdesk_ticket_id.project_id:
            self.helpdesk_ticket_id = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Complete the time logged on tickets, before stock asks for its project. """
        self._check_allocated_values([
            *vals_list,
            [key.removeprefix('default_') for key in self.env.context],
        ])
        without_employee = []
        if any(self._get_ticket_id(vals) for vals in vals_list):
            vals_list = [dict(vals) for vals in vals_list]
            without_employee = self._complete_ticket_values(vals_list)
        try:
            lines = super().create(vals_list)
        except ValidationError:
            # stock asks for employees too, but does not say whose is missing
            self._check_employees(without_employee)
            raise
        if not self._is_allocating():
            lines._allocate_support_hours()
        return lines

    def write(self, vals):
        """ Change the time, and let what the client has bought pay for it anew.

        Time that moves to another ticket goes to the project of that ticket's team. Invoiced time,
        which may move only when its ticket is merged into another, keeps the project and the order
        line it was invoiced with.
        """
        self._check_allocated_values([vals])
        vals, project = self._prepare_ticket_write(vals)
        # sudo: account.move - whether the time is invoiced, for who cannot see the invoice
        moving = self.sudo().filtered(
            lambda line: line._is_not_billed() and line.project_id != project,
        ).with_env(self.env) if project else self.browse()
        if moving:
            super(AccountAnalyticLine, moving).write({**vals, 'project_id': project.id})
        if staying := self - moving:
            super(AccountAnalyticLine, staying).write(dict(vals))
        if self._is_allocating() or not self._get_allocation_fields() & vals.keys():
            return True
        lines = self - self._join_split_parts()
        # sudo: account.analytic.line - what nobody but the allocation writes
        lines.sudo().filtered(
            lambda line: not line.helpdesk_ticket_id and line.billing_kind,
        ).with_context(support_allocation=True).write({
            'billing_kind': False, 'billing_free_reason': False,
        })
        lines._allocate_support_hours()
        return True

    def unlink(self):
        """ Let the parts that are left of an entry be one entry again. """
        if self._is_allocating():
            return super().unlink()
        rest = self._prepare_split_unlink()
        result = super().unlink()
        rest._allocate_support_hours()
        return result

    def _is_allocating(self):
        """ Return whether the allocation is at work; whoever calls from outside cannot say so. """
        return self.env.su and self.env.context.get('support_allocation')

    @api.model
    def _check_allocated_values(self, vals_list):
        """ Refuse what nobody but the allocation may write.

        :param list vals_list: values of entries, or names of fields
        :raise AccessError: if they say what is billed, or of which entry another one is a part
        """
        allocated = {'billed_hours', 'billing_free_reason', 'billing_kind', 'split_from_id'}
        if not self.env.su and any(not allocated.isdisjoint(vals) for vals in vals_list):
            raise AccessError(self.env._(
                "What pays for the time is decided by rules. To change it, choose the sales order "
                "item, or say why the time is not billed.",
            ))

    @api.model
    def _get_allocation_fields(self):
        """ Return the names of the fields on which it depends what pays for the time. """
        return {
            'unit_amount', 'date', 'employee_id', 'helpdesk_ticket_id', 'project_id', 'task_id',
            'so_line', 'is_so_line_edited', 'billing_waiver',
        }

    def _prepare_ticket_write(self, vals):
        """ Return the values with which time is spent on a ticket or on a task, not on both.

        :param dict vals: what is to be written
        :return: the values, and the project of the ticket's team if the time is to move there
        :rtype: tuple[dict, project.project]
        """
        project = self.env['project.project']
        if vals.get('task_id'):
            return {'helpdesk_ticket_id': False, **vals}, project
        if not vals.get('helpdesk_ticket_id'):
            return vals, project
        ticket = self._check_ticket(vals['helpdesk_ticket_id'])
        if self.task_id:
            vals = {'task_id': False, **vals}
        return vals, project if 'project_id' in vals else ticket.project_id

    def _get_ticket_id(self, vals):
        """ Return the id of the ticket on which the values log time, the context's included. """
        if 'helpdesk_ticket_id' in vals:
            return vals['helpdesk_ticket_id']
        return self.env.context.get('default_helpdesk_ticket_id')

    def _complete_ticket_values(self, vals_list):
        """ Fill in what time on a ticket takes from it: project, company, and no task.

        :param list vals_list: values of the lines to create; changed
        :return: those on a ticket that name no employee
        :rtype: list[dict]
        :raise UserError: if the ticket's team does not log time
        """
        self.browse().check_access('create')
        ticket_ids = {ticket_id for vals in vals_list if (ticket_id := self._get_ticket_id(vals))}
        tickets = {
            ticket.id: ticket for ticket in self._check_ticket(list(ticket_ids))
        }
        without_employee = []
        for vals in vals_list:
            ticket = tickets.get(self._get_ticket_id(vals))
            if not ticket:
                continue
            vals.setdefault('helpdesk_ticket_id', ticket.id)
            vals['task_id'] = False
            if not vals.get('project_id'):
                vals['project_id'] = ticket.project_id.id
            if not vals.get('company_id'):
                vals['company_id'] = ticket.company_id.id
            if not (vals.get('employee_id') or self.env.context.get('default_employee_id')):
                without_employee.append(vals)
        return without_employee

    @api.model
    def _check_ticket(self, ticket_ids):
        """ Return the tickets if time can be logged on them, by this user.

        :param ticket_ids: an id or a list of ids of tickets
        :rtype: helpdesk.ticket
        :raise AccessError: if the user may not see one of them
        :raise UserError: if the team of one of them does not log time
        """
        tickets = self.env['helpdesk.ticket'].browse(ticket_ids)
        # sudo: helpdesk.ticket - only read into memory before the check: what logging time reads,
        # of many fields
        tickets.sudo().fetch([
            'team_id', 'partner_id', 'company_id', 'sale_line_id', 'billing_scope',
        ])
        tickets.check_access('read')
        # sudo: helpdesk.team - a setting of the team, of tickets that the user can see
        for team in tickets.sudo().team_id:
            if not team.use_helpdesk_timesheet:
                raise UserError(self.env._(
                    "Time cannot be logged on tickets of %(team)s. Switch on Timesheets in the "
                    "settings of the team first.",
                    team=team.name,
                ))
        # sudo: project.project - the container of the team's time is chosen by the team
        return tickets.sudo()

    @api.model
    def _check_employees(self, vals_list):
        """ Say who needs an employee before time can be logged.

        :param list vals_list: values of lines that name no employee
        :raise ValidationError: if a user has no employee in the selected companies
        """
        default_user_id = self._default_user()
        users = self.env['res.users'].browse(
            {vals.get('user_id') or default_user_id for vals in vals_list},
        )
        if not users:
            return
        # sudo: hr.employee - only whether there is one
        employees = self.env['hr.employee'].sudo().search(
            [('user_id', 'in', users.ids), ('company_id', 'in', self.env.companies.ids)],
        )
        for user in users - employees.user_id:
            raise ValidationError(self.env._(
                "%(user)s cannot log time, because no employee of %(company)s is linked to this "
                "user. Ask whoever manages the employees to create one.",
                user=user.name,
                company=self.env.company.name,
            ))

    # === BUSINESS METHODS === #

    def _check_can_write(self, values):
        # sudo: account.move - whether the time is invoiced; reading it here also lets stock, which
        # reads it as the user below, say so to agents instead of refusing the access
        billed = self.sudo().filtered(lambda line: not line._is_not_billed())
        # merging tickets is done as superuser and moves invoiced time too
        if 'helpdesk_ticket_id' in values and not self.env.su and billed.filtered(
            lambda line: line.helpdesk_ticket_id.id != values['helpdesk_ticket_id'],
        ):
            raise UserError(self.env._(
                "This time is invoiced already. It stays on the ticket with which it was invoiced.",
            ))
        return super()._check_can_write(values)

    def _check_timesheet_can_be_billed(self):
        if self.helpdesk_ticket_id:
            return self.so_line == self.helpdesk_ticket_id.sale_line_id
        return super()._check_timesheet_can_be_billed()

    def _timesheet_determine_sale_line(self):
        """ Let time on a ticket go to the order line of the ticket, never to another client's.

        The rates of employees on the project are followed as on tasks.
        """
        self.ensure_one()
        ticket = self.helpdesk_ticket_id
        if not ticket:
            return super()._timesheet_determine_sale_line()
        if not ticket.use_helpdesk_sale_timesheet or not ticket.sale_line_id:
            return False
        if self.project_id.pricing_type == 'employee_rate':
            rate = self._get_employee_mapping_entry()
            client = rate.sale_line_id.order_partner_id.commercial_partner_id
            if rate and client == ticket.partner_id.commercial_partner_id:
                return rate.sale_line_id
        return ticket.sale_line_id

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command


class HypercareReviewItem(models.Model):
    """ One point of a review: it works, has to be refined, or comes in the next iteration (G6).

    What is to be refined becomes a task of the window's project. What comes in the next iteration
    becomes whatever an addon makes of it, see `_create_next_iteration`.
    """

    _name = 'hypercare.review.item'
    _description = "Item of a Hypercare Review"
    _inherit = ['helpdesk.engine.guard.mixin']
    # the verdicts sort as people read them: stable, refine, next
    _order = 'review_id, verdict desc, sequence, id'

    review_id = fields.Many2one(
        comodel_name='hypercare.review', required=True, index=True, ondelete='cascade',
    )
    period_id = fields.Many2one(related='review_id.period_id', store=True, index=True)
    company_id = fields.Many2one(related='review_id.company_id', store=True)
    partner_id = fields.Many2one(related='review_id.partner_id', string="Client")
    review_state = fields.Selection(related='review_id.state')
    sequence = fields.Integer(default=10)

    verdict = fields.Selection(
        selection=[
            ('stable', "Works stably"),
            ('refine', "To refine"),
            ('next', "Next iteration"),
        ],
        default='refine', required=True, index=True,
        help="What is to be refined becomes a task. What comes in the next iteration is offered "
             "as a development of its own.",
    )
    name = fields.Char(string="What", required=True)
    process = fields.Char(help="The process of the client that it is about.")
    owner_id = fields.Many2one(
        comodel_name='res.partner', string="Process Owner", index='btree_not_null',
        ondelete='restrict', domain="[('commercial_partner_id', '=', partner_id)]",
        help="Who answers for the process at the client.",
    )
    description = fields.Text(help="Read by the client.")
    ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket', relation='hypercare_review_item_ticket_rel',
        column1='item_id', column2='ticket_id', string="Tickets",
        domain="[('hypercare_id', '=', period_id)]",
        help="The requests that it comes from.",
    )
    note = fields.Text(string="Internal Note", help="The client does not see it.")

    task_id = fields.Many2one(
        comodel_name='project.task', string="Task", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
    )
    is_processed = fields.Boolean(
        string="On Its Way", compute='_compute_is_processed',
        help="It has become a task or a part of the next iteration.",
    )
    outcome = fields.Char(string="Has Become", compute='_compute_is_processed')

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._get_outcome_fields())
    def _compute_is_processed(self):
        for item in self:
            # sudo: project.task, records of the next iteration - what it is called, nothing more
            name = item.sudo()._get_outcome_field()
            item.is_processed = bool(name)
            item.outcome = name and self.env._(
                "%(kind)s: %(name)s",
                kind=self._fields[name]._description_string(self.env),
                name=item.sudo()[name].display_name,
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('owner_id', 'review_id')
    def _check_owner_id(self):
        for item in self:
            if item.owner_id and item.owner_id.commercial_partner_id != item.partner_id:
                raise UserError(self.env._(
                    "%(owner)s does not belong to %(client)s: the process owner is a contact of "
                    "the client.",
                    owner=item.owner_id.name, client=item.partner_id.name,
                ))

    @api.constrains('ticket_ids', 'review_id')
    def _check_ticket_ids(self):
        for item in self:
            # sudo: helpdesk.ticket - whose they are
            strangers = item.ticket_ids.sudo().filtered(
                lambda ticket, item=item: ticket.commercial_partner_id != item.partner_id,
            )
            if strangers:
                raise ValidationError(self.env._(
                    "%(tickets)s: not a request of %(client)s, with whom the review is.",
                    tickets=', '.join(strangers.mapped('ticket_ref')), client=item.partner_id.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items.review_id._check_not_signed()
        return items

    def write(self, vals):
        if vals.keys() - self._get_engine_fields():
            self.review_id._check_not_signed()
        if vals.keys() & {'verdict', 'name', 'review_id'}:
            self._check_unprocessed(vals)
        result = super().write(vals)
        if 'review_id' in vals:
            self.review_id._check_not_signed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_settled(self):
        self.review_id._check_not_signed()
        self._check_unprocessed({'review_id': False})

    # === ACTION METHODS === #

    def action_open_outcome(self):
        """ Open what the item has become. """
        self.ensure_one()
        self.check_access('read')
        # sudo: hypercare.review.item - which record it is; whether it opens is for its own rights
        name = self.sudo()._get_outcome_field()
        if not name:
            raise UserError(self.env._("The item has not become anything yet."))
        return self.sudo()[name].with_env(self.env).get_formview_action()

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'period_id', 'company_id', *self._get_outcome_fields(),
        }

    @api.model
    def _get_outcome_fields(self):
        """ Return the names of the many2one fields that say what an item has become.

        An addon that takes items into the next iteration adds its own: they make an item a
        processed one, are written by the system alone, and lock verdict and name.

        :rtype: list[str]
        """
        return ['task_id']

    def _get_outcome_field(self):
        """ Return the name of the field with what the item has become, or False. """
        self.ensure_one()
        return next((name for name in self._get_outcome_fields() if self[name]), False)

    def _get_unprocessed(self):
        """ Return the items that are to become something and have not yet. """
        return self.filtered(lambda item: item.verdict != 'stable' and not item.is_processed)

    def _check_unprocessed(self, vals):
        """ Refuse to give another meaning to what is on its way already.

        :param dict vals: what is to be written
        :raise UserError: if an item has become something
        """
        for item in self.filtered('is_processed'):
            if any(
                item._fields[name].convert_to_cache(vals[name], item)
                != item._fields[name].convert_to_cache(item[name], item)
                for name in ('verdict', 'name', 'review_id') if name in vals
            ):
                raise UserError(self.env._(
                    "\"%(item)s\" has become something (%(outcome)s): its name and its list do not "
                    "change any more. Go on there, or add another item.",
                    item=item.name, outcome=item.outcome,
                ))

    # === TO REFINE === #

    def _create_tasks(self):
        """ Create a task of the window's project from each item.

        :return: as superuser
        :rtype: project.task
        :raise UserError: if the window has no project
        """
        # sudo: project.task - what the review decided becomes work, whether or not the supervisor
        # of the window works in projects
        tasks = self.env['project.task'].sudo()
        for item in self.sudo():
            if not item.period_id.project_id:
                raise UserError(self.env._(
                    "What is to be refined becomes a task of the project, and %(period)s has none. "
                    "Choose the project on the window first.",
                    period=item.period_id.name,
                ))
            item.task_id = tasks.create(item._prepare_task_values())
            tasks |= item.task_id
        return tasks

    def _prepare_task_values(self):
        """ Return the values of the task that an item becomes. """
        self.ensure_one()
        project = self.period_id.project_id
        return {
            'name': self.name,
            'project_id': project.id,
            'company_id': project.company_id.id,
            'partner_id': (self.owner_id or self.partner_id).id,
            'user_ids': [Command.set(self.review_id.user_id.ids)],
            'description': self._get_outcome_description(),
        }

    def _get_outcome_description(self):
        """ Return where an item comes from and what it says, for what it becomes.

        :rtype: Markup
        """
        self.ensure_one()
        lines = [self.env._(
            "From the hypercare review with %(client)s.", client=self.partner_id.name,
        )]
        if self.process:
            lines.append(self.env._("Process: %(process)s", process=self.process))
        if self.owner_id:
            lines.append(self.env._("Process owner: %(owner)s", owner=self.owner_id.name))
        if self.ticket_ids:
            lines.append(self.env._(
                "Requests: %(tickets)s",
                tickets=', '.join(self.ticket_ids.mapped('ticket_ref')),
            ))
        lines += (self.description or '').splitlines()
        return Markup().join(Markup('<p>%s</p>') % line for line in lines if line)

    # === NEXT ITERATION === #

    @api.model
    def _get_next_iteration_model(self):
        """ Return the name of the model that items of the next iteration become, or False.

        Several addons may take them. One that takes them whatever else is installed (a quotation)
        returns its model and does not ask `super()`. One that only stands in when nobody else does
        (an opportunity) returns `super()._get_next_iteration_model() or 'its.model'`. So the order
        in which they are loaded decides nothing.
        """
        return False

    def _create_next_iteration(self):
        """ Turn the items into records of `_get_next_iteration_model`.

        Called on items of one review that are still to go on; the row of the review is locked, so
        nothing is created twice. An addon acts when the model is its own, writes its field of
        `_get_outcome_fields` as superuser, and leaves everything else to `super()`.

        :raise UserError: if nobody takes them
        """
        raise UserError(self.env._(
            "Nobody takes the items of the next iteration yet. Install Sales with the billing of "
            "hypercare to make a quotation of them, or CRM to make opportunities, then press the "
            "button again.",
        ))

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.dues import CLIENT, US, Due

# What both sides agree on; when it changes, they have to agree again.
SUBSTANCE = ('name', 'kind', 'place', 'planned_date', 'user_id', 'client_contact_id')


class TakeoverStep(models.Model):
    """ A step of a transition, agreed beforehand by both sides (T1).

    We propose it by confirming it, the client confirms it in the portal. Who changes what was
    agreed takes both confirmations back.
    """

    _name = 'takeover.step'
    _inherit = 'takeover.item.mixin'
    _description = "Step of a Takeover"
    _order = 'project_id, sequence, planned_date, id'

    sequence = fields.Integer(default=10)
    name = fields.Char(string="Step", required=True)
    kind = fields.Selection(
        selection=[
            ('date', "Key date"),
            ('knowledge', "Knowledge transfer meeting"),
            ('action', "Action"),
            ('update', "Update meeting"),
        ],
        default='action',
        required=True,
    )
    place = fields.Selection(
        selection=[('site', "On site"), ('remote', "Remote")],
        help="Where a meeting takes place.",
    )
    planned_date = fields.Date(string="Date", copy=False)
    user_id = fields.Many2one(
        comodel_name='res.users', string="Our Responsible", domain=[('share', '=', False)],
        ondelete='restrict',
    )
    client_contact_id = fields.Many2one(
        comodel_name='res.partner', string="Client's Responsible", copy=False, ondelete='restrict',
        domain="[('commercial_partner_id', '=', client_id), ('is_company', '=', False)]",
        help="Key user, process owner or internal consultant of the client.",
    )
    client_id = fields.Many2one(related='project_id.client_id', string="Commercial Client")
    revision = fields.Integer(
        default=lambda self: 1, readonly=True, copy=False, export_string_translation=False,
        help="Technical: counts the changes of what is agreed on, so that nobody confirms what "
             "has changed meanwhile.",
    )
    confirmed_user_id = fields.Many2one(
        comodel_name='res.users', string="Confirmed by Us", readonly=True, copy=False,
        ondelete='restrict',
    )
    confirmed_datetime = fields.Datetime(string="Confirmed by Us on", readonly=True, copy=False)
    client_confirmed_partner_id = fields.Many2one(
        comodel_name='res.partner', string="Person at the Client who Confirmed", readonly=True,
        copy=False, ondelete='restrict',
    )
    client_confirmed_by = fields.Char(
        string="Confirmed by the Client", readonly=True, copy=False,
        help="The name of who confirmed, as it was then.",
    )
    client_confirmed_datetime = fields.Datetime(
        string="Confirmed by the Client on", readonly=True, copy=False,
    )
    done_date = fields.Date(string="Done on", readonly=True, copy=False)
    state = fields.Selection(
        selection=[
            ('draft', "To propose"),
            ('proposed', "Waits for the client"),
            ('agreed', "Agreed"),
            ('done', "Done"),
        ],
        string="Status",
        compute='_compute_state',
        store=True,
        precompute=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('confirmed_datetime', 'client_confirmed_datetime', 'done_date')
    def _compute_state(self):
        for step in self:
            if step.done_date:
                step.state = 'done'
            elif not step.confirmed_datetime:
                step.state = 'draft'
            else:
                step.state = 'agreed' if step.client_confirmed_datetime else 'proposed'

    # === CONSTRAINT METHODS === #

    @api.constrains('client_contact_id', 'project_id')
    def _check_client_contact_id(self):
        # sudo: res.partner - whose contact it is
        for step in self.sudo().filtered('client_contact_id'):
            if step.client_contact_id.commercial_partner_id != step.client_id:
                raise ValidationError(self.env._(
                    "%(contact)s does not belong to %(client)s: choose a contact of the client.",
                    contact=step.client_contact_id.name, client=step.client_id.name,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        names = [name for name in SUBSTANCE if name in vals]
        before = {step: [step[name] for name in names] for step in self} if names else {}
        result = super().write(vals)
        changed = self.filtered(
            lambda step: names and before[step] != [step[name] for name in names],
        )
        if changed:
            changed._substance_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        for step in self:
            if step.client_confirmed_datetime:
                raise UserError(self.env._(
                    "The client has confirmed the step “%(step)s”: take it back first, so that "
                    "it is known that it is no longer agreed.",
                    step=step.name,
                ))

    # === ACTION METHODS === #

    def action_confirm(self):
        """ Confirm the steps on our side; the client is asked in the portal from now on.

        :raise UserError: if it is not said when, or who does it
        """
        self.check_access('write')
        for step in self:
            if not step.planned_date or not (step.user_id or step.client_contact_id):
                raise UserError(self.env._(
                    "When is the step “%(step)s”, and who does it? Enter the date and at least "
                    "one responsible, then confirm it.",
                    step=step.name,
                ))
        # sudo: takeover.step - the right to write was checked; this is how it is confirmed
        self.sudo().filtered(lambda step: not step.confirmed_datetime).write({
            'confirmed_user_id': self.env.uid,
            'confirmed_datetime': fields.Datetime.now(),
        })

    def action_take_back(self):
        """ Take the confirmations of both sides back, and say so in the chatter.

        :raise UserError: if a step is done
        """
        self.check_access('write')
        self._substance_changed()

    def action_done(self):
        """ Note that the steps are done today.

        :raise UserError: if a step was not agreed by both sides beforehand
        """
        self.check_access('write')
        for step in self:
            if step.state in ('draft', 'proposed'):
                raise UserError(self.env._(
                    "The step “%(step)s” is not agreed yet: both sides confirm it first.",
                    step=step.name,
                ))
        by_day = defaultdict(self.browse)
        for step in self.filtered(lambda step: step.state == 'agreed'):
            by_day[step.project_id._get_today()] |= step
        for day, steps in by_day.items():
            # sudo: takeover.step - as above
            steps.sudo().write({'done_date': day})

    def action_reopen(self):
        """ Note that the steps are not done after all. """
        self.check_access('write')
        # sudo: takeover.step - as above
        self.sudo().write({'done_date': False})

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'revision', 'confirmed_user_id', 'confirmed_datetime', 'client_confirmed_partner_id',
            'client_confirmed_by', 'client_confirmed_datetime', 'done_date', 'state',
        }

    def _substance_changed(self):
        """ Ask both sides anew for what has changed.

        :raise UserError: if a step is done
        """
        by_revision = defaultdict(self.browse)
        for step in self:
            if step.done_date:
                raise UserError(self.env._(
                    "The step “%(step)s” is done: what was agreed stays as it was. Reopen it "
                    "first.",
                    step=step.name,
                ))
            if step.confirmed_datetime:
                # sudo: project.project - whoever may change a step says so
                step.project_id.sudo().message_post(body=self.env._(
                    "The step “%(step)s” has changed: both sides have to confirm it again.",
                    step=step.name,
                ) if step.client_confirmed_datetime else self.env._(
                    "The step “%(step)s” has changed: we have to confirm it again.",
                    step=step.name,
                ))
            by_revision[step.revision] |= step
        for revision, steps in by_revision.items():
            # sudo: takeover.step - whoever may change a step takes back what was said of it
            steps.sudo().write({
                'revision': revision + 1,
                'confirmed_user_id': False,
                'confirmed_datetime': False,
                'client_confirmed_partner_id': False,
                'client_confirmed_by': False,
                'client_confirmed_datetime': False,
            })

    def _confirm_by_client(self, partner, revision):
        """ Confirm the step on behalf of a person of the client.

        :param partner: res.partner of the person
        :param int revision: what the person saw
        :raise UserError: if we have not proposed it, or it has changed meanwhile
        """
        self.ensure_one()
        if not self.confirmed_datetime or self.revision != revision:
            raise UserError(self.env._(
                "The step “%(step)s” has changed meanwhile. Look at it again, please.",
                step=self.name,
            ))
        if self.client_confirmed_datetime:
            return
        # sudo: takeover.step - the portal has checked that the person may; see _portal_confirm_step
        self.sudo().write({
            'client_confirmed_partner_id': partner.id,
            'client_confirmed_by': partner.name,
            'client_confirmed_datetime': fields.Datetime.now(),
        })
        # sudo: project.project - as above
        self.project_id.sudo().message_post(
            author_id=partner.id,
            body=self.env._(
                "The step “%(step)s” is confirmed by %(person)s.",
                step=self.name, person=partner.name,
            ),
        )

    def _get_agreement_due(self):
        """ Return who has to confirm the step.

        :rtype: Due
        """
        self.ensure_one()
        if self.state == 'draft':
            return Due(
                self.env._("Proposal of the step “%(step)s”", step=self.name), US,
                owner=self.user_id.name or self.supervisor_id.name or '', date=self.planned_date,
            )
        return Due(
            self.env._("Confirmation of the step “%(step)s”", step=self.name), CLIENT,
            owner=self.coordinator_id.name or '', date=self.planned_date,
            url=self.project_id._get_takeover_url('steps'),
        )

    def _get_work_dues(self):
        """ Return who has to do an agreed step: one a side, both at a meeting.

        :rtype: list[Due]
        """
        self.ensure_one()
        return [
            Due(self.name, side, owner=owner, date=self.planned_date)
            for side, owner in (
                (US, self.user_id.name), (CLIENT, self.client_contact_id.name),
            ) if owner
        ]

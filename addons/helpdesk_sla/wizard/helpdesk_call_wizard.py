from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import clean_context, plaintext2html


class HelpdeskCallWizard(models.TransientModel):
    """ Logs a call: who, what, answered or not; on a new ticket or on one of the caller's. """

    _name = 'helpdesk.call.wizard'
    _description = "Log a Call"
    _rec_name = 'name'

    direction = fields.Selection(
        selection=[('incoming', "Incoming"), ('outgoing', "Outgoing")],
        string="Call",
        default='incoming',
        required=True,
    )
    is_answered = fields.Boolean(
        string="Answered",
        default=True,
        help="Somebody was spoken to: the customer has an answer.",
    )
    minutes = fields.Integer(string="Duration")

    phone = fields.Char(
        string="Number", compute='_compute_phone', store=True, readonly=False, precompute=True,
    )
    partner_id = fields.Many2one(
        comodel_name='res.partner',
        string="Customer",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        precompute=True,
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    partner_name = fields.Char(string="Name")
    matching_partner_ids = fields.Many2many(
        comodel_name='res.partner', compute='_compute_matching_partner_ids',
        string="Contacts with this Number",
    )
    is_number_shared = fields.Boolean(compute='_compute_matching_partner_ids')

    open_ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket', compute='_compute_open_ticket_ids',
        string="Open Tickets",
    )
    target = fields.Selection(
        selection=[('new', "A new ticket"), ('open', "An open ticket of the caller")],
        string="Log on",
        compute='_compute_target',
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Ticket",
        compute='_compute_ticket_id',
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', open_ticket_ids)]",
    )

    name = fields.Char(string="Subject")
    description = fields.Text(string="Notes")
    team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        string="Helpdesk Team",
        default=lambda self: self.env['helpdesk.ticket']._default_team_id(),
        required=True,
    )
    company_id = fields.Many2one(related='team_id.company_id')
    user_id = fields.Many2one(
        comodel_name='res.users',
        string="Assigned to",
        default=lambda self: self.env.user,
        domain=[('share', '=', False)],
        help="Empty: as the team assigns its tickets.",
    )
    priority = fields.Selection(
        selection=lambda self: self.env['helpdesk.ticket']._fields['priority'].selection,
        default='1',
        required=True,
    )

    _minutes_not_negative = models.Constraint(
        'CHECK (minutes >= 0)',
        "A call cannot be shorter than nothing: check its duration.",
    )

    @api.model
    def default_get(self, fields):
        """ Log on the ticket from whose form the dialog is opened. """
        defaults = super().default_get(fields)
        context = self.env.context
        if context.get('active_model') == 'helpdesk.ticket' and len(
            context.get('active_ids') or (),
        ) == 1:
            ticket = self.env['helpdesk.ticket'].browse(context['active_id'])
            if not ticket.is_closed:
                defaults.update(ticket_id=ticket.id, target='open', team_id=ticket.team_id.id)
            defaults.update(
                partner_id=ticket.partner_id.id,
                partner_name=ticket.partner_name,
                phone=ticket.partner_phone,
            )
        return {name: value for name, value in defaults.items() if name in fields}

    # === COMPUTE METHODS === #

    @api.depends('partner_id')
    def _compute_phone(self):
        for wizard in self:
            # what was dialled is not what is in the address book
            if not wizard.phone:
                wizard.phone = wizard.partner_id.phone

    @api.depends('phone', 'team_id')
    def _compute_matching_partner_ids(self):
        for wizard in self:
            wizard.matching_partner_ids = self.env['res.partner']._find_by_phone(
                wizard.phone, wizard.company_id,
            )
            wizard.is_number_shared = len(wizard.matching_partner_ids) > 1

    @api.depends('phone')
    def _compute_partner_id(self):
        """ Find the caller by the number; of several only where they are one client's. """
        for wizard in self:
            found = wizard.matching_partner_ids._origin
            if not found or wizard.partner_id._origin in found:
                continue
            client = found.commercial_partner_id
            if len(found) == 1:
                wizard.partner_id = found
            elif len(client) == 1 and client in found:
                wizard.partner_id = client
            else:
                wizard.partner_id = False

    @api.depends('partner_id', 'phone')
    def _compute_open_ticket_ids(self):
        for wizard in self:
            # the one that the dialog was opened from stays among those to choose
            wizard.open_ticket_ids = wizard.ticket_id._origin | self.env[
                'helpdesk.ticket'
            ]._find_tickets_of_caller(wizard.partner_id, wizard.phone)

    @api.depends('partner_id', 'phone')
    def _compute_target(self):
        for wizard in self:
            if not wizard.target or not wizard.open_ticket_ids:
                wizard.target = 'new'

    @api.depends('target', 'partner_id')
    def _compute_ticket_id(self):
        for wizard in self:
            if wizard.target == 'new':
                wizard.ticket_id = False
            elif not wizard.ticket_id or (
                wizard.partner_id and wizard.partner_id.commercial_partner_id
                != wizard.ticket_id.commercial_partner_id
            ):
                wizard.ticket_id = self.env['helpdesk.ticket']._find_tickets_of_caller(
                    wizard.partner_id, wizard.phone,
                )[:1]

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id', 'partner_name', 'phone', 'target', 'ticket_id', 'name')
    def _check_is_complete(self):
        for wizard in self:
            if wizard.target == 'open':
                if not wizard.ticket_id:
                    raise ValidationError(self.env._(
                        "Choose the ticket that the call was about, or log it on a new one.",
                    ))
                continue
            if not (wizard.name or '').strip():
                raise ValidationError(self.env._("Say in a few words what the call was about."))
            if not (wizard.partner_id or wizard.partner_name or wizard.phone):
                raise ValidationError(self.env._(
                    "Say who called: choose a contact, or note the name or the number.",
                ))

    # === ACTION METHODS === #

    def action_log_call(self):
        """ Log the call and open its ticket. """
        self.ensure_one()
        # what the views want of their own tickets (a team, a responsible) is in the fields
        self = self.with_context(clean_context(self.env.context))
        ticket = self.ticket_id
        text = plaintext2html(self.description) if (self.description or '').strip() else ''
        if self.target == 'open':
            ticket._log_call({**self._prepare_call(), 'text': text})
        else:
            ticket = ticket._create_from_call(
                {**self._prepare_ticket_values(), 'description': text}, self._prepare_call(),
            )
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'helpdesk.ticket',
            'res_id': ticket.id,
            'views': [(False, 'form')],
        }

    def _prepare_call(self):
        """ Return the call, see `helpdesk.ticket._log_call`.

        :rtype: dict
        """
        name = self.partner_id.display_name or self.partner_name
        if name and self.phone:
            name = self.env._("%(name)s, %(number)s", name=name, number=self.phone)
        return {
            'direction': self.direction,
            'is_answered': self.is_answered,
            'minutes': self.minutes if self.is_answered else 0,
            'caller': name or self.phone,
        }

    def _prepare_ticket_values(self):
        """ Return the values of the ticket that the call opens.

        :rtype: dict
        """
        return {
            'name': self.name.strip(),
            'team_id': self.team_id.id,
            'user_id': self.user_id.id,
            'priority': self.priority,
            'partner_id': self.partner_id.id,
            # an unknown caller stays one: nobody gets a contact that an agent did not ask for
            **({} if self.partner_id else {
                'partner_name': self.partner_name, 'partner_phone': self.phone,
            }),
        }

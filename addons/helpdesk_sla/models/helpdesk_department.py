from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.caches import clear_cache

# what record rules of users are computed from
VISIBILITY_FIELDS = {'active', 'key_user_ids', 'member_ids', 'partner_id'}


class HelpdeskDepartment(models.Model):
    """ A department of a client, whose requests its key users may answer first (C7). """

    _name = 'helpdesk.department'
    _description = "Client Department"
    _order = 'partner_id, sequence, name, id'

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    partner_id = fields.Many2one(
        comodel_name='res.partner',
        string="Client",
        required=True,
        index=True,
        ondelete='cascade',
        domain="[('is_company', '=', True), ('parent_id', '=', False)]",
    )
    member_ids = fields.One2many(
        comodel_name='res.partner', inverse_name='helpdesk_department_id', string="Members",
        domain="[('commercial_partner_id', '=', partner_id), ('is_company', '=', False)]",
    )
    key_user_ids = fields.Many2many(
        comodel_name='res.partner',
        relation='helpdesk_department_key_user_rel',
        column1='department_id',
        column2='partner_id',
        string="Key Users",
        domain="[('commercial_partner_id', '=', partner_id), ('is_company', '=', False)]",
        help="Colleagues who see the requests of the department in the portal.",
    )
    is_key_user_first = fields.Boolean(
        string="Key Users Answer First",
        help="A request of the department goes to its key users first. They answer it, or pass it "
             "on to us; the SLA clocks stand still until then.",
    )
    pass_on_priority = fields.Selection(
        selection=[('2', "High and critical"), ('3', "Critical"), ('9', "None")],
        string="Come to Us at Once",
        default='3',
        required=True,
        help="Requests of this priority do not wait for a key user.",
    )
    ticket_count = fields.Integer(compute='_compute_ticket_count', string="Tickets")

    _name_uniq = models.UniqueIndex(
        '(partner_id, name) WHERE active IS TRUE',
        "The client has a department of this name already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name', 'partner_id')
    @api.depends_context('helpdesk_department_short')
    def _compute_display_name(self):
        short = self.env.context.get('helpdesk_department_short')
        for department in self:
            department.display_name = department.name if short or not department.partner_id else (
                self.env._(
                    "%(client)s: %(department)s",
                    client=department.partner_id.name, department=department.name,
                )
            )

    def _compute_ticket_count(self):
        counts = dict(self.env['helpdesk.ticket']._read_group(
            [('department_id', 'in', self.ids)], ['department_id'], ['__count'],
        ))
        for department in self:
            department.ticket_count = counts.get(department._origin, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id', 'key_user_ids', 'member_ids')
    def _check_people(self):
        """ Let nobody of another company read the requests of a client. """
        for department in self:
            strangers = (department.key_user_ids | department.member_ids).filtered(
                lambda person: person.commercial_partner_id != department.partner_id,
            )
            if strangers:
                raise ValidationError(self.env._(
                    "%(people)s: not a contact of %(client)s. Only contacts of the client can be "
                    "in its departments.",
                    people=', '.join(strangers.mapped('name')), client=department.partner_id.name,
                ))

    @api.constrains('is_key_user_first', 'key_user_ids')
    def _check_key_users(self):
        for department in self:
            if department.is_key_user_first and not department.key_user_ids:
                raise ValidationError(self.env._(
                    "Choose the key users of %(department)s first: nobody would see its requests.",
                    department=department.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        clear_cache(self.env)
        return super().create(vals_list)

    def write(self, vals):
        if not VISIBILITY_FIELDS.isdisjoint(vals):
            clear_cache(self.env)
        return super().write(vals)

    def unlink(self):
        clear_cache(self.env)
        return super().unlink()

    # === ACTION METHODS === #

    def action_view_tickets(self):
        """ Open the tickets of the department. """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla.helpdesk_ticket_action_all',
            ),
            'display_name': self.env._("Tickets of %(customer)s", customer=self.display_name),
            'domain': [('department_id', '=', self.id)],
            'context': {},
        }

    # === BUSINESS METHODS === #

    def _takes_first(self, partner, priority):
        """ Return whether a request is for the key users first.

        :param partner: the res.partner who asks
        :param str priority: of the request
        """
        self.ensure_one()
        return (
            self.active
            and self.is_key_user_first
            and partner not in self.key_user_ids
            and priority < self.pass_on_priority
            and bool(self.key_user_ids.filtered('active'))
        )

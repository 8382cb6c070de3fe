from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ..tools import phone_number
from ..tools.caches import clear_cache

# how many contacts with one number are looked at
CALLERS = 20


class ResPartner(models.Model):
    _inherit = 'res.partner'

    ticket_count = fields.Integer(
        string="Tickets",
        compute='_compute_ticket_count',
        groups='helpdesk_sla.group_helpdesk_user',
        export_string_translation=False,
    )
    sla_agreement_count = fields.Integer(
        string="SLA Agreements",
        compute='_compute_sla_agreement_count',
        groups='helpdesk_sla.group_helpdesk_user',
        export_string_translation=False,
    )

    helpdesk_department_id = fields.Many2one(
        comodel_name='helpdesk.department',
        string="Helpdesk Department",
        index='btree_not_null',
        ondelete='set null',
        domain="[('partner_id', '=', commercial_partner_id)]",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    helpdesk_key_department_ids = fields.Many2many(
        comodel_name='helpdesk.department',
        relation='helpdesk_department_key_user_rel',
        column1='partner_id',
        column2='department_id',
        string="Key User of",
        domain="[('partner_id', '=', commercial_partner_id)]",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    helpdesk_portal_role = fields.Selection(
        selection=[
            ('own', "Own tickets"),
            ('department', "Tickets of the department"),
            ('company', "Tickets of the whole company"),
        ],
        string="Sees in the Portal",
        default='own',
        required=True,
        copy=False,
        help="Set by users of the help desk. No group on the field: whoever creates a contact "
             "gives it the default.",
    )

    # who calls is looked up while the telephone rings
    _helpdesk_phone_idx = models.Index(
        f"({phone_number.get_key_sql('phone')}) WHERE phone IS NOT NULL",
    )

    # === COMPUTE METHODS === #

    def _compute_ticket_count(self):
        """ Count a contact's own tickets, and all tickets of a commercial entity. """
        tickets = self.env['helpdesk.ticket']
        contacts = self.filtered(lambda partner: partner.commercial_partner_id != partner)
        own = dict(tickets._read_group(
            [('partner_id', 'in', contacts.ids)], ['partner_id'], ['__count'],
        )) if contacts else {}
        of_entity = dict(tickets._read_group(
            [('commercial_partner_id', 'in', self.ids)], ['commercial_partner_id'], ['__count'],
        ))
        for partner in self:
            partner.ticket_count = of_entity.get(partner._origin) or own.get(partner._origin, 0)

    def _compute_sla_agreement_count(self):
        counts = dict(self.env['helpdesk.sla.agreement']._read_group(
            [('commercial_partner_id', 'in', self.commercial_partner_id.ids)],
            ['commercial_partner_id'], ['__count'],
        ))
        for partner in self:
            partner.sla_agreement_count = counts.get(partner.commercial_partner_id, 0)

    @api.constrains('helpdesk_department_id', 'helpdesk_key_department_ids')
    def _check_helpdesk_departments(self):
        self.helpdesk_department_id._check_people()
        self.helpdesk_key_department_ids._check_people()

    @api.constrains('helpdesk_portal_role', 'helpdesk_department_id')
    def _check_helpdesk_portal_role(self):
        for partner in self:
            if partner.helpdesk_portal_role == 'department' and not partner.helpdesk_department_id:
                raise ValidationError(self.env._(
                    "Choose the department of %(person)s, whose tickets are to be seen.",
                    person=partner.name,
                ))

    # === CRUD METHODS === #

    @api.model
    def _get_helpdesk_visibility_fields(self):
        """ Return the fields that decide what a contact sees in the portal.

        :rtype: set[str]
        """
        return {
            'active', 'helpdesk_department_id', 'helpdesk_key_department_ids',
            'helpdesk_portal_role',
        }

    def _check_portal_role_given(self, vals):
        """ Let only users of the help desk widen what somebody sees in the portal.

        :raise AccessError: if somebody else does
        """
        if (
            vals.get('helpdesk_portal_role', 'own') != 'own'
            and not self.env.su
            and not self.env.user.has_group('helpdesk_sla.group_helpdesk_user')
        ):
            raise AccessError(self.env._(
                "What a contact sees in the portal is set by users of the help desk.",
            ))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_portal_role_given(vals)
        return super().create(vals_list)

    def write(self, vals):
        """ Look at the policies of open tickets again when their contacts change the client. """
        self._check_portal_role_given(vals)
        if not self._get_helpdesk_visibility_fields().isdisjoint(vals):
            clear_cache(self.env)  # record rules are cached by user
        if vals.get('helpdesk_department_id'):
            # what was asked before there were departments belongs to the first one
            # sudo: helpdesk.ticket - of whichever team, it follows the contact
            self.env['helpdesk.ticket'].sudo().with_context(active_test=False).search([
                ('partner_id', 'in', self.ids), ('department_id', '=', False),
            ]).department_id = vals['helpdesk_department_id']
        if {'parent_id', 'is_company'}.isdisjoint(vals):
            return super().write(vals)
        clients = {partner: partner.commercial_partner_id for partner in self}
        result = super().write(vals)
        moved = self.filtered(lambda partner: partner.commercial_partner_id != clients[partner])
        if moved:
            clear_cache(self.env)  # agreements are known by their client
            # sudo: helpdesk.ticket - the promise follows the client, whoever edits the contact
            self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(
                Domain('partner_id', 'child_of', moved.ids) & Domain('is_closed', '=', False),
            )
            moved._leave_helpdesk_client(clients, keep_role='helpdesk_portal_role' in vals)
        return result

    def _leave_helpdesk_client(self, clients, keep_role):
        """ Take from contacts who change the company what they saw of the former one.

        Its tickets stay with it. Only who had no company takes the own tickets along.

        :param dict clients: the former commercial entities, by contact
        :param bool keep_role: whether the role in the portal was given anew
        """
        # sudo: res.partner, helpdesk.ticket, mail.followers - follows from the change of the
        # company, which was allowed
        people = self.sudo()
        for partner in people:
            client = partner.commercial_partner_id
            key_departments = partner.helpdesk_key_department_ids.filtered(
                lambda department: department.partner_id == client,
            )
            left = {}
            if partner.helpdesk_department_id.partner_id not in (client, client.browse()):
                left['helpdesk_department_id'] = False
            if key_departments != partner.helpdesk_key_department_ids:
                left['helpdesk_key_department_ids'] = [Command.set(key_departments.ids)]
            if not keep_role and partner.helpdesk_portal_role != 'own':
                left['helpdesk_portal_role'] = 'own'
            if left:
                partner.write(left)
        tickets = self.env['helpdesk.ticket'].sudo().with_context(active_test=False)
        for partner in people:
            former = clients[partner.with_env(self.env)]
            if former == partner:
                tickets.search([
                    ('partner_id', '=', partner.id), ('portal_client_id', '=', partner.id),
                ]).portal_client_id = partner.commercial_partner_id
            else:
                tickets.search([
                    ('portal_client_id', '=', former.id),
                    ('message_partner_ids', 'in', partner.ids),
                ]).message_unsubscribe(partner.ids)

    # === ACTION METHODS === #

    def action_view_tickets(self):
        """ Open the tickets of the contact; of a commercial entity those of all its contacts. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['display_name'] = self.env._("Tickets of %(customer)s", customer=self.name)
        action['domain'] = [
            '|', ('partner_id', '=', self.id), ('commercial_partner_id', '=', self.id),
        ]
        action['context'] = {'default_partner_id': self.id, 'default_channel': 'phone'}
        return action

    def action_view_sla_agreements(self):
        """ Open the agreements with the contact's company. """
        self.ensure_one()
        client = self.commercial_partner_id
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_sla_agreement_action',
        )
        action['display_name'] = self.env._("Agreements with %(client)s", client=client.name)
        action['domain'] = [('commercial_partner_id', '=', client.id)]
        action['context'] = {'default_partner_id': client.id}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _find_by_phone(self, number, company=None):
        """ Return the contacts that a number belongs to, however it is written.

        :param str number: as it is shown or said
        :param company: leave out the contacts of other companies than this res.company
        """
        key = phone_number.get_key(number)
        if not key:
            return self.browse()
        domain = self._get_phone_key_domain(key)
        if company:
            domain &= Domain('company_id', 'in', [company.id, False])
        return self.search(domain, limit=CALLERS).filtered(
            lambda partner: phone_number.is_same(partner.phone, number),
        )

    @api.model
    def _get_phone_key_domain(self, key):
        """ Return the contacts whose number ends with some digits, as the index has them. """
        return Domain('phone', '!=', False) & Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = %s",
                SQL(phone_number.get_key_sql('%s'), model._field_to_sql(alias, 'phone', query)),
                key,
            ),
        )

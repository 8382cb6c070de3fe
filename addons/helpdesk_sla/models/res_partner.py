from odoo import api, fields, models
from odoo.fields import Domain
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

    # === CRUD METHODS === #

    def write(self, vals):
        """ Look at the policies of open tickets again when their contacts change the client. """
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
        return result

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
        domain = Domain('phone', '!=', False) & Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = %s",
                SQL(phone_number.get_key_sql('%s'), model._field_to_sql(alias, 'phone', query)),
                key,
            ),
        )
        if company:
            domain &= Domain('company_id', 'in', [company.id, False])
        return self.search(domain, limit=CALLERS).filtered(
            lambda partner: phone_number.is_same(partner.phone, number),
        )

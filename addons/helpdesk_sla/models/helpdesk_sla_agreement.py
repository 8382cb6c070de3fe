import base64
from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL, float_compare, format_date

from ..tools.caches import clear_cache
from .helpdesk_sla_matrix_mixin import PRIORITIES, TIME_FIELDS
from .helpdesk_sla_sizing import CRITICALITIES, FUNCTIONAL_SCALES

# how long before its end somebody has to decide whether an agreement goes on
RENEWAL_NOTICE = timedelta(days=30)


class Period(NamedTuple):
    """ When an agreement is valid, as the engine reads it. """

    agreement_id: int
    team_ids: frozenset  # empty: all teams
    date_from: date
    date_to: date | bool  # the last day; False: open end
    tz: str

    def holds(self, team_id, moment):
        """ Return whether a ticket that a team got at a moment (naive UTC) falls under it. """
        if self.team_ids and team_id not in self.team_ids:
            return False
        day = pytz.utc.localize(moment).astimezone(pytz.timezone(self.tz)).date()
        return self.date_from <= day and (not self.date_to or day <= self.date_to)


class HelpdeskSlaAgreement(models.Model):
    """ What is agreed with one client: services, times, hours, liability (S3, S5, S6).

    It is drawn up, sent, signed, and locked from then on. What time alone changes (running,
    expired) is not stored. The engine knows nothing of the matrix: each time in it is kept as a
    policy of its own, see `_sync_policies`.
    """

    _name = 'helpdesk.sla.agreement'
    _description = "SLA Agreement"
    _inherit = ['mail.thread', 'mail.activity.mixin', 'portal.mixin']
    _order = 'date_start desc, id desc'
    _rec_names_search = ['name', 'partner_id']
    _check_company_auto = True
    _mail_post_access = 'read'

    name = fields.Char(
        string="Reference",
        default=lambda self: self.env._("New"),
        required=True,
        readonly=True,
        copy=False,
        index='trigram',
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name='res.company',
        default=lambda self: self.env.company,
        required=True,
        index=True,
    )
    user_id = fields.Many2one(
        comodel_name='res.users',
        string="Responsible",
        domain=[('share', '=', False)],
        default=lambda self: self.env.user,
        tracking=True,
        check_company=True,
        help="Is reminded before the agreement ends.",
    )

    partner_id = fields.Many2one(
        comodel_name='res.partner',
        string="Client",
        required=True,
        index=True,
        tracking=True,
        check_company=True,
        ondelete='restrict',
    )
    commercial_partner_id = fields.Many2one(
        related='partner_id.commercial_partner_id',
        string="Commercial Entity",
        store=True,
        index=True,
    )
    contact_id = fields.Many2one(
        comodel_name='res.partner',
        string="Signatory",
        domain="[('id', 'child_of', partner_id)]",
        check_company=True,
        ondelete='restrict',
        help="The contact of the client to whom the agreement is sent.",
    )

    date_start = fields.Date(
        string="Valid from",
        default=fields.Date.context_today,
        required=True,
        copy=False,
        tracking=True,
    )
    date_end = fields.Date(
        string="Valid until", copy=False, tracking=True, help="The last day. Empty: open end.",
    )
    terminated_on = fields.Date(
        string="Ends Early on", readonly=True, copy=False, tracking=True, help="The last day.",
    )
    termination_reason = fields.Char(readonly=True, copy=False)
    date_valid_to = fields.Date(
        string="Ends on", compute='_compute_date_valid_to', store=True,
    )

    team_ids = fields.Many2many(
        comodel_name='helpdesk.team',
        relation='helpdesk_sla_agreement_team_rel',
        column1='agreement_id',
        column2='team_id',
        ondelete='restrict',
        string="Helpdesk Teams",
        check_company=True,
        help="Empty: all teams.",
    )
    resource_calendar_id = fields.Many2one(
        comodel_name='resource.calendar',
        string="Working Hours",
        compute='_compute_resource_calendar_id',
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        check_company=True,
        ondelete='restrict',
        help="All times of this client are counted in these hours.",
    )
    tz = fields.Selection(related='resource_calendar_id.tz', string="Time Zone")
    channel_ids = fields.Many2many(
        comodel_name='helpdesk.channel',
        relation='helpdesk_sla_agreement_channel_rel',
        column1='agreement_id',
        column2='channel_id',
        ondelete='restrict',
        string="Channels",
        help="The times are promised to requests that come in by one of these. Empty: by any.",
    )
    pause_third_party = fields.Boolean(
        string="Pause for Third Parties",
        help="The clocks also stand still while a ticket waits for a third party.",
    )
    notify_client = fields.Boolean(
        string="Tell the Client",
        help="The client is told too when a deadline is about to be missed, or was missed.",
    )
    service_ids = fields.Many2many(
        comodel_name='helpdesk.sla.service',
        relation='helpdesk_sla_agreement_service_rel',
        column1='agreement_id',
        column2='service_id',
        ondelete='restrict',
        string="Services Covered",
        default=lambda self: self.env['helpdesk.sla.service'].search([('is_default', '=', True)]),
    )
    terms = fields.Html(string="Terms")

    # what it is drawn up from (S6)
    user_count = fields.Integer(string="Number of Users")
    functional_scale = fields.Selection(selection=FUNCTIONAL_SCALES)
    process_criticality = fields.Selection(
        selection=CRITICALITIES, string="Criticality of Processes",
    )
    has_internal_it = fields.Boolean(
        string="In-House IT", help="The client has IT staff who solve simple matters themselves.",
    )

    line_ids = fields.One2many(
        comodel_name='helpdesk.sla.agreement.line',
        inverse_name='agreement_id',
        string="Times",
        default=lambda self: self._default_line_ids(),
        copy=True,
    )
    currency_id = fields.Many2one(
        comodel_name='res.currency',
        default=lambda self: self.env.company.currency_id,
        required=True,
    )
    monthly_fee = fields.Monetary(
        tracking=True, groups='helpdesk_sla.group_helpdesk_team_leader',
    )
    liability_ids = fields.One2many(
        comodel_name='helpdesk.sla.agreement.liability',
        inverse_name='agreement_id',
        string="Liability",
        copy=True,
    )

    # the signature
    step = fields.Selection(
        selection=[('draft', "Draft"), ('sent', "Sent"), ('signed', "Signed")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
        index=True,
        export_string_translation=False,
        help="Technical: what people have done with it. The state also knows what day it is.",
    )
    state = fields.Selection(
        selection=[
            ('draft', "Draft"),
            ('sent', "Sent"),
            ('signed', "Signed"),
            ('running', "Running"),
            ('expired', "Expired"),
            ('terminated', "Terminated"),
        ],
        compute='_compute_state',
        search='_search_state',
    )
    signed_by = fields.Char(readonly=True, copy=False)
    signed_on = fields.Date(readonly=True, copy=False)
    signature = fields.Image(
        max_width=1024, max_height=1024, attachment=True, readonly=True, copy=False,
    )
    scan = fields.Binary(string="Signed Copy", attachment=True, readonly=True, copy=False)
    scan_name = fields.Char(readonly=True, copy=False, export_string_translation=False)

    previous_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement',
        string="Replaces",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        help="Ends the day before this one begins, once this one is signed.",
    )
    policy_ids = fields.One2many(
        comodel_name='helpdesk.sla', inverse_name='agreement_id', string="SLA Policies",
    )
    ticket_ids = fields.One2many(
        comodel_name='helpdesk.ticket', inverse_name='agreement_id', string="Tickets",
    )
    ticket_count = fields.Integer(
        compute='_compute_ticket_count', export_string_translation=False,
    )

    _dates_order = models.Constraint(
        'CHECK (date_end IS NULL OR date_end >= date_start)',
        "The agreement cannot end before it begins.",
    )
    _fee_positive = models.Constraint(
        'CHECK (monthly_fee IS NULL OR monthly_fee >= 0)',
        "The monthly fee cannot be negative.",
    )
    _user_count_positive = models.Constraint(
        'CHECK (user_count IS NULL OR user_count >= 0)',
        "The number of users cannot be negative.",
    )
    _client_idx = models.Index("(commercial_partner_id, company_id) WHERE step = 'signed'")

    def _default_line_ids(self):
        return [Command.create({'priority': priority}) for priority in PRIORITIES]

    # === COMPUTE METHODS === #

    @api.depends('name', 'partner_id.name')
    def _compute_display_name(self):
        for agreement in self:
            # sudo: res.partner - whoever sees the agreement knows whose it is
            client = agreement.partner_id.sudo().name
            agreement.display_name = f'{agreement.name} ({client})' if client else agreement.name

    def _compute_access_url(self):
        super()._compute_access_url()
        for agreement in self:
            agreement.access_url = f'/my/agreements/{agreement.id}'

    @api.depends('date_end', 'terminated_on')
    def _compute_date_valid_to(self):
        for agreement in self:
            agreement.date_valid_to = agreement.terminated_on or agreement.date_end

    @api.depends('company_id')
    def _compute_resource_calendar_id(self):
        for agreement in self:
            if agreement.resource_calendar_id.company_id not in (
                self.env['res.company'], agreement.company_id,
            ) or not agreement.resource_calendar_id:
                agreement.resource_calendar_id = agreement.company_id.resource_calendar_id

    @api.depends('step', 'date_start', 'date_end', 'terminated_on')
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for agreement in self:
            if agreement.step != 'signed':
                agreement.state = agreement.step
            elif agreement.terminated_on and (
                agreement.terminated_on < today or agreement.terminated_on < agreement.date_start
            ):
                agreement.state = 'terminated'
            elif agreement.date_end and agreement.date_end < today:
                agreement.state = 'expired'
            else:
                agreement.state = 'signed' if agreement.date_start > today else 'running'

    def _search_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # one rule for searching, sorting and grouping: `_field_to_sql`
        states = [state for state in value if state]
        query = self.with_context(active_test=False)._search(Domain.TRUE, bypass_access=True)
        query.add_where(SQL(
            "%s IN %s",
            self._field_to_sql(query.table, 'state', query), tuple(states) or (None,),
        ))
        return Domain('id', 'in', query)

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Let the state be searched, grouped and sorted by the database as it is read. """
        if field_expr != 'state':
            return super()._field_to_sql(alias, field_expr, query)
        column = {
            name: super(HelpdeskSlaAgreement, self)._field_to_sql(alias, name, query)
            for name in ('step', 'date_start', 'date_end', 'terminated_on')
        }
        return SQL(
            "CASE WHEN %(step)s != 'signed' THEN %(step)s"
            " WHEN %(terminated_on)s < %(today)s OR %(terminated_on)s < %(date_start)s"
            " THEN 'terminated'"
            " WHEN %(date_end)s < %(today)s THEN 'expired'"
            " WHEN %(date_start)s > %(today)s THEN 'signed' ELSE 'running' END",
            **column, today=fields.Date.context_today(self),
        )

    def _compute_ticket_count(self):
        counts = dict(self.env['helpdesk.ticket']._read_group(
            [('agreement_id', 'in', self.ids)], ['agreement_id'], ['__count'],
        ))
        for agreement in self:
            agreement.ticket_count = counts.get(agreement._origin, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id')
    def _check_partner_id(self):
        for agreement in self:
            client = agreement.partner_id.commercial_partner_id
            if agreement.partner_id != client:
                raise ValidationError(self.env._(
                    "An agreement is made with a company, not with one of its contacts. Choose "
                    "%(client)s as the client and %(contact)s as the signatory.",
                    client=client.name, contact=agreement.partner_id.name,
                ))

    @api.constrains('partner_id', 'contact_id')
    def _check_contact_id(self):
        for agreement in self.filtered('contact_id'):
            if agreement.contact_id.commercial_partner_id != agreement.commercial_partner_id:
                raise ValidationError(self.env._(
                    "%(contact)s does not work for %(client)s. Choose a contact of the client.",
                    contact=agreement.contact_id.name, client=agreement.partner_id.name,
                ))

    @api.constrains('resource_calendar_id')
    def _check_resource_calendar_id(self):
        self.resource_calendar_id._check_sla_calendar()

    @api.constrains('date_end', 'terminated_on')
    def _check_terminated_on(self):
        for agreement in self:
            if agreement.terminated_on and agreement.date_end and (
                agreement.terminated_on > agreement.date_end
            ):
                raise ValidationError(self.env._(
                    "%(agreement)s ends on %(date)s anyway. Choose an earlier day.",
                    agreement=agreement.display_name,
                    date=format_date(self.env, agreement.date_end),
                ))

    @api.constrains(
        'step', 'company_id', 'partner_id', 'team_ids', 'date_start', 'date_end', 'terminated_on',
    )
    def _check_overlap(self):
        """ Refuse two signed agreements of one client that promise the same team's tickets. """
        signed = self.filtered(lambda agreement: agreement.step == 'signed')
        # sudo: helpdesk.sla.agreement - of all companies of the user, whoever signs
        others = self.sudo().with_context(active_test=False).search([
            ('step', '=', 'signed'),
            ('commercial_partner_id', 'in', signed.commercial_partner_id.ids),
            ('company_id', 'in', signed.company_id.ids),
        ])
        for agreement in signed:
            for other in others - agreement:
                if agreement._overlaps(other):
                    raise ValidationError(self.env._(
                        "%(other)s is already signed and valid in the same time, %(period)s, for "
                        "the same teams. End it first, or choose other dates or teams.",
                        other=other.display_name, period=other._format_period(),
                    ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Draw the references, and complete the matrix with the rows that were left out. """
        vals_list = [dict(vals) for vals in vals_list]
        new = self.env._("New")
        for vals in vals_list:
            if vals.get('name', new) == new:
                # sudo: ir.sequence - the reference is drawn by whoever may draw up agreements
                vals['name'] = self.env['ir.sequence'].sudo().with_company(
                    vals.get('company_id') or self.env.company,
                ).next_by_code('helpdesk.sla.agreement') or new
        agreements = super().create(vals_list)
        self.env['helpdesk.sla.agreement.line'].create([
            {'agreement_id': agreement.id, 'priority': priority}
            for agreement in agreements
            for priority in PRIORITIES
            if priority not in agreement.line_ids.mapped('priority')
        ])
        if any(agreement.step == 'signed' for agreement in agreements):
            agreements._agreement_changed()
        return agreements

    def write(self, vals):
        if vals.keys() & self._get_locked_fields():
            self._check_editable()
        if 'step' in vals and vals['step'] != 'signed':
            self._check_unsigned()
        if vals.get('active') is False:
            self._check_idle()
        result = super().write(vals)
        if vals.get('step') == 'signed' or 'terminated_on' in vals:
            self._agreement_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self._check_unsigned()

    # === ACTION METHODS === #

    def action_propose(self):
        """ Fill the matrix with the times that fit the client's size and need (S6).

        :raise UserError: if no row of the sizing table fits
        """
        self._check_editable()
        for agreement in self:
            sizing = self.env['helpdesk.sla.sizing']._find(agreement)
            if not sizing:
                raise UserError(self.env._(
                    "No proposal fits this client. Add a row to Configuration > Agreement Sizing, "
                    "or fill in the times by hand.",
                ))
            proposed = sizing.line_ids.grouped('priority')
            for line in agreement.line_ids:
                row = proposed.get(line.priority, sizing.line_ids.browse())
                line.write({name: row[name] for name in TIME_FIELDS})
            agreement.message_post(body=self.env._(
                "Times proposed by the sizing \"%s\".", sizing.name,
            ))

    def action_send(self):
        """ Write the e-mail with the agreement and the link at which it is signed. """
        self.ensure_one()
        self._check_unsigned()
        self._check_complete()
        self._portal_ensure_token()
        return {
            'name': self.env._("Send the Agreement"),
            'type': 'ir.actions.act_window',
            'res_model': 'mail.compose.message',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {
                'default_model': self._name,
                'default_res_ids': self.ids,
                'default_composition_mode': 'comment',
                'default_template_id': self.env.ref(
                    'helpdesk_sla.mail_template_agreement_send',
                ).id,
                'default_email_layout_xmlid': 'helpdesk_sla.mail_layout_customer',
                'force_email': True,
                'hide_mail_template_management_options': True,
                'helpdesk_mark_agreement_sent': True,
            },
        }

    def action_mark_sent(self):
        """ Note that the agreement has gone out by another way: it waits for the signature. """
        self._check_unsigned()
        self._check_complete()
        self.step = 'sent'

    def action_draft(self):
        """ Take an agreement back that is not signed, to change it. """
        self._check_unsigned()
        self.step = 'draft'

    def action_sign_scan(self):
        """ Ask for the signed copy that was received. """
        self.ensure_one()
        return self._get_wizard_action('helpdesk_sla_agreement_scan_wizard_action')

    def action_terminate(self):
        """ Ask when the agreement ends, and why. """
        self.ensure_one()
        return self._get_wizard_action('helpdesk_sla_agreement_end_wizard_action')

    def action_new_version(self):
        """ Draw up the agreement that takes the place of this one. """
        self.ensure_one()
        version = self.copy(self._prepare_version_values())
        return {
            'type': 'ir.actions.act_window',
            'res_model': self._name,
            'res_id': version.id,
            'views': [(False, 'form')],
        }

    def action_preview(self):
        """ Show the agreement as the client sees it. """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_url', 'target': 'self', 'url': self.get_portal_url(),
        }

    def action_view_policies(self):
        """ Show the policies by which the engine keeps this agreement. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('helpdesk_sla.helpdesk_sla_action')
        action['domain'] = [('agreement_id', '=', self.id)]
        action['context'] = {'create': False}
        return action

    def action_view_tickets(self):
        """ Show the tickets that were created under this agreement. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['display_name'] = self.env._("Tickets under %(agreement)s", agreement=self.name)
        action['domain'] = [('agreement_id', '=', self.id)]
        action['context'] = {'default_partner_id': self.partner_id.id}
        return action

    def _get_wizard_action(self, name):
        return {
            **self.env['ir.actions.act_window']._for_xml_id(f'helpdesk_sla.{name}'),
            'context': {'default_agreement_id': self.id},
        }

    # === LIFE === #

    @api.model
    def _get_locked_fields(self):
        """ Return the names of the fields that nobody changes once the agreement has gone out.

        :rtype: set[str]
        """
        return {
            'company_id', 'partner_id', 'date_start', 'date_end', 'team_ids',
            'resource_calendar_id', 'channel_ids', 'pause_third_party', 'service_ids', 'terms',
            'user_count', 'functional_scale', 'process_criticality', 'has_internal_it',
            'line_ids', 'liability_ids', 'monthly_fee', 'currency_id',
        }

    def _check_editable(self):
        """ Refuse to change what the client has in hands.

        :raise UserError: if one of the agreements is no draft any more
        """
        for agreement in self:
            if agreement.step == 'signed':
                raise UserError(self.env._(
                    "%(agreement)s is signed: what it promises can no longer be changed. Draw up "
                    "a new version instead.",
                    agreement=agreement.display_name,
                ))
            if agreement.step == 'sent':
                raise UserError(self.env._(
                    "%(agreement)s waits for the client's signature. Set it back to draft before "
                    "you change it.",
                    agreement=agreement.display_name,
                ))

    def _check_unsigned(self):
        for agreement in self:
            if agreement.step == 'signed':
                raise UserError(self.env._(
                    "%(agreement)s is signed. Terminate it or draw up a new version instead.",
                    agreement=agreement.display_name,
                ))

    def _check_idle(self):
        for agreement in self:
            if agreement.state in ('signed', 'running'):
                raise UserError(self.env._(
                    "%(agreement)s is valid and cannot be archived. Terminate it first.",
                    agreement=agreement.display_name,
                ))

    def _check_complete(self):
        """ Refuse to send an agreement that promises nothing.

        :raise UserError: if one of them has no time at all
        """
        for agreement in self:
            if not any(line[name] for line in agreement.line_ids for name in TIME_FIELDS):
                raise UserError(self.env._(
                    "The agreement promises nothing yet. Fill in the times, or let them be "
                    "proposed.",
                ))

    def _has_to_be_signed(self):
        """ Return whether the client can sign the agreement now. """
        self.ensure_one()
        return self.step == 'sent' and self.active and not self._is_past()

    def _is_past(self):
        """ Return whether the last day is over, in the client's zone. """
        self.ensure_one()
        today = fields.Date.context_today(self.with_context(tz=self.tz))
        return bool(self.date_valid_to and self.date_valid_to < today)

    def _sign(self, signed_by, signed_on=None, **values):
        """ Register the client's signature: from now on the agreement holds.

        :param str signed_by: the name of the signatory
        :param date signed_on: empty means today, in the client's zone
        :param values: the signature or the scan
        :raise UserError: if there is nothing to sign, or something is missing
        """
        self.ensure_one()
        if self.step == 'signed':
            raise UserError(self.env._("This agreement is signed already."))
        if self._is_past():
            raise UserError(self.env._(
                "The time for which the agreement was offered is over. Change its dates first.",
            ))
        if not (signed_by or '').strip():
            raise UserError(self.env._("Who signs? Please fill in the name."))
        self._check_complete()
        # before the overlap is looked at: the version before makes room
        self._end_previous()
        self.write({
            'step': 'signed',
            'signed_by': signed_by.strip(),
            'signed_on': signed_on or fields.Date.context_today(self.with_context(tz=self.tz)),
            **values,
        })
        self._plan_renewal()

    def _sign_online(self, signed_by, signature, author):
        """ Register a signature that was drawn in the portal; the thread keeps the signed PDF.

        :param str signed_by: the name of the signatory
        :param str signature: the image, base64
        :param author: the res.partner who signed, as far as it is known
        :raise UserError: see `_sign`
        """
        self.ensure_one()
        if not self._has_to_be_signed():
            raise UserError(self.env._("This agreement does not wait for a signature."))
        if not signature:
            raise UserError(self.env._("Your signature is missing."))
        self._sign(signed_by, signature=signature)
        # the PDF is rendered from what is stored
        self.env.flush_all()
        pdf, _type = self.env['ir.actions.report']._render_qweb_pdf(
            'helpdesk_sla.action_report_agreement', self.ids,
        )
        self.message_post(
            body=self.env._("Agreement signed by %s", self.signed_by),
            attachments=[(f'{self._get_report_base_filename()}.pdf', pdf)],
            author_id=author.id,
            message_type='comment',
            subtype_xmlid='mail.mt_comment',
        )

    def _sign_scan(self, signed_by, signed_on, scan, scan_name):
        """ Register a signature on paper; the thread keeps the copy.

        :param str signed_by: the name of the signatory
        :param date signed_on: as written beside the signature
        :param bytes scan: the copy, base64
        :param str scan_name: its file name
        :raise UserError: see `_sign`
        """
        self.ensure_one()
        if not scan:
            raise UserError(self.env._("Upload the signed copy first."))
        name = scan_name or f'{self._get_report_base_filename()}.pdf'
        self._sign(signed_by, signed_on, scan=scan, scan_name=name)
        self.message_post(
            body=self.env._("Signed copy received, signed by %s", self.signed_by),
            attachments=[(name, base64.b64decode(scan))],
        )

    def _end_previous(self):
        """ End the agreement that this one replaces on the day before this one begins. """
        previous = self.previous_id
        last_day = self.date_start - timedelta(days=1)
        if (
            previous.step == 'signed'
            and previous.date_start <= last_day
            and (not previous.date_valid_to or previous.date_valid_to > last_day)
        ):
            previous._terminate(
                last_day, self.env._("Replaced by %(agreement)s", agreement=self.name),
            )

    def _terminate(self, last_day, reason):
        """ End signed agreements early.

        Tickets that were created until then keep what was promised to them.

        :param date last_day: the last day on which they are valid
        :param str reason: why, for those who read it later
        """
        for agreement in self:
            if agreement.step != 'signed':
                raise UserError(self.env._(
                    "%(agreement)s is not signed: there is nothing to end. Archive or delete it.",
                    agreement=agreement.display_name,
                ))
        self.write({'terminated_on': last_day, 'termination_reason': reason})
        self.activity_unlink(['helpdesk_sla.mail_activity_type_agreement_renewal'])
        for agreement in self:
            agreement.message_post(body=self.env._(
                "Ends on %(date)s: %(reason)s",
                date=format_date(self.env, last_day), reason=reason,
            ))

    def _begin_on(self, first_day):
        """ Have signed agreements begin earlier than was written, for what they wait for is there.

        Written past `_check_editable`: it is the one thing about a signed agreement that an event
        outside of it decides, and only this method writes it.

        :param date first_day: the first day on which they are valid
        """
        later = self.filtered(
            lambda agreement: agreement.step == 'signed' and agreement.date_start > first_day,
        )
        # pylint: disable-next=super-method-mismatch
        super(HelpdeskSlaAgreement, later).write({'date_start': first_day})
        later._agreement_changed()
        for agreement in later:
            agreement.message_post(body=self.env._(
                "Begins on %(date)s already", date=format_date(self.env, first_day),
            ))

    def _plan_renewal(self):
        """ Have the responsible decide in time whether the agreements go on. """
        for agreement in self.filtered(lambda agreement: agreement.user_id and agreement.date_end):
            agreement.activity_schedule(
                'helpdesk_sla.mail_activity_type_agreement_renewal',
                agreement.date_end - RENEWAL_NOTICE,
                summary=self.env._(
                    "Ends on %s: renew it or let it end",
                    format_date(self.env, agreement.date_end),
                ),
                user_id=agreement.user_id.id,
            )

    def _prepare_version_values(self):
        """ Return what is different in the version that takes the place of this agreement. """
        self.ensure_one()
        today = fields.Date.context_today(self)
        date_start = max(today, self.date_start + timedelta(days=1))
        if self.date_valid_to and self.step == 'signed':
            date_start = max(date_start, self.date_valid_to + timedelta(days=1))
        length = self.date_end and self.date_end - self.date_start
        return {
            'date_start': date_start,
            'date_end': date_start + length if length else False,
            'previous_id': self.id if self.step == 'signed' else self.previous_id.id,
            'user_id': self.user_id.id,
        }

    def _overlaps(self, other):
        """ Return whether two signed agreements promise tickets of the same team and day. """
        return (
            self.company_id == other.company_id
            and self.commercial_partner_id == other.commercial_partner_id
            and (not self.team_ids or not other.team_ids or bool(self.team_ids & other.team_ids))
            and (not self.date_valid_to or other.date_start <= self.date_valid_to)
            and (not other.date_valid_to or self.date_start <= other.date_valid_to)
        )

    # === ENGINE === #

    @api.model
    def _find(self, company, client, team, moment):
        """ Return the agreement under which a ticket falls, if any.

        :param company: the ticket's res.company
        :param client: its commercial entity
        :param team: its helpdesk.team
        :param datetime moment: when it was created, naive UTC
        :rtype: helpdesk.sla.agreement
        """
        if not company or not client or not moment:
            return self.browse()
        periods = self._get_cached_periods(company.id).get(client._origin.id, ())
        return self.browse(next(
            (period.agreement_id for period in periods if period.holds(team._origin.id, moment)),
            False,
        ))

    @tools.ormcache('company_id')
    def _get_cached_periods(self, company_id):
        """ Return when which agreements of a company are valid.

        Cached: tickets come in more often than agreements are signed, so looking up an agreement
        costs no query. Agreements that have ended are still those of the tickets of their time.

        :return: by id of the client, the latest first
        :rtype: dict[int, list[Period]]
        """
        # sudo: helpdesk.sla.agreement - what is promised does not depend on who asks
        periods = defaultdict(list)
        for agreement in self.sudo().with_context(active_test=False).search([
            ('company_id', '=', company_id), ('step', '=', 'signed'),
        ]):
            periods[agreement.commercial_partner_id.id].append(Period(
                agreement_id=agreement.id,
                team_ids=frozenset(agreement.team_ids.ids),
                date_from=agreement.date_start,
                date_to=agreement.date_valid_to,
                tz=agreement.tz or 'UTC',
            ))
        return dict(periods)

    def _agreement_changed(self):
        """ Keep the policies in step, and have the clients' open tickets looked at again. """
        clear_cache(self.env)
        self.filtered(lambda agreement: agreement.step == 'signed')._sync_policies()
        # sudo: helpdesk.ticket - an agreement concerns tickets whether or not its author sees them
        self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(
            Domain('commercial_partner_id', 'in', self.commercial_partner_id.ids)
            & Domain('company_id', 'in', self.company_id.ids)
            & Domain('is_closed', '=', False),
        )

    def _sync_policies(self):
        """ Keep one policy for each time of the matrix, and archive what is not promised. """
        # sudo: helpdesk.sla - managed by the agreement, nobody else writes these
        policies = self.env['helpdesk.sla'].sudo().with_context(active_test=False)
        kept = policies.search([('agreement_id', 'in', self.ids)])
        known = {
            (policy.agreement_id.id, policy._get_agreement_key()): policy for policy in kept
        }
        to_create = []
        for agreement in self:
            for line in agreement.line_ids:
                for key, values in line._prepare_policy_values().items():
                    policy = known.pop((agreement.id, key), None)
                    if not policy:
                        # whether the client is told is a matter of the agreement from then on
                        levels = policies._default_escalation_ids(notify_client=True)
                        to_create.append({**values, 'escalation_ids': levels})
                    elif not policy.active or float_compare(
                        policy.time, values['time'], precision_digits=4,
                    ):
                        policy.write({**values, 'active': True})
        policies.create(to_create)
        policies.union(*known.values()).active = False

    def _prepare_policy_values(self):
        """ Return what all policies of the agreement have in common. """
        self.ensure_one()
        return {
            'agreement_id': self.id,
            'company_id': self.company_id.id,
            'channel_ids': [Command.set(self.channel_ids.ids)],
            'pause_third_party': self.pause_third_party,
        }

    def _get_credit_percentage(self, compliance):
        """ Return what share of the monthly fee is credited to the client (S5).

        :param float compliance: share of the month's promises that were kept, in percent
        :return: percent of the monthly fee, 0 when nothing is due
        :rtype: float
        """
        self.ensure_one()
        return max(
            (
                rule.credit for rule in self.liability_ids
                if float_compare(compliance, rule.compliance, precision_digits=4) < 0
            ),
            default=0.0,
        )

    # === MAIL === #

    def message_post(self, **kwargs):
        """ Note that an agreement was sent when the e-mail with it goes out. """
        if self.env.context.get('helpdesk_mark_agreement_sent'):
            self.filtered(lambda agreement: agreement.step == 'draft').step = 'sent'
        return super().message_post(**kwargs)

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ['partner_id']

    def _mail_get_partners(self, introspect_fields=False):
        """ Take the signatory for the customer, who gets the link without a login. """
        return {agreement.id: agreement._get_recipient() for agreement in self}

    # === PRESENTATION === #

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.name

    def _get_recipient(self):
        """ Return the contact to whom the agreement is sent. """
        return self.contact_id or self.partner_id

    def _get_mail_link(self):
        """ Return the link at which the agreement is read and signed without login. """
        self.ensure_one()
        return f'{self.get_base_url()}{self.get_portal_url()}'

    def _format_period(self):
        """ Return the validity as people read it. """
        self.ensure_one()
        date_from = format_date(self.env, self.date_start, date_format='long')
        if not self.date_valid_to:
            return self.env._("from %s, without an end", date_from)
        return self.env._(
            "from %(date_from)s to %(date_to)s",
            date_from=date_from,
            date_to=format_date(self.env, self.date_valid_to, date_format='long'),
        )

    def _get_working_hours(self):
        """ Return the working hours as people read them: days with the same hours in one line.

        :return: pairs of days and hours, empty for working hours that alternate by week
        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        # sudo: resource.calendar - the hours are part of what the client is promised
        calendar = self.resource_calendar_id.sudo()
        if calendar.two_weeks_calendar:
            return []
        hours_by_day = defaultdict(list)
        for attendance in calendar.attendance_ids.filtered(lambda row: row._is_work_period()):
            hours_by_day[int(attendance.dayofweek)].append(
                (attendance.hour_from, attendance.hour_to),
            )
        names = dict(
            calendar.attendance_ids._fields['dayofweek']._description_selection(self.env),
        )
        runs = []  # days that follow each other with the same hours
        for day in sorted(hours_by_day):
            hours = _join_hours(hours_by_day[day])
            if runs and runs[-1][1] == hours and runs[-1][0][-1] == day - 1:
                runs[-1][0].append(day)
            else:
                runs.append(([day], hours))
        lines = []
        for days, hours in runs:
            days = [names[str(day)] for day in days]
            lines.append((
                days[0] if len(days) == 1 else self.env._(
                    "%(first)s to %(last)s", first=days[0], last=days[-1],
                ),
                ', '.join(
                    f'{_format_hour(hour_from)} – {_format_hour(hour_to)}'
                    for hour_from, hour_to in hours
                ),
            ))
        return lines


def _join_hours(hours):
    """ Return the hours of a day with those joined that follow each other at once. """
    joined = []
    for hour_from, hour_to in sorted(hours):
        if joined and joined[-1][1] >= hour_from:
            joined[-1] = (joined[-1][0], max(joined[-1][1], hour_to))
        else:
            joined.append((hour_from, hour_to))
    return tuple(joined)


def _format_hour(hour):
    minutes = round(hour * 60)
    return f'{minutes // 60:02d}:{minutes % 60:02d}'
